/* Names that Rust keeps for itself, that clash, and that come before their declaration. */
network lan;
vm names(memory 16M) {
  FromDevice(lan) -> type -> a/b -> a_b -> Counter -> toLAN;
  type, a/b :: Counter;
  a_b :: Counter;
  toLAN :: ToDevice(lan)
}
chain lan <-> names;
