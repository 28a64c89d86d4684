// One path, one loop.
network lan;
network wan;
vm straight {
  FromDevice(lan) -> arrived :: Counter -> strip :: Strip(2) -> ToDevice(wan);
}
chain lan <-> straight <-> wan;
