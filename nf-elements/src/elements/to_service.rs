// SPDX-License-Identifier: Apache-2.0
//! # ToService
//! `ToService(NAME)` — sends frames of a chain to a service instead.
//!
//! **Ports:** one input; one output, which the compiler connects in a function of a chain.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** `NAME` is a service next to this VM on a chain. These frames go there and on from there, on the first chain
//! on which it is next; the flow's other frames do not.
//!
//! **Notes:** it lets frames pass; the function's `ChainHop`, to which the compiler leads them, does the rest: in a
//! VM on a chain one writes `input -> c :: IPClassifier(icmp, -); c[0] -> ToService(scrubber); c[1] -> output;`.
//!
//! **Handlers:** `count` (read).
//!
//! **Example:** `FromDevice(lan) -> ToService(scrubber) -> ToDevice(wan);`
//!
//! **See also:** `ToChain`, `ChainHop`.

super::wishes::wish!(ToService, "ToService", "NAME", "the service", "sends frames of a chain to a service instead");
