FromDevice@1 :: FromDevice(lan);
Counter@2 :: Counter;
type :: Counter;
a/b :: Counter;
a_b :: Counter;
toLAN :: ToDevice(lan);

FromDevice@1 -> type
    -> a/b
    -> a_b
    -> Counter@2
    -> toLAN;
