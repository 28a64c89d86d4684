network lan, wan;
vm fw {
  FromDevice(lan) -> q :: Queue -> Counter -> r :: Queue -> ToDevice(wan);
  FromDevice(wan) -> c :: Counter -> both :: Counter -> ToDevice(lan);
  q2 :: Queue -> both;
  FromDevice(wan) -> q2;
  idle :: Idle -> q3 :: Queue -> [1]idle[1] -> Unqueue -> Discard;
  idle[2] -> Unqueue -> Discard;
  q3 -> WebGen -> q2 -> WebGen;
}
chain lan <-> fw <-> wan;
