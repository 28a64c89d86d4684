// A Click file as it is: no VM, no chain; ports are the devices that it names.
define($DEV eth0);
require(package "fastclassifier");
elementclass Reader { $dev | FromDevice($dev, SNIFFER false, PROMISC true, BURST 8) -> output }
Reader($DEV) -> count :: Counter -> q :: Queue(64) -> ToDevice(br-lan, BURST 4);
FromDPDKDevice(0, QUEUE 1) -> Print(dpdk) -> ToDPDKDevice(PORT 1);
PollDevice(DEVNAME "br-lan") -> Strip(14) -> Unstrip(14) -> ToNetmapDevice(netmap:eth0)
# 40 "elsewhere.click"
count2 :: Counter; Idle -> count2 -> Discard
