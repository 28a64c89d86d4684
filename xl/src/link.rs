// SPDX-License-Identifier: Apache-2.0
//! Links between two domains over granted memory: the directories that each end finds in xenstore (xen-glue, module `link`). One
//! end grants the memory, the other maps it.

use crate::tool::{self, Error, Line};

/// A port of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The domain's number, or what a shell makes it of.
    pub domain: String,
    /// The port's number.
    pub port: usize,
}

/// What an end does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It grants the memory: the backend.
    Grants,
    /// It maps the memory: the frontend.
    Maps,
}

impl Role {
    /// What the other end is called in the directory.
    fn other(self) -> &'static str {
        match self {
            Role::Grants => "frontend",
            Role::Maps => "backend",
        }
    }
}

impl End {
    fn path(&self) -> String {
        format!("/local/domain/{}/device/sluice-link/{}", self.domain, self.port)
    }

    /// What is in its directory at first, for `xenstore-write`.
    fn first(&self, role: Role, other: &str, mode: Mode) -> Line {
        let path = self.path();
        let mut words = line(&[&format!("{path}/{}-id", role.other()), other, &format!("{path}/state"), "1"]);
        if mode == Mode::Shared {
            words.extend(line(&[&format!("{path}/mode"), "shared"]));
        }
        words
    }

    /// Lets it own its directory, and the domain `other` read there.
    fn own(&self, other: Option<&str>) -> Line {
        let reader = other.map(|other| format!("r{other}"));
        let words = line(&["xenstore-chmod", "-r", &self.path(), &format!("n{}", self.domain)]);
        words.into_iter().chain(reader).collect()
    }
}

/// What carries frames across a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are copied into the memory, and out of it.
    Copy,
    /// They stay where they are, in memory that both ends write: the domains trust each other.
    Shared,
}

/// The commands that connect two ends. They may have been connected before: to each other, or to domains that are gone.
pub fn connect(grants: &End, maps: &End, mode: Mode) -> Vec<Line> {
    let [first, second] =
        [grants.first(Role::Grants, &maps.domain, mode), maps.first(Role::Maps, &grants.domain, mode)];
    let (a, b) = (grants.path(), maps.path());
    vec![
        [line(&["xenstore-write"]), first, second].concat(),
        grants.own(Some(&maps.domain)),
        maps.own(Some(&grants.domain)),
        // Last: who sees the other end's path may look there.
        line(&["xenstore-write", &format!("{a}/frontend"), &b, &format!("{b}/backend"), &a]),
    ]
}

/// The commands that tell an end what it is before there is another one.
pub fn prepare(end: &End, role: Role, mode: Mode) -> Vec<Line> {
    vec![
        [line(&["xenstore-write"]), end.first(role, "0", mode)].concat(),
        end.own(None),
        line(&["xenstore-write", &format!("{}/{}", end.path(), role.other()), "none"]),
    ]
}

/// Runs the commands.
pub fn run(lines: &[Line]) -> Result<(), Error> {
    tool::run_all(lines)
}

fn line(words: &[&str]) -> Line {
    words.iter().map(|word| word.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_owns_its_directory_and_the_other_one_reads_it() {
        let [a, b] = [("3", 1), ("$ids", 0)].map(|(domain, port)| End { domain: domain.into(), port });
        let lines: Vec<String> = connect(&a, &b, Mode::Copy).iter().map(|line| line.join(" ")).collect();
        assert_eq!(lines[1], "xenstore-chmod -r /local/domain/3/device/sluice-link/1 n3 r$ids");
        assert_eq!(lines[2], "xenstore-chmod -r /local/domain/$ids/device/sluice-link/0 n$ids r3");
        assert!(lines[3].contains("/1/frontend /local/domain/$ids/device/sluice-link/0 "), "{}", lines[3]);
        let shared = connect(&a, &b, Mode::Shared)[0].join(" ");
        assert!(!lines[0].contains("mode") && shared.matches("/mode shared").count() == 2, "{shared}");
        assert!(prepare(&b, Role::Maps, Mode::Copy)[2].join(" ").ends_with("sluice-link/0/backend none"));
    }
}
