// A rewriter of many flows, which looks ahead: the run before it ends there, and so does what an Unqueue pulls.
network lan, wan;
vm ahead {
  nat :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop, MAPPING_CAPACITY 20000);
  FromDevice(lan) -> Strip(14) -> MarkIPHeader -> [0]nat[0] -> Unstrip(14) -> ToDevice(wan);
  FromDevice(wan) -> Queue(64) -> Strip(14) -> MarkIPHeader -> Unqueue(8) -> [1]nat[1] -> Unstrip(14) -> ToDevice(lan);
}
chain lan <-> ahead <-> wan;
