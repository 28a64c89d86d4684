// A path that forks, with two branches that meet again in one input, and one that goes through a run of its own.
network lan, wan;
vm fork {
  FromDevice(lan) -> kind :: Classifier(0/01, 0/02, 0/03, -);
  kind[0] -> out :: ToDevice(wan);
  kind[1] -> two :: Counter -> Strip(1) -> out;
  kind[2] -> out;
  kind[3] -> rest :: Discard;
}
chain lan <-> fork <-> wan;
