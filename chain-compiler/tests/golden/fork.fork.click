FromDevice@1 :: FromDevice(lan);
kind :: Classifier(0/01, 0/02, 0/03, -);
out :: ToDevice(wan);
two :: Counter;
Strip@5 :: Strip(1);
rest :: Discard;

FromDevice@1 -> kind
    -> out;
kind [1] -> two
    -> Strip@5
    -> out;
kind [2] -> out;
kind [3] -> rest;
