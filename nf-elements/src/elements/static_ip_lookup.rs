// SPDX-License-Identifier: Apache-2.0
//! # StaticIPLookup
//! `StaticIPLookup(ROUTE …)` — looks up IP routes that never change.
//!
//! **Ports:** one push input, any number of push outputs.
//!
//! **Expects:** packets with the destination annotation set, as by `GetIPAddress`.
//!
//! **Description:** each ROUTE is `ADDR/MASK [GATEWAY] OUTPUT`. A packet leaves by the OUTPUT of the route that covers
//! its destination with the longest prefix; the destination becomes GATEWAY, if the route has one. The routes never
//! change.
//!
//! **Notes:** all of Click's classes of this kind have the same table here: up to 31 routes are ranges, more are a
//! Poptrie, made when the image is built. Masks must be prefixes. Where two arguments have the same prefix the first
//! counts, as in Click, which warns. `table` is sorted by address.
//!
//! **Handlers:** `table` (read: the routes, a line each), `lookup` (read, with an address: its output and gateway, -1
//! without a route), `no_route` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> MarkIPHeader -> GetIPAddress(16) -> StaticIPLookup(10/8 0, 0/0
//! 10.0.0.1 0) -> Discard;`
//!
//! **See also:** `RadixIPLookup`.

use super::ip_lookup::*;

ip_lookup!(
    StaticIpLookup,
    "StaticIPLookup",
    "looks up IP routes that never change",
    "LinearIPLookup: no route for",
    None,
    &[ROUTE],
    &[TABLE, LOOKUP, NO_ROUTE]
);
