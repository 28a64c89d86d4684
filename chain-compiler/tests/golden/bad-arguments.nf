network lan;
vm fw {
	FromDevice(lann) -> Strip(fourteen) -> Strip -> /* ü€ */ Strip(14, 15, LENGTH 3) -> Counter(WIDTH 2) -> ToDevice( // a comment
		"löm"
	);
  FromDevice(lan) -> IPFilter(allow tcp && dst prot 80, deny all) -> Discard;
}
chain lan <-> fw;
