network lan
network wan;
FromDevice(lan) -> ToDevice(wan);
vn typo { a -> b; }
vm fw {
  a :: Counter -> -> b;
  FromDevice(lan) -> Strip(14) ToDevice(wan);
  c :: ;
  FromDevice(lan) -> [x] Counter -> [1 Counter;
  [0] Counter -> Counter [1];
  d, e -> Counter;
  f :: Counter
  g :: Counter;
  Strip(abc) -> Counter[5000] -> Counter;
  FromDevice(lan) ! ToDevice(wan);
}
}
chain lan <-> fw -> wan;
vm 12 { }
vm x(memory 16, cores 2, memory 0M) { }
