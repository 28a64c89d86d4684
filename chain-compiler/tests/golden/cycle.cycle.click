FromDevice@1 :: FromDevice(lan);
strip :: Strip(1);
found :: Classifier(0/ff, -);
ToDevice@4 :: ToDevice(wan);

FromDevice@1 -> strip
    -> found
    -> ToDevice@4;
found [1] -> strip;
