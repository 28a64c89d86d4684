// Push into a queue, pull out of it; what the pull path does not want is pushed aside.
network lan, wan, side;
vm queue {
  FromDevice(lan) -> Paint(3) -> queue :: Queue(4) -> pulled :: Counter -> check :: CheckPaint(3) -> ToDevice(wan);
  check[1] -> Strip(1) -> ToDevice(side);
  FromDevice(side) -> queue;
}
chain lan <-> queue <-> wan;
chain queue <-> side;
