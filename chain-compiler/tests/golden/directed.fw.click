chain/hop :: ChainHop(SERVICE lan 0, SERVICE inspect STATEFUL 1 2 SPARE 3, SERVICE wan 4, CHAIN web 1 lan inspect, CHAIN bulk 2 lan wan);
chain/from_lan :: FromDevice(lan);
chain/to_lan :: ToDevice(lan);
chain/director_lan :: FlowDirector(web tcp port 80, DEFAULT bulk, CHAIN web 1, CHAIN bulk 2, FLOWS 1000);
chain/from_ids_0 :: FromDevice(ids_0);
chain/to_ids_0 :: ToDevice(ids_0);
chain/from_ids_1 :: FromDevice(ids_1);
chain/to_ids_1 :: ToDevice(ids_1);
chain/from_ids_2 :: FromDevice(ids_2);
chain/to_ids_2 :: ToDevice(ids_2);
chain/from_wan :: FromDevice(wan);
chain/to_wan :: ToDevice(wan);
CheckIPHeader@1 :: CheckIPHeader(14);
filter :: IPFilter(deny src net 10.66.0.0/16, allow all);

chain/hop [1] -> chain/to_ids_0;
chain/hop [2] -> chain/to_ids_1;
chain/hop [3] -> chain/to_ids_2;
chain/hop [4] -> chain/to_wan;
chain/hop [5] -> CheckIPHeader@1
    -> filter
    -> [5] chain/hop;
chain/from_lan -> chain/director_lan
    -> chain/hop
    -> [1] chain/director_lan;
chain/director_lan [1] -> chain/to_lan;
chain/from_ids_0 -> [1] chain/hop;
chain/from_ids_1 -> [2] chain/hop;
chain/from_ids_2 -> [3] chain/hop;
chain/from_wan -> [4] chain/hop;
