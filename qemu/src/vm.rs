// SPDX-License-Identifier: Apache-2.0
//! A VM that runs.

use crate::Machine;
use crate::machine::PROGRAM;
use nix::sys::signal::Signal;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the guest writes to `isa-debug-exit` becomes QEMU's exit status `value << 1 | 1`.
const CLEAN: i32 = 0x10 << 1 | 1;
const FAILED: i32 = 0x11 << 1 | 1;

/// How long a QEMU that was killed may take to be gone.
const GONE_PATIENCE: Duration = Duration::from_secs(5);

/// Why a VM could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// QEMU is not there.
    #[error("{PROGRAM} is not on the PATH; install it: apt-get install qemu-system-x86")]
    NoQemu,
    /// The system refused.
    #[error("cannot start {PROGRAM}: {0}")]
    Io(#[from] io::Error),
}

/// How a VM ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The guest powered off.
    Clean,
    /// The guest panicked or faulted; its log says why.
    Failed,
    /// The guest reset the machine, as a triple fault does.
    Reset,
    /// QEMU gave up: what it wrote to its standard error.
    Qemu(String),
}

/// A running VM. Dropping it ends it; so does the end of this process, however it comes, unless it was started to outlive it.
pub struct Vm {
    child: Child,
    started: Instant,
    log: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
    errors: Arc<Mutex<Vec<u8>>>,
}

impl Vm {
    /// Starts QEMU.
    pub fn start(machine: &Machine) -> Result<Vm, StartError> {
        Vm::run(&machine.command())
    }

    /// Starts QEMU with this command line, program first.
    pub(crate) fn run(line: &[String]) -> Result<Vm, StartError> {
        // The kernel ends QEMU when this process ends without a chance to do it itself.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(line);
        Vm::spawn(command)
    }

    /// Starts QEMU so that it goes on if this process is killed: another finds it by its process and its control channel.
    pub fn start_to_outlive(machine: &Machine) -> Result<Vm, StartError> {
        let line = machine.command();
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]);
        Vm::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Vm, StartError> {
        if !on_path(PROGRAM) {
            return Err(StartError::NoQemu);
        }
        // A process group of its own: Ctrl-C on the terminal reaches us, and we end QEMU in order.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let started = Instant::now();
        let mut child = command.spawn()?;
        let (log, errors) = <(Arc<Mutex<Vec<u8>>>, Arc<Mutex<Vec<u8>>>)>::default();
        let readers = vec![
            collect(child.stdout.take().expect("stdout is piped"), &log),
            collect(child.stderr.take().expect("stderr is piped"), &errors),
        ];
        Ok(Vm { child, started, log, readers, errors })
    }

    /// When QEMU was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// QEMU's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The raw log so far, and takes it.
    pub fn take_log(&self) -> Vec<u8> {
        std::mem::take(&mut self.log.lock().expect("no reader panics"))
    }

    /// How the VM ended, if it has.
    pub fn ended(&mut self) -> io::Result<Option<Exit>> {
        let status = self.child.try_wait()?;
        Ok(status.map(|status| self.exit(status)))
    }

    /// Waits until the VM has ended, at most until `deadline`.
    pub fn wait(&mut self, deadline: Instant) -> io::Result<Option<Exit>> {
        loop {
            let exit = self.ended()?;
            if exit.is_some() || Instant::now() >= deadline {
                return Ok(exit);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn exit(&mut self, status: ExitStatus) -> Exit {
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        match (status.code(), status.signal()) {
            (Some(CLEAN), _) => Exit::Clean,
            (Some(FAILED), _) => Exit::Failed,
            (Some(0), _) => Exit::Reset,
            (code, signal) => {
                let said = self.errors.lock().expect("no reader panics");
                let said = String::from_utf8_lossy(&said).trim().to_string();
                let name = signal.and_then(|signal| Signal::try_from(signal).ok()).map(Signal::as_str);
                let how = name
                    .map_or_else(|| format!("exit status {}", code.unwrap_or(-1)), |name| format!("killed by {name}"));
                Exit::Qemu(if said.is_empty() { how } else { format!("{how}: {said}") })
            }
        }
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        // What hangs in the kernel cannot even be killed; nobody waits for it forever.
        let deadline = Instant::now() + GONE_PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn collect(mut from: impl Read + Send + 'static, to: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let to = Arc::clone(to);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            to.lock().expect("no holder panics").extend(&buffer[..count]);
        }
    })
}
