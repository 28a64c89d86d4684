// SPDX-License-Identifier: Apache-2.0
//! The instances of `list.txt`, on inputs: what the test and the fuzz targets share.

mod input;
mod run;

pub use run::RUNS;
