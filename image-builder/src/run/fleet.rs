// SPDX-License-Identifier: Apache-2.0
//! The VMs of a chain: started, awaited, watched, asked, powered off.

use super::host::{End, Guest};
use crate::logs::Decoder;
use crate::operate::Body;
use crate::signals::Stop;
use anyhow::{Context, anyhow};
use qemu::Control;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a VM may take to become ready: a thousand times what it needs under emulation.
const READY_PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to power off before it is killed.
const OFF_PATIENCE: Duration = Duration::from_secs(5);
/// How often we look while we wait for the control channel's socket, and for a VM's end.
const LOOK: Duration = Duration::from_micros(200);
const LOOK_END: Duration = Duration::from_millis(1);
/// Lines of the log in an error.
const TAIL_LINES: usize = 12;

/// A VM of the chain.
pub struct Member {
    /// Its name.
    pub name: String,
    /// When its kernel was entered, and when it was ready.
    pub boot: Option<(Instant, Instant)>,
    /// What was started last; its log outlives it.
    vm: Option<Box<dyn Guest>>,
    on: bool,
    control: Option<Control>,
    decoder: Decoder,
    tail: Vec<String>,
}

impl Member {
    /// A VM that runs `image`, once it is started.
    pub fn new(name: &str, image: &[u8]) -> anyhow::Result<Member> {
        let decoder = Decoder::new(image).with_context(|| format!("the image of {name}"))?;
        Ok(Member { name: name.into(), boot: None, vm: None, on: false, control: None, decoder, tail: Vec::new() })
    }

    /// It was started as `vm`. It may have run before.
    pub fn start(&mut self, vm: Box<dyn Guest>) {
        (self.vm, self.on, self.boot, self.control) = (Some(vm), true, None, None);
        self.decoder.restart();
        self.tail.clear();
    }

    /// Ends it, if it runs: it is as if it had never been started.
    pub fn end(&mut self) {
        (self.vm, self.on, self.boot) = (None, false, None);
    }

    /// What others know it by, if it was started.
    pub fn body(&self) -> Option<Body> {
        self.vm.as_ref()?.body()
    }

    /// When its start began.
    pub fn started(&self) -> Option<Instant> {
        self.vm.as_ref().map(|vm| vm.started())
    }

    /// Its control channel, if it runs.
    pub fn control(&mut self) -> Option<&mut Control> {
        self.control.as_mut().filter(|_| self.on)
    }

    /// Waits until there is the control channel's socket at `path`.
    pub fn connect(&mut self, path: &Path, stop: &Stop) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_PATIENCE;
        loop {
            if let Some(control) = Control::connect(path).context("cannot reach the control channel")? {
                self.control = Some(control);
                return Ok(());
            }
            self.wait_on(deadline, stop)?;
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until the VM says that it is ready.
    pub fn ready(&mut self, stop: &Stop) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_PATIENCE;
        while self.boot.is_none() {
            let Some(control) = &mut self.control else { return Ok(()) };
            match control.ready(Duration::from_millis(100)) {
                Ok(None) => self.wait_on(deadline, stop)?,
                Ok(Some(said)) => {
                    let entry = Instant::now() - Duration::from_nanos(said.now_ns);
                    self.boot = Some((entry, entry + Duration::from_nanos(said.ready_ns)));
                }
                Err(error) => return Err(self.lost(anyhow!(error))),
            }
        }
        Ok(())
    }

    fn wait_on(&mut self, deadline: Instant, stop: &Stop) -> anyhow::Result<()> {
        stop.check()?;
        self.watch()?;
        if Instant::now() < deadline {
            return Ok(());
        }
        let log = self.told();
        let (name, seconds) = (&self.name, READY_PATIENCE.as_secs());
        Err(anyhow!("VM {name} did not become ready within {seconds} s; more memory (--memory 32) may help{log}"))
    }

    /// An error if the VM has ended without being asked.
    pub fn watch(&mut self) -> anyhow::Result<()> {
        let Some(vm) = self.vm.as_mut().filter(|_| self.on) else { return Ok(()) };
        match vm.ended()? {
            None => Ok(()),
            Some(End::Clean) => {
                self.on = false;
                Ok(())
            }
            Some(End::Bad(how)) => Err(self.ended_badly(&how)),
        }
    }

    /// Whether it does not run.
    pub fn is_off(&self) -> bool {
        !self.on
    }

    /// New lines of its log.
    pub fn log(&mut self) -> Vec<String> {
        let bytes = self.vm.as_ref().map_or_else(Vec::new, |vm| vm.take_log());
        let lines = self.decoder.decode(&bytes);
        self.tail.extend(lines.iter().cloned());
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_LINES));
        lines
    }

    /// Reads a handler; none if the VM has no such value now.
    pub fn read(&mut self, element: &str, handler: &str) -> anyhow::Result<Option<String>> {
        let Some(control) = self.control() else { return Ok(None) };
        match control.read(element, handler) {
            Ok(value) => Ok(Some(value)),
            Err(qemu::ControlError::Refused(_)) => Ok(None),
            Err(error) => Err(self.lost(anyhow!(error))),
        }
    }

    /// Reads many handlers, within `patience` in all; what the VM does not have now is none. An error is no reason to ask it again.
    pub fn read_all(&mut self, handlers: &[(&str, &str)], patience: Duration) -> anyhow::Result<Vec<Option<String>>> {
        let name = &self.name;
        match self.control.as_mut().filter(|_| self.on) {
            None => Ok(vec![None; handlers.len()]),
            Some(control) => control.read_all(handlers, patience).with_context(|| format!("VM {name}")),
        }
    }

    /// Reads one of the machine's numbers; 0 if it has none.
    pub fn machine(&mut self, handler: &str) -> anyhow::Result<u64> {
        Ok(self.read(control::MACHINE, handler)?.and_then(|value| value.parse().ok()).unwrap_or(0))
    }

    /// Asks it to power off. That it cannot be asked is seen when it stays.
    pub fn begin_power_off(&mut self) {
        if let Some(control) = self.control() {
            let _ = control.begin_power_off();
        }
    }

    /// Waits for the end of a VM that was asked for it, for [`OFF_PATIENCE`] since `asked`; then ends it. It is off afterwards,
    /// whatever it did.
    pub fn end_power_off(&mut self, asked: Instant) -> anyhow::Result<()> {
        if !self.on {
            return Ok(());
        }
        let exit = self.wait(OFF_PATIENCE.saturating_sub(asked.elapsed()))?;
        self.on = false;
        match exit {
            Some(End::Clean) => Ok(()),
            Some(End::Bad(how)) => Err(self.ended_badly(&how)),
            None => {
                self.vm = None;
                let seconds = OFF_PATIENCE.as_secs();
                Err(anyhow!("VM {} did not power off within {seconds} s, so it was killed", self.name))
            }
        }
    }

    /// The channel broke: because the VM ended, or else as `error` says.
    fn lost(&mut self, error: anyhow::Error) -> anyhow::Error {
        match self.wait(Duration::from_secs(1)) {
            Ok(Some(End::Clean)) => {
                self.on = false;
                anyhow!("VM {} powered off while it was asked", self.name)
            }
            Ok(Some(End::Bad(how))) => self.ended_badly(&how),
            _ => error.context(format!("VM {}", self.name)),
        }
    }

    fn wait(&mut self, patience: Duration) -> anyhow::Result<Option<End>> {
        let Some(vm) = &mut self.vm else { return Ok(None) };
        let deadline = Instant::now() + patience;
        loop {
            let end = vm.ended()?;
            if end.is_some() || Instant::now() >= deadline {
                return Ok(end);
            }
            std::thread::sleep(LOOK_END);
        }
    }

    fn ended_badly(&mut self, how: &str) -> anyhow::Error {
        self.on = false;
        anyhow!("{how}{}", self.told())
    }

    /// The end of the log, for an error.
    fn told(&mut self) -> String {
        self.log();
        if self.tail.is_empty() {
            "; its log is empty".into()
        } else {
            format!("; its log ends:\n  {}", self.tail.join("\n  "))
        }
    }
}
