// A learning bridge between two networks.
//
//   sluice run examples/bridge.nf --tap left=tap0 --tap right=tap1

network left;
network right;

vm bridge {
  switch :: EtherSwitch;
  FromDevice(left)  -> [0] switch [0] -> ToDevice(left);
  FromDevice(right) -> [1] switch [1] -> ToDevice(right);
}

chain left <-> bridge <-> right;
