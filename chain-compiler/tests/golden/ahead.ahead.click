nat :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop, MAPPING_CAPACITY 20000);
FromDevice@2 :: FromDevice(lan);
Strip@3 :: Strip(14);
MarkIPHeader@4 :: MarkIPHeader;
Unstrip@5 :: Unstrip(14);
ToDevice@6 :: ToDevice(wan);
FromDevice@7 :: FromDevice(wan);
Queue@8 :: Queue(64);
Strip@9 :: Strip(14);
MarkIPHeader@10 :: MarkIPHeader;
Unqueue@11 :: Unqueue(8);
Unstrip@12 :: Unstrip(14);
ToDevice@13 :: ToDevice(lan);

nat [1] -> Unstrip@12
    -> ToDevice@13;
FromDevice@2 -> Strip@3
    -> MarkIPHeader@4
    -> nat
    -> Unstrip@5
    -> ToDevice@6;
FromDevice@7 -> Queue@8
    -> Strip@9
    -> MarkIPHeader@10
    -> Unqueue@11
    -> [1] nat;
