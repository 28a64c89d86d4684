both :: Counter;
ToDevice@2 :: ToDevice(out);
FromDevice@3 :: FromDevice(left);
l :: Counter;
FromDevice@5 :: FromDevice(right);

FromDevice@3 -> l
    -> both
    -> ToDevice@2;
FromDevice@5 -> both;
