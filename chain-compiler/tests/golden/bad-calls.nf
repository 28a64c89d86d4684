elementclass Inner { input -> c :: Counter -> output }
InfiniteSource(END_CALL d.reset) -> i :: Inner -> Counter(COUNT_CALL 3  i/c.count 4) -> Discard;
Idle -> Counter(COUNT_CALL 3 c.reset, BYTE_COUNT_CALL stop) -> d2 :: Discard(END_CALL x.y);
TimedSource(END_CALL d2.reset_counts) -> Discard;
