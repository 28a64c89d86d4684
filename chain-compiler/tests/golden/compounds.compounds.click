FromDevice@1 :: FromDevice(lan);
Foo@2/Paint@1 :: Paint(2);
f/Paint@1 :: Paint(1);
Foo@4/Paint@1 :: Paint(4);
Foo@5/Paint@1 :: Paint(2);
Marker@6/Paint@1 :: Paint(2);
Marker@7/Paint@1 :: Paint(COLOR 1);
@8/mark/inner :: Paint(7);
@8/mark/Paint@2 :: Paint(8);
@8/outer/Marker@1/inner :: Paint(7);
@8/outer/Marker@1/Paint@2 :: Paint(9);
sort :: Classifier(0/01, 0/02, -);
Print@13 :: Print("say \"1\"");
Print@14 :: Print('$PREFIX');
ToDevice@15 :: ToDevice(wan);
FromDevice@16 :: FromDevice(wan);
t :: Tee;
two :: Counter;
Pass@22 :: Counter;
Strip@23 :: Strip(1);
joined :: Counter;
one :: Counter;
ToDevice@28 :: ToDevice(lan);

FromDevice@1 -> Foo@2/Paint@1
    -> f/Paint@1
    -> Foo@4/Paint@1
    -> Foo@5/Paint@1
    -> Marker@6/Paint@1
    -> Marker@7/Paint@1
    -> @8/mark/inner
    -> @8/mark/Paint@2
    -> @8/outer/Marker@1/inner
    -> @8/outer/Marker@1/Paint@2
    -> sort
    -> Print@13
    -> ToDevice@15;
sort [1] -> Print@14
    -> ToDevice@15;
sort [2] -> ToDevice@15;
FromDevice@16 -> t
    -> one
    -> joined
    -> ToDevice@28;
t [1] -> two
    -> joined;
t [2] -> Pass@22
    -> joined;
t [3] -> Strip@23
    -> joined;
