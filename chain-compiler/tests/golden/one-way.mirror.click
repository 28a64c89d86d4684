chain/hop :: ChainHop(SERVICE lan 0, SERVICE wan 1, SERVICE scrubber 2, SERVICE lab 3, CHAIN straight 1 lan wan, CHAIN clean 2 lan scrubber, CHAIN study 3 lan lab ONEWAY, TO CHAIN study, TO SERVICE scrubber, TO PORT 0);
chain/from_lan :: FromDevice(lan);
chain/to_lan :: ToDevice(lan);
chain/director_lan :: FlowDirector(DEFAULT straight, CHAIN straight 1, CHAIN clean 2, CHAIN study 3);
chain/from_wan :: FromDevice(wan);
chain/to_wan :: ToDevice(wan);
chain/from_scrubber :: FromDevice(scrubber);
chain/to_scrubber :: ToDevice(scrubber);
chain/from_lab :: FromDevice(lab);
chain/to_lab :: ToDevice(lab);
MarkIPHeader@1 :: MarkIPHeader(14);
sort :: IPClassifier(tcp port 80, icmp, udp, -);
ToChain@3 :: ToChain(study);
ToService@4 :: ToService(scrubber);
ToPort@5 :: ToPort(lan);

chain/hop [1] -> chain/to_wan;
chain/hop [2] -> chain/to_scrubber;
chain/hop [3] -> chain/to_lab;
chain/hop [4] -> MarkIPHeader@1
    -> sort
    -> ToChain@3
    -> [5] chain/hop;
chain/from_lan -> chain/director_lan
    -> chain/hop
    -> [1] chain/director_lan;
chain/director_lan [1] -> chain/to_lan;
chain/from_wan -> [1] chain/hop;
chain/from_scrubber -> [2] chain/hop;
chain/from_lab -> [3] chain/hop;
sort [1] -> ToService@4
    -> [6] chain/hop;
sort [2] -> ToPort@5
    -> [7] chain/hop;
sort [3] -> [4] chain/hop;
