// Elements that call handlers, each from its own scope outward.
elementclass Watched {
  input -> c :: Counter(COUNT_CALL 3 s.switch -1) -> t :: TimeFilter(END_AFTER 1s, END_CALL c.reset) -> output;
  Idle -> s :: Switch(0) -> Discard;
}
InfiniteSource(LIMIT 5, END_CALL w/c.count_call 5 stop) -> w :: Watched -> AggregateCounter(COUNT_CALL 7 stop) -> Discard;
