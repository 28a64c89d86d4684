// SPDX-License-Identifier: Apache-2.0
//! What the process is told on its command line. `sluice click --help` shows it to people.

use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;

/// The command line.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// Read handlers whose values are printed at the end.
    pub handlers: Vec<String>,
    /// A read handler whose value is the exit code.
    pub exit_handler: Option<String>,
    /// Handlers written before the first round, each with its value.
    pub writes: Vec<(String, String)>,
    /// Do not run.
    pub quit: bool,
    /// Print how long it took.
    pub time: bool,
    /// Say nothing but errors.
    pub no_warnings: bool,
    /// Simulated time, from so many nanoseconds on.
    pub simulated_ns: Option<u64>,
    /// What is at the ports.
    pub attachments: Vec<Attachment>,
}

/// Something at a port.
#[derive(Debug, PartialEq)]
pub struct Attachment {
    /// The port's name.
    pub port: String,
    /// What.
    pub what: What,
}

/// What can be at a port.
#[derive(Debug, PartialEq)]
pub enum What {
    /// Frames of a capture come in.
    Replay(PathBuf),
    /// Frames that leave are recorded.
    Capture(PathBuf),
    /// A TAP device, of which the process is the other end.
    Tap(String),
    /// A network interface, through a packet socket.
    Device(String),
}

impl Options {
    /// Reads the arguments.
    pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Options, lexopt::Error> {
        let mut options = Options::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("handler") => options.handlers.push(parser.value()?.string()?),
                Short('x') | Long("exit-handler") => options.exit_handler = Some(parser.value()?.string()?),
                Long("write") => options.writes.push(split(parser.value()?.string()?, ' ')),
                Short('q') | Long("quit") => options.quit = true,
                Short('t') | Long("time") => options.time = true,
                Short('w') | Long("no-warnings") => options.no_warnings = true,
                Long("simtime") => options.simulated_ns = Some(start_ns(parser.optional_value())?),
                Long("replay") => options.attach(&mut parser, |file| What::Replay(file.into()))?,
                Long("capture") => options.attach(&mut parser, |file| What::Capture(file.into()))?,
                Long("tap") => options.attach(&mut parser, What::Tap)?,
                Long("device") => options.attach(&mut parser, What::Device)?,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(options)
    }

    fn attach(&mut self, parser: &mut lexopt::Parser, what: impl Fn(String) -> What) -> Result<(), lexopt::Error> {
        let (port, name) = split(parser.value()?.string()?, '=');
        if port.is_empty() || name.is_empty() {
            return Err("wanted PORT=WHAT, for example lan=in.pcap".into());
        }
        self.attachments.push(Attachment { port, what: what(name) });
        Ok(())
    }
}

fn split(text: String, at: char) -> (String, String) {
    let (left, right) = text.split_once(at).unwrap_or((&text, ""));
    (left.into(), right.into())
}

/// The start of simulated time: seconds, with a fraction; that of Click if none are given.
fn start_ns(value: Option<OsString>) -> Result<u64, lexopt::Error> {
    const CLICKS_NS: u64 = 1_000_000_000 * 1_000_000_000;
    let Some(value) = value else { return Ok(CLICKS_NS) };
    let seconds: f64 = value.parse()?;
    if (0.0..1e10).contains(&seconds) { Ok((seconds * 1e9) as u64) } else { Err("no such time".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, lexopt::Error> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_of_click() {
        let options = parse("-h a.count --handler=b.count -xc.status -qt --simtime").unwrap();
        assert_eq!(options.handlers, ["a.count", "b.count"]);
        assert_eq!((options.exit_handler.as_deref(), options.quit, options.time), (Some("c.status"), true, true));
        assert_eq!(options.simulated_ns, Some(1_000_000_000_000_000_000));
        assert_eq!(parse("--simtime=1.5").unwrap().simulated_ns, Some(1_500_000_000));
        for wrong in ["-h", "--simtime=x", "--simtime=-1", "file.click", "-z"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ports_and_writes() {
        let options = parse("--replay lan=a=b.pcap --tap wan=tap0 --write s.active").unwrap();
        let replay = Attachment { port: "lan".into(), what: What::Replay("a=b.pcap".into()) };
        assert_eq!(options.attachments[0], replay);
        assert_eq!(options.attachments[1].what, What::Tap("tap0".into()));
        assert_eq!(options.writes, [("s.active".into(), String::new())]);
        assert!(parse("--tap tap0").is_err());
    }
}
