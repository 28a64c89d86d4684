chain/hop :: ChainHop(SERVICE mirror 0, SERVICE wan 1, SERVICE scrubber 2, CHAIN straight 1 mirror wan, CHAIN clean 2 scrubber wan);
chain/from_mirror :: FromDevice(mirror);
chain/to_mirror :: ToDevice(mirror);
chain/from_wan :: FromDevice(wan);
chain/to_wan :: ToDevice(wan);
chain/director_wan :: FlowDirector(DEFAULT straight, CHAIN straight -1, CHAIN clean -2);
chain/from_scrubber :: FromDevice(scrubber);
chain/to_scrubber :: ToDevice(scrubber);

chain/hop [1] -> [1] chain/director_wan;
chain/hop [2] -> chain/to_scrubber;
chain/from_mirror -> chain/hop
    -> chain/to_mirror;
chain/from_wan -> chain/director_wan
    -> [1] chain/hop;
chain/director_wan [1] -> chain/to_wan;
chain/from_scrubber -> [2] chain/hop;
