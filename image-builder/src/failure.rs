// SPDX-License-Identifier: Apache-2.0
//! How a command ends.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// An ending that is not a plain failure (exit code 1).
#[derive(Debug)]
pub enum Ending {
    /// The user gave something that cannot be: exit code 2.
    Usage(String),
    /// The chain file has errors, and they were shown: exit code 2.
    Reported,
    /// Ctrl-C: exit code 130.
    Interrupted,
    /// Another process told why, and this was its exit code.
    Told(u8),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Ending::Usage(message) => message,
            Ending::Reported => "the chain file has errors",
            Ending::Interrupted => "interrupted",
            Ending::Told(_) => "the manager ended",
        })
    }
}

impl Error for Ending {}

/// A [`Ending::Usage`].
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    Ending::Usage(message.into()).into()
}

/// Tells the user and the shell how it ended.
pub fn conclude(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let code = match error.downcast_ref() {
        Some(Ending::Reported) => return ExitCode::from(2),
        Some(Ending::Interrupted) => return ExitCode::from(130),
        Some(Ending::Told(code)) => return ExitCode::from(*code),
        Some(Ending::Usage(_)) => 2,
        None => 1,
    };
    let style = anstyle::AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{style}error{style:#}: {error:#}");
    ExitCode::from(code)
}
