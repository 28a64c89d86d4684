// Two sources into one path.
network left, right, out;
vm fan_in {
  both :: Counter -> ToDevice(out);
  FromDevice(left) -> l :: Counter -> both;
  FromDevice(right) -> both;
}
chain left <-> fan_in <-> right;
chain fan_in <-> out;
