// Two sinks pull from one queue.
network lan, left, right;
vm two_pull {
  FromDevice(lan) -> queue :: Queue(100);
  queue -> l :: Counter -> ToDevice(left);
  queue -> ToDevice(right);
}
chain lan <-> two_pull <-> left;
chain two_pull <-> right;
