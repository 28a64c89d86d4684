// SPDX-License-Identifier: Apache-2.0
//! The machine under a network function.
#![no_std]
