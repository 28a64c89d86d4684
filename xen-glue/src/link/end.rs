// SPDX-License-Identifier: Apache-2.0
//! What either end of a link says and does at each step of agreeing with the other.

use super::{Link, Offered};
use crate::xenbus::{End, Offer, Role, SetupError, State};
use crate::xenstore::Answer;
use crate::{DomainId, EventPort, GrantReference, Grants, Hypercalls};
use core::cell::RefCell;
use heapless::Vec;

/// The version of what ends say to each other, and of nothing in the region, which has its own.
const VERSION: u32 = 1;
/// What the end that grants says.
const NAMES: [&str; 4] = ["version", "pages", "directory-ref", "event-channel"];

impl<H: Hypercalls> End for Link<'_, H> {
    fn role(&self) -> Role {
        self.role
    }

    fn awaited(&self) -> fn(State) -> bool {
        match self.role {
            Role::Backend => |state| state == State::Initialising,
            Role::Frontend => |state| state == State::Initialised,
        }
    }

    fn other_names(&self) -> &'static [&'static str] {
        match self.role {
            Role::Backend => &[],
            Role::Frontend => &NAMES,
        }
    }

    fn set_up(&self, grants: &RefCell<Grants>, other: DomainId, answers: &[Answer]) -> Result<Offer, SetupError> {
        match self.role {
            Role::Backend => {
                let Offered { pages, directory, port } = self.offer(grants, other)?;
                let values = [VERSION, pages as u32, directory.0, port.0];
                Ok(Offer { state: State::Initialised, values: NAMES.into_iter().zip(values).collect() })
            }
            Role::Frontend => {
                self.accept(other, heard(answers)?)?;
                Ok(Offer { state: State::Connected, values: Vec::new() })
            }
        }
    }

    fn open(&self) -> Result<(), SetupError> {
        if self.role == Role::Backend { self.open_offered() } else { Ok(()) }
    }

    fn shut(&self) {
        self.rings.shut();
    }

    fn withdraw(&self, grants: &RefCell<Grants>) -> bool {
        self.take_back(grants)
    }

    fn port(&self) -> Option<EventPort> {
        self.port.get()
    }
}

/// What the other end offers. What it does not say is 0.
fn heard(answers: &[Answer]) -> Result<Offered, SetupError> {
    let mut values = [0; NAMES.len()];
    for (value, answer) in values.iter_mut().zip(answers) {
        *value = answer.number().unwrap_or(0);
    }
    let [version, pages, directory, port] = values;
    if version != VERSION {
        return Err(SetupError::Version(version));
    }
    Ok(Offered { pages: pages as usize, directory: GrantReference(directory), port: EventPort(port) })
}
