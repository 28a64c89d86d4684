// What can be wrong with compounds and variables.
network lan;
vm fw {
  elementclass Two { $a, $b | input -> Strip($a) -> Counter -> Strip($b) -> output }
  FromDevice(lan) -> Two(1) -> Two(1, x) -> p :: Two(1, 2) -> { input -> Two(y, 1) -> output } -> Discard;
  elementclass Choice { input -> output || $x | input -> output; input[1] -> Discard }
  FromDevice(lan) -> Choice(1) -> Discard;
  elementclass New { input -> output || ... }
  elementclass Order { __REST__ $rest, $x, K $x, K $y | }
  elementclass Self { input -> Self -> output }
  elementclass Hidden { elementclass Inner { input -> output } input -> inside :: Counter -> output }
  FromDevice(lan) -> Inner -> inside -> Discard;
  define($x 1, $x 2, y 3);
  Nonsense(1) => Discard, Discard;
  s :: Tee; s [] => [] t :: Tee; s => [0, 1, 2] t; s [0, 1] => [0, 1, 2] t; s [0, 1] -> [0, 1] t;
  s [3-1] -> t; s(4) -> t;
  elementclass Deep { input -> q :: Queue -> Counter -> output }
  FromDevice(lan) -> Deep -> Counter -> Deep -> ToDevice(lan);
}
chain lan <-> fw;
