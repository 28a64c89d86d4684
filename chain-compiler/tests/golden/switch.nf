// An element with several inputs.
network left, right, third;
vm switch {
  switch :: EtherSwitch;
  FromDevice(left) -> [0] switch [0] -> ToDevice(left);
  FromDevice(right) -> [1]switch[1] -> ToDevice(right);
  FromDevice(third)->[2]switch[2]->ToDevice(third);
}
chain left <-> switch <-> right;
chain switch <-> third;
