FromDevice@1 :: FromDevice(lan);
ToDevice@2 :: ToDevice(far);
FromDevice@3 :: FromDevice(far);
ToDevice@4 :: ToDevice(lan);

FromDevice@1 -> ToDevice@2;
FromDevice@3 -> ToDevice@4;
