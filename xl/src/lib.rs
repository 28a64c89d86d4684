// SPDX-License-Identifier: Apache-2.0
//! Xen's toolstack in a dom0.
//!
//! A [`Config`] describes a domain and gives what `xl` reads; [`Domain`] is one that was created, watched through a [`Host`]. [`link`] has
//! the commands that make two domains' ports the ends of a link, and [`VifPort`] is the host's end of a vif.
#![forbid(unsafe_code)]

mod config;
mod console;
mod domain;
mod host;
pub mod link;
mod list;
mod releases;
mod tool;
mod vif;

pub use config::{Attachment, Config, OnEnd, Vif};
pub use domain::{Domain, Exit};
pub use host::{Host, is_dom0};
pub use list::{Listed, Reason, list};
pub use tool::{Error, Line};
pub use vif::{MAX_FRAME_BYTES, VifPort, prepare};

/// Which domain: a number may be that of another one later, a name too, but not both.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DomainId {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
}

impl DomainId {
    /// Lets it run.
    pub fn unpause(&self) -> Result<(), Error> {
        tool::run(&["xl", "unpause", &self.number.to_string()]).map(drop)
    }

    /// Ends it at once, if it is there.
    pub fn destroy(&self) -> Result<(), Error> {
        if list()?.iter().any(|listed| listed.id == *self) {
            tool::run(&["xl", "destroy", &self.number.to_string()])?;
        }
        Ok(())
    }
}
