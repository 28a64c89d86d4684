FromDevice@1 :: FromDevice(eth0, BPF_FILTER tcp);
ARPResponder@2 :: ARPResponder(10.0.0.0/8 2:0:0:0:0:1, 10.0.0.1 10.0.0.9/8 2:0:0:0:0:2);
SetAnnoByte@3 :: SetAnnoByte(PAINT, 1);
ToHost@4 :: ToHost;

FromDevice@1 -> ARPResponder@2
    -> SetAnnoByte@3
    -> ToHost@4;
