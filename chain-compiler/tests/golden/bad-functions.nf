network lan, wan;
vm devices { FromDevice(lan) -> output; input -> ToDevice(wan) }
vm no_input { Idle -> output }
vm no_output { input -> Discard }
vm many { input -> output; input[1] -> [1] output; input[2] -> [2] output }
vm wishes { input -> c :: Classifier(0/00, 0/01, 0/02, -); c[0] -> ToService(many); c[1] -> ToChain(nosuch); c[2] -> ToPort(lna); c[3] -> output }
vm loose { input -> Tee(2) -> output }
chain a: lan -> devices -> wan;
chain b: lan -> no_input -> wan;
chain c: lan -> no_output -> wan;
chain d: lan -> many -> wan;
chain e: lan -> wishes -> wan;
chain f: lan -> loose -> wan;
director at lan { default: a; }
