chain/hop :: ChainHop(SERVICE mirror 0, SERVICE wan 1, CHAIN clean 2 mirror wan);
chain/from_mirror :: FromDevice(mirror);
chain/to_mirror :: ToDevice(mirror);
chain/from_wan :: FromDevice(wan);
chain/to_wan :: ToDevice(wan);

chain/hop [1] -> chain/to_wan;
chain/hop [2] -> [2] chain/hop;
chain/from_mirror -> chain/hop
    -> chain/to_mirror;
chain/from_wan -> [1] chain/hop;
