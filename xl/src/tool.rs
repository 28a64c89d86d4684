// SPDX-License-Identifier: Apache-2.0
//! Running a tool of dom0.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// A command, program first. Where it is for a shell to read, no word of it needs quotes.
pub type Line = Vec<String>;

/// Why something came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tool is not there.
    #[error(
        "{0} is not on the PATH; it comes with Xen's tools (Debian: apt-get install xen-utils, and iproute2 for ip)"
    )]
    NoTool(String),
    /// A tool failed, and said this.
    #[error("{line}: {said}")]
    Failed {
        /// The command.
        line: String,
        /// What it wrote, or how it ended.
        said: String,
    },
    /// A tool said what cannot be understood.
    #[error("{line} said {said:?}")]
    Strange {
        /// The command.
        line: String,
        /// A line of what it wrote.
        said: String,
    },
    /// `xenstore-watch` ended: nobody tells any more that domains end.
    #[error("xenstore-watch ended by itself; is xenstored there?")]
    Unwatched,
    /// The system refused.
    #[error("{what}: {error}")]
    Io {
        /// What was to be done.
        what: String,
        /// Why it could not.
        error: io::Error,
    },
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        move |error| Error::Io { what: what.into(), error }
    }
}

/// The command, not started: in a process group of its own, for Ctrl-C is meant for us.
pub(crate) fn command(line: &[&str]) -> Command {
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).stdin(Stdio::null()).process_group(0);
    command
}

/// What is wrong with a tool that cannot be started.
pub(crate) fn cannot_start(line: &[&str]) -> impl FnOnce(io::Error) -> Error {
    let (program, line) = (line[0].to_string(), line.join(" "));
    |error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoTool(program),
        _ => Error::Io { what: line, error },
    }
}

/// Runs a tool to its end: what it printed.
pub(crate) fn run(line: &[&str]) -> Result<String, Error> {
    let output = command(line).output().map_err(cannot_start(line))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_string();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let said = [text(&output.stderr), text(&output.stdout), output.status.to_string()];
    let said = said.into_iter().find(|said| !said.is_empty()).unwrap_or_default();
    Err(Error::Failed { line: line.join(" "), said })
}

/// Runs commands in their order, up to the first that fails.
pub(crate) fn run_all(lines: &[Line]) -> Result<(), Error> {
    lines.iter().try_for_each(|line| run(&line.iter().map(String::as_str).collect::<Vec<_>>()).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_fails_says_why() {
        assert_eq!(run(&["echo", "a", "b"]).unwrap(), "a b");
        let said = run(&["sh", "-c", "echo no such domain >&2; exit 3"]).unwrap_err().to_string();
        assert!(said.starts_with("sh -c") && said.ends_with("no such domain"), "{said}");
        assert!(run(&["false"]).unwrap_err().to_string().contains("exit status: 1"));
        assert!(matches!(run(&["sluice-no-such-tool"]), Err(Error::NoTool(_))));
    }
}
