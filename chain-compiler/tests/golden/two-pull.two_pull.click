FromDevice@1 :: FromDevice(lan);
queue :: Queue(100);
l :: Counter;
ToDevice@4 :: ToDevice(left);
ToDevice@5 :: ToDevice(right);

FromDevice@1 -> queue
    -> l
    -> ToDevice@4;
queue -> ToDevice@5;
