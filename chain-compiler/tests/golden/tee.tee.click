FromDevice@1 :: FromDevice(lan);
tee :: Tee(3);
ToDevice@3 :: ToDevice(wan);
both :: Counter;
ToDevice@5 :: ToDevice(copies);

FromDevice@1 -> tee
    -> ToDevice@3;
tee [1] -> both
    -> ToDevice@5;
tee [2] -> both;
