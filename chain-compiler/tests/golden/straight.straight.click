FromDevice@1 :: FromDevice(lan);
arrived :: Counter;
strip :: Strip(2);
ToDevice@4 :: ToDevice(wan);

FromDevice@1 -> arrived
    -> strip
    -> ToDevice@4;
