// What compiles, and is not what one may think.
FromDevice(eth0, BPF_FILTER tcp) -> ARPResponder(10.0.0.0/8 2:0:0:0:0:1, 10.0.0.1 10.0.0.9/8 2:0:0:0:0:2)
  -> SetAnnoByte(PAINT, 1) -> ToHost;
