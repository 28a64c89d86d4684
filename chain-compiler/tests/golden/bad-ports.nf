network lan, wan;
vm fw {
  FromDevice(lan) -> Strip(14);
  Counter -> ToDevice(wan);
  FromDevice(lan) -> tee :: Tee(3);
  tee[0] -> Discard;
  tee[2] -> Discard;
  FromDevice(wan)[1] -> [1]Discard;
  FromDevice(wan) -> c :: Counter;
  c -> Discard;
  c -> Discard;
  ToDevice(lan) -> Discard;
  q :: Queue; p :: Queue;
  FromDevice(wan) -> q -> both :: Discard;
  FromDevice(wan) -> p -> both;
}
chain lan <-> fw <-> wan;
