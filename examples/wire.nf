// Two ports joined: the least that a middlebox can do, and what forwarding costs before any function.

network left;
network right;

vm wire {
  FromDevice(left)  -> ToDevice(right);
  FromDevice(right) -> ToDevice(left);
}

chain left <-> wire <-> right;
