chain/hop :: ChainHop(SERVICE fw 0, SERVICE wan 1, CHAIN web 1 fw wan);
chain/from_fw :: FromDevice(fw);
chain/to_fw :: ToDevice(fw);
chain/from_wan :: FromDevice(wan);
chain/to_wan :: ToDevice(wan);
up :: Counter;
down :: Counter;

chain/hop [1] -> chain/to_wan;
chain/hop [2] -> up
    -> [2] chain/hop;
chain/hop [3] -> down
    -> [3] chain/hop;
chain/from_fw -> chain/hop
    -> chain/to_fw;
chain/from_wan -> [1] chain/hop;
