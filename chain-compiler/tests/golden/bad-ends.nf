// input and output where they mean nothing, and ports of compounds that nothing leads to or from.
network lan;
vm fw {
  input -> Counter -> output;
  input[1] -> Counter;
}
vm groups {
  FromDevice(lan) -> ( input[1] -> output ) -> Discard;
  FromDevice(lan) -> ( output -> Counter -> input ) -> Discard;
  FromDevice(lan) -> ( [0] -> Counter; -> Counter -> [0]; [2] -> Discard ) -> Discard;
  FromDevice(lan) -> ( -> [0], [1] -> Counter ) -> Discard;
}
vm compounds {
  elementclass Pair { input -> Counter -> output; input[1] -> Paint(1) -> [1]output }
  FromDevice(lan) -> pair :: Pair -> Discard;
  FromDevice(lan) -> [2]pair;
  pair[3] -> Discard;
}
chain lan <-> fw;
chain lan <-> groups;
chain lan <-> compounds;
