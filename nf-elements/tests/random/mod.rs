// SPDX-License-Identifier: Apache-2.0
//! The instances of `list.txt`, on inputs: what the test and the fuzz targets share.

mod input;
mod run;

#[allow(unused_imports)]
pub use input::Input;
#[allow(unused_imports)]
pub use run::{Fake, HANDLERS_ONLY, RUNS};
