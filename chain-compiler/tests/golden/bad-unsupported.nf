network lan;
vm fw {
  elementclass Pair { input -> Counter -> Counter -> output }
  define($n 14);
  require(package "x");
  FromDevice(lan) -> Tee => Counter, Counter;
  FromDevice(lan) -> { input -> Counter -> output } -> ToDevice(lan);
  input -> Counter -> output;
  input[1] -> Counter;
}
chain lan <-> fw;
