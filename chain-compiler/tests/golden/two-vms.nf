// Two VMs with a link between them.
network lan, wan;
vm near { FromDevice(lan) -> ToDevice(far); FromDevice(far) -> ToDevice(lan); }
vm far(memory 1G) { FromDevice(near) -> ToDevice(wan); FromDevice(wan) -> ToDevice(near); }
chain lan <-> near <-> far <-> wan;
