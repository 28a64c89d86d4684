FromDevice@1 :: FromDevice(near);
ToDevice@2 :: ToDevice(wan);
FromDevice@3 :: FromDevice(wan);
ToDevice@4 :: ToDevice(near);

FromDevice@1 -> ToDevice@2;
FromDevice@3 -> ToDevice@4;
