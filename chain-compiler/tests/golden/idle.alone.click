InfiniteSource@1 :: InfiniteSource;
counter :: Counter;
Discard@3 :: Discard;

InfiniteSource@1 -> counter
    -> Discard@3;
