// SPDX-License-Identifier: Apache-2.0
//! What the benchmarks share: a place to measure in, load, contestants, results.
#![forbid(unsafe_code)]

pub mod boot;
pub mod campaign;
pub mod contestant;
pub mod course;
pub mod echo;
pub mod frame;
pub mod images;
pub mod lab;
pub mod linux;
pub mod load;
pub mod options;

pub mod peer;
pub mod plot;
pub mod port;
pub mod report;
pub mod results;
pub mod rules;
pub mod search;
pub mod stop;
pub mod vmm;
