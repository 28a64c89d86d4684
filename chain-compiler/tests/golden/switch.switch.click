switch :: EtherSwitch;
FromDevice@2 :: FromDevice(left);
ToDevice@3 :: ToDevice(left);
FromDevice@4 :: FromDevice(right);
ToDevice@5 :: ToDevice(right);
FromDevice@6 :: FromDevice(third);
ToDevice@7 :: ToDevice(third);

switch [1] -> ToDevice@5;
switch [2] -> ToDevice@7;
FromDevice@2 -> switch
    -> ToDevice@3;
FromDevice@4 -> [1] switch;
FromDevice@6 -> [2] switch;
