chain/hop :: ChainHop(SERVICE inspect STATEFUL 0 1 SPARE 2, SERVICE wan 3, SERVICE fw 4, CHAIN web 1 inspect wan, CHAIN bulk 2 fw wan);
chain/from_ids_0 :: FromDevice(ids_0);
chain/to_ids_0 :: ToDevice(ids_0);
chain/from_ids_1 :: FromDevice(ids_1);
chain/to_ids_1 :: ToDevice(ids_1);
chain/from_ids_2 :: FromDevice(ids_2);
chain/to_ids_2 :: ToDevice(ids_2);
chain/from_wan :: FromDevice(wan);
chain/to_wan :: ToDevice(wan);
chain/director_wan :: FlowDirector(web tcp port 80, DEFAULT bulk, CHAIN web -1, CHAIN bulk -2, FLOWS 1000);
chain/from_fw :: FromDevice(fw);
chain/to_fw :: ToDevice(fw);

chain/hop [1] -> chain/to_ids_1;
chain/hop [2] -> chain/to_ids_2;
chain/hop [3] -> [1] chain/director_wan;
chain/hop [4] -> chain/to_fw;
chain/from_ids_0 -> chain/hop
    -> chain/to_ids_0;
chain/from_ids_1 -> [1] chain/hop;
chain/from_ids_2 -> [2] chain/hop;
chain/from_wan -> chain/director_wan
    -> [3] chain/hop;
chain/director_wan [1] -> chain/to_wan;
chain/from_fw -> [4] chain/hop;
