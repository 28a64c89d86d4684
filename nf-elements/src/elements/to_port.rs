// SPDX-License-Identifier: Apache-2.0
//! # ToPort
//! `ToPort(NAME)` — sends frames of a chain by a port.
//!
//! **Ports:** one input; one output, which the compiler connects in a function of a chain.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** `NAME` is a port of this VM: a network, or a VM next to it. The frames leave by that port, whatever their
//! chain says.
//!
//! **Notes:** it lets frames pass; the function's `ChainHop`, to which the compiler leads them, does the rest: in a
//! VM on a chain one writes `input -> c :: IPClassifier(icmp, -); c[0] -> ToPort(lan); c[1] -> output;`.
//!
//! **Handlers:** `count` (read).
//!
//! **Example:** `FromDevice(lan) -> ToPort(lan) -> ToDevice(wan);`
//!
//! **See also:** `ToService`, `ChainHop`.

super::wishes::wish!(ToPort, "ToPort", "NAME", "the port", "sends frames of a chain by a port");
