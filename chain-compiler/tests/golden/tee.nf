// Copies; two of the outputs meet, so one incoming packet makes two for one input.
network lan, wan, copies;
vm tee {
  FromDevice(lan) -> tee :: Tee(3);
  tee[0] -> ToDevice(wan);
  tee[1] -> both :: Counter -> ToDevice(copies);
  tee[2] -> both;
}
chain lan <-> tee <-> wan;
chain tee <-> copies;
