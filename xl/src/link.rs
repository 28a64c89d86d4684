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
}

/// The commands that connect two ends. They may have been connected before: to each other, or to domains that are gone.
pub fn connect(grants: &End, maps: &End) -> Vec<Line> {
    let (a, b) = (grants.path(), maps.path());
    let ids = [(format!("{a}/frontend-id"), &maps.domain), (format!("{b}/backend-id"), &grants.domain)];
    let [(a_id, b_domain), (b_id, a_domain)] = &ids;
    vec![
        line(&[
            "xenstore-write",
            a_id,
            b_domain,
            &format!("{a}/state"),
            "1",
            b_id,
            a_domain,
            &format!("{b}/state"),
            "1",
        ]),
        line(&["xenstore-chmod", "-r", &a, &format!("n{a_domain}"), &format!("r{b_domain}")]),
        line(&["xenstore-chmod", "-r", &b, &format!("n{b_domain}"), &format!("r{a_domain}")]),
        // Last: who sees the other end's path may look there.
        line(&["xenstore-write", &format!("{a}/frontend"), &b, &format!("{b}/backend"), &a]),
    ]
}

/// The commands that tell an end which role it has before there is another one.
pub fn prepare(end: &End, role: Role) -> Vec<Line> {
    let (path, other) = (end.path(), role.other());
    vec![
        line(&["xenstore-write", &format!("{path}/{other}-id"), "0", &format!("{path}/state"), "1"]),
        line(&["xenstore-chmod", "-r", &path, &format!("n{}", end.domain)]),
        line(&["xenstore-write", &format!("{path}/{other}"), "none"]),
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
        let lines: Vec<String> = connect(&a, &b).iter().map(|line| line.join(" ")).collect();
        assert_eq!(lines[1], "xenstore-chmod -r /local/domain/3/device/sluice-link/1 n3 r$ids");
        assert_eq!(lines[2], "xenstore-chmod -r /local/domain/$ids/device/sluice-link/0 n$ids r3");
        assert!(lines[3].contains("/1/frontend /local/domain/$ids/device/sluice-link/0 "), "{}", lines[3]);
        assert!(prepare(&b, Role::Maps)[2].join(" ").ends_with("sluice-link/0/backend none"));
    }
}
