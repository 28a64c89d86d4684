// A chain that nothing comes back on, and a function that asks for what it wants.
network lan, wan, lab;

vm mirror {
  input -> MarkIPHeader(14) -> sort :: IPClassifier(tcp port 80, icmp, udp, -);
  sort[0] -> ToChain(study);
  sort[1] -> ToService(scrubber);
  sort[2] -> ToPort(lan);
  sort[3] -> output;
}
vm scrubber { input -> output }

chain straight: lan -> mirror -> wan;
chain clean: lan -> mirror -> scrubber -> wan;
chain study(oneway): lan -> mirror -> lab;
director at lan { default: straight; }
