InfiniteSource@1 :: InfiniteSource(LIMIT 5, END_CALL w/c.count_call 5 stop);
w/c :: Counter(COUNT_CALL 3 s.switch -1);
w/t :: TimeFilter(END_AFTER 1s, END_CALL c.reset);
w/Idle@3 :: Idle;
w/s :: Switch(0);
w/Discard@5 :: Discard;
AggregateCounter@3 :: AggregateCounter(COUNT_CALL 7 stop);
Discard@4 :: Discard;

InfiniteSource@1 -> w/c
    -> w/t
    -> AggregateCounter@3
    -> Discard@4;
w/Idle@3 -> w/s
    -> w/Discard@5;
