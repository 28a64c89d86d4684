// SPDX-License-Identifier: Apache-2.0
//! # RangeIPLookup
//! `RangeIPLookup(ROUTE …[, CAPACITY N])` — looks up IP routes.
//!
//! **Ports:** one push input, any number of push outputs.
//!
//! **Expects:** packets with the destination annotation set, as by `GetIPAddress`.
//!
//! **Description:** each ROUTE is `ADDR/MASK [GATEWAY] OUTPUT`. A packet leaves by the OUTPUT of the route that covers
//! its destination with the longest prefix; the destination becomes GATEWAY, if the route has one. Changes come through
//! the handlers; CAPACITY bounds the routes.
//!
//! **Notes:** all of Click's classes of this kind have the same table here: up to 31 routes are ranges, more are a
//! Poptrie, made when the image is built. Masks must be prefixes. Where two arguments have the same prefix the first
//! counts, as in Click, which warns. `table` is sorted by address. When CAPACITY routes are there (1024 more than
//! configured, unless given), `add` fails. The first change copies the table (500 000 routes: 7 MB), and once in some
//! thousand changes the trie is built anew. `ctrl` can replace or remove at most 64 routes at once, else it fails and
//! changes nothing.
//!
//! **Handlers:** `table` (read: the routes, a line each), `lookup` (read, with an address: its output and gateway, -1
//! without a route), `add`, `set`, `remove`, `ctrl`, `flush` (write), `no_route` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> MarkIPHeader -> GetIPAddress(16) -> RangeIPLookup(10/8 0, 0/0 10.0.0.1
//! 0) -> Discard;`
//!
//! **See also:** `RadixIPLookup`.

use super::ip_lookup::*;

ip_lookup!(
    RangeIpLookup,
    "RangeIPLookup",
    "looks up IP routes",
    "",
    Some(1024),
    &[ROUTE, CAPACITY],
    &[TABLE, LOOKUP, ADD, SET, REMOVE, CTRL, FLUSH, NO_ROUTE]
);
