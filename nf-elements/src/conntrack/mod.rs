// SPDX-License-Identifier: Apache-2.0
//! Connection tracking: what a stateful firewall remembers.

pub mod tcp;
