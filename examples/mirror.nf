// Sends every frame back to where it came from, addresses swapped: what harness and VMM cost without a second port.

network lan;

vm mirror {
  FromDevice(lan) -> EtherMirror -> ToDevice(lan);
}

chain lan <-> mirror;
