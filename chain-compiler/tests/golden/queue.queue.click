FromDevice@1 :: FromDevice(lan);
Paint@2 :: Paint(3);
queue :: Queue(4);
pulled :: Counter;
check :: CheckPaint(3);
ToDevice@6 :: ToDevice(wan);
Strip@7 :: Strip(1);
ToDevice@8 :: ToDevice(side);
FromDevice@9 :: FromDevice(side);

FromDevice@1 -> Paint@2
    -> queue
    -> pulled
    -> check
    -> ToDevice@6;
check [1] -> Strip@7
    -> ToDevice@8;
FromDevice@9 -> queue;
