network lan, wan;
vm fw {
  FromDevice(lan) -> q :: Queue -> Counter -> r :: Queue -> ToDevice(wan);
  FromDevice(wan) -> c :: Counter -> both :: Counter -> ToDevice(lan);
  q2 :: Queue -> both;
  FromDevice(wan) -> q2;
}
chain lan <-> fw <-> wan;
