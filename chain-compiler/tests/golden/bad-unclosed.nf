network lan;
vm one {
  a :: Counter(1, "x) -> Discard;
  b :: Strip((1) -> Discard;
  Strip(x) -> Discard;
vm two {
  Strip(y) -> Discard;
}
vm three { Strip(z) /* until the end
}
