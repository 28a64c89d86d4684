// Strips a byte at a time until the frame starts with ff, or is used up.
network lan, wan;
vm cycle {
  FromDevice(lan) -> strip :: Strip(1) -> found :: Classifier(0/ff, -);
  found[0] -> ToDevice(wan);
  found[1] -> strip;
}
chain lan <-> cycle <-> wan;
