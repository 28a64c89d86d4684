// SPDX-License-Identifier: Apache-2.0
//! # ToChain
//! `ToChain(NAME)` — diverts flows to another chain.
//!
//! **Ports:** one input; one output, which the compiler connects in a function of a chain.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** `NAME` is a chain through this VM. The frames go on along that chain, and from now on all frames of their
//! flows that pass this VM, in both directions, until the flow is quiet for five minutes. Nobody else is asked.
//!
//! **Notes:** it lets frames pass; the function's `ChainHop`, to which the compiler leads them, does the rest: in a
//! VM on a chain one writes `input -> c :: IPClassifier(tcp opt syn, -); c[0] -> ToChain(web); c[1] -> output;`.
//!
//! **Handlers:** `count` (read).
//!
//! **Example:** `FromDevice(lan) -> ToChain(web) -> ToDevice(wan);`
//!
//! **See also:** `ToService`, `ChainHop`.

super::wishes::wish!(ToChain, "ToChain", "NAME", "the chain", "diverts flows to another chain");
