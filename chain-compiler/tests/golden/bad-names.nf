network lan;
network lan;
network fw;
vm fw {
  count :: Counter;
  FromDevice(lan) -> count -> Conuter -> cuont -> ToDevise(lan) -> nothing_like_it;
  count :: Strip(14);
  Discard :: Discard;
  7 :: Counter;
  a, a :: Counter;
  Foo(1) -> bar -> Strip;
  FromDevice(lan) -> ACKRetrySender -> CounterGrid -> WebGen -> Discard;
}
vm fw { }
chain lan <-> fw <-> fm;
