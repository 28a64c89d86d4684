// SPDX-License-Identifier: Apache-2.0
//! A dom0 that runs, and the talk with its agent: a request is a line and perhaps bytes, and so is the answer; the next request
//! comes after the answer (the other end is `dom0/init`).

use super::{Bed, BedError, Options};
use crate::{StartError, Vm};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What dom0's agent may take beyond the time of a script.
const GRACE: Duration = Duration::from_secs(20);
/// Lines of the console that an error shows.
const CONSOLE_LINES: usize = 20;

/// What became of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its exit status; 143 if it was ended for it took too long.
    pub status: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A Xen with a dom0. Dropped, it is switched off.
pub struct Dom0 {
    vm: Vm,
    agent: BufReader<UnixStream>,
    patience: Duration,
    console: Vec<u8>,
    _folder: TempDir,
}

impl Dom0 {
    pub(super) fn boot(bed: &Bed, options: &Options) -> Result<Dom0, BedError> {
        let folder = TempDir::new().map_err(StartError::Io)?;
        let socket = folder.path().join("agent");
        let mut vm = Vm::run(&bed.command(options, &socket))?;
        let agent = connect(&socket, &mut vm, Instant::now() + options.patience).map_err(StartError::Io)?;
        let agent = BufReader::new(agent);
        let mut dom0 = Dom0 { vm, agent, patience: options.patience, console: Vec::new(), _folder: folder };
        match dom0.line(options.patience)?.as_str() {
            "ready" => Ok(dom0),
            said => Err(BedError::Strange(said.into())),
        }
    }

    /// Writes a file in dom0, with this mode; relative paths are below `/test`, where scripts run.
    pub fn put(&mut self, path: &str, mode: u32, bytes: &[u8]) -> Result<(), BedError> {
        self.ask(&format!("put {mode:o} {} {}", bytes.len(), absolute(path)), bytes)?;
        match self.line(self.patience)?.as_str() {
            "put 0" => Ok(()),
            said => Err(BedError::Strange(format!("{path}: {said}"))),
        }
    }

    /// Copies a file of this machine into `/test`, under its own name and with its mode.
    pub fn copy(&mut self, path: &Path) -> Result<(), BedError> {
        use std::os::unix::fs::PermissionsExt;
        let failed = |error| BedError::Debian(crate::debian::DebianError::Io(path.to_owned(), error));
        let mode = path.metadata().map_err(failed)?.permissions().mode() & 0o777;
        let bytes = std::fs::read(path).map_err(failed)?;
        self.put(&path.file_name().unwrap_or_default().to_string_lossy(), mode, &bytes)
    }

    /// Reads a file of dom0.
    pub fn get(&mut self, path: &str) -> Result<Vec<u8>, BedError> {
        self.ask(&format!("get {}", absolute(path)), &[])?;
        let answer = self.line(self.patience)?;
        match answer.strip_prefix("get ") {
            Some("none") => Err(BedError::NoFile(path.into())),
            Some(length) => self.bytes(number(length)?),
            None => Err(BedError::Strange(answer)),
        }
    }

    /// Runs a script of busybox's shell in `/test`.
    pub fn run(&mut self, script: &str) -> Result<Outcome, BedError> {
        self.run_for(script, self.patience)
    }

    /// Runs a script that may take this long.
    pub fn run_for(&mut self, script: &str, patience: Duration) -> Result<Outcome, BedError> {
        self.ask(&format!("run {} {}", patience.as_secs(), script.len()), script.as_bytes())?;
        let answer = self.line(patience + GRACE)?;
        let words: Vec<&str> = answer.split(' ').collect();
        let ["run", status, out, err] = words[..] else { return Err(BedError::Strange(answer)) };
        let (status, out, err) = (number(status)?, number(out)?, number(err)?);
        let stdout = String::from_utf8_lossy(&self.bytes(out)?).into_owned();
        let stderr = String::from_utf8_lossy(&self.bytes(err)?).into_owned();
        Ok(Outcome { status: status as i32, stdout, stderr })
    }

    /// What the guest NAME has written to its console: its first one, of all domains that had this name.
    pub fn guest_console(&mut self, name: &str) -> Result<Vec<u8>, BedError> {
        self.get(&format!("/var/log/xen/console/guest-{name}.log"))
    }

    /// What Xen and dom0's kernel have written to the console; what guests write to port 0xE9 is there, too.
    pub fn console(&mut self) -> String {
        self.console.extend(self.vm.take_log());
        String::from_utf8_lossy(&self.console).into_owned()
    }

    /// Switches it off in order.
    pub fn power_off(mut self) -> Result<(), BedError> {
        self.ask("off", &[])?;
        let deadline = Instant::now() + GRACE;
        self.vm.wait(deadline).map(|_| ()).map_err(|error| self.gone(error))
    }

    fn ask(&mut self, line: &str, bytes: &[u8]) -> Result<(), BedError> {
        let agent = self.agent.get_mut();
        let sent = agent
            .write_all(line.as_bytes())
            .and_then(|()| agent.write_all(b"\n"))
            .and_then(|()| agent.write_all(bytes));
        sent.map_err(|error| self.gone(error))
    }

    fn line(&mut self, patience: Duration) -> Result<String, BedError> {
        let mut line = String::new();
        let set = self.agent.get_ref().set_read_timeout(Some(patience));
        match set.and_then(|()| self.agent.read_line(&mut line)) {
            Ok(0) => Err(self.gone(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(line.trim_end().to_string()),
            Err(error) => Err(self.gone(error)),
        }
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, BedError> {
        let mut bytes = vec![0; length];
        self.agent.read_exact(&mut bytes).map_err(|error| self.gone(error))?;
        Ok(bytes)
    }

    fn gone(&mut self, error: io::Error) -> BedError {
        let console = self.console();
        let lines: Vec<&str> = console.lines().collect();
        let last = &lines[lines.len().saturating_sub(CONSOLE_LINES)..];
        BedError::Gone { error, console: last.join("\n") }
    }
}

fn connect(socket: &Path, vm: &mut Vm, deadline: Instant) -> io::Result<UnixStream> {
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => {}
        }
        if let Some(exit) = vm.ended()? {
            return Err(io::Error::other(format!("QEMU ended: {exit:?}")));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.into() } else { format!("/test/{path}") }
}

fn number(text: &str) -> Result<usize, BedError> {
    text.parse().map_err(|_| BedError::Strange(text.into()))
}
