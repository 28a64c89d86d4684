// A VM without chain and elements: suspicious, but it compiles.
network lan;
vm idle { }
vm alone { InfiniteSource -> counter :: Counter -> Discard; }
