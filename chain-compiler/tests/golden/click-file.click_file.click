Reader@1/FromDevice@1 :: FromDevice(eth0, SNIFFER false, PROMISC true, BURST 8);
count :: Counter;
q :: Queue(64);
ToDevice@4 :: ToDevice(br-lan, BURST 4);
FromDPDKDevice@5 :: FromDevice(dpdk0, QUEUE 1);
Print@6 :: Print(dpdk);
ToDPDKDevice@7 :: ToDevice(PORT dpdk1);
PollDevice@8 :: FromDevice(DEVNAME "br-lan");
Strip@9 :: Strip(14);
Unstrip@10 :: Unstrip(14);
ToNetmapDevice@11 :: ToDevice(eth0);
count2 :: Counter;
Idle@13 :: Idle;
Discard@14 :: Discard;

Reader@1/FromDevice@1 -> count
    -> q
    -> ToDevice@4;
FromDPDKDevice@5 -> Print@6
    -> ToDPDKDevice@7;
PollDevice@8 -> Strip@9
    -> Unstrip@10
    -> ToNetmapDevice@11;
Idle@13 -> count2
    -> Discard@14;
