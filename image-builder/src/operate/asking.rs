// SPDX-License-Identifier: Apache-2.0
//! A command's end: asks the manager of a run, or stands in for it if it is gone.

use super::answer::{Target, answer};
use super::folder::{Condition, Found, Root, StandIn};
use super::message::{self, ANSWER_BYTES, Answer, Ask, Came, Request, SOCKET, VERSION};
use super::state::State;
use crate::failure::usage;
use anyhow::{Context, anyhow, bail};
use qemu::Control;
use std::io::{BufReader, ErrorKind};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant, SystemTime};

/// How long a manager may take for an answer, and another command that stands in for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long all VMs together may take to answer who stands in, and each one at least.
const VMS_PATIENCE: Duration = Duration::from_secs(2);
const VM_PATIENCE: Duration = Duration::from_millis(50);

/// What is said where no run is.
const NOTHING: &str = "nothing runs; sluice run CHAIN starts something";

/// Why a VM does not do what it was asked, though it could be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

/// Who answers for a run.
pub enum Respondent {
    /// Its manager.
    Manager(BufReader<UnixStream>),
    /// Its VMs, which nobody else asks meanwhile.
    Vms {
        /// The run.
        run: Box<Found>,
        /// The channel of each VM that lives.
        channels: Vec<Option<Control>>,
        /// Keeps others from doing the same.
        _stand_in: StandIn,
    },
}

impl Respondent {
    /// Who answers for `run`.
    pub fn reach(run: Found) -> anyhow::Result<Respondent> {
        match run.condition() {
            Condition::Starting => Err(anyhow!("the run {} is just being started", run.name)),
            Condition::Dead => Err(anyhow!("the run {} has ended", run.name)),
            Condition::Orphaned => Respondent::stand_in(run),
            Condition::Running => {
                let stream = UnixStream::connect(run.path.join(SOCKET));
                let stream = stream.with_context(|| format!("cannot reach the manager of {}", run.name))?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Ok(Respondent::Manager(BufReader::new(stream)))
            }
        }
    }

    fn stand_in(run: Found) -> anyhow::Result<Respondent> {
        let deadline = Instant::now() + PATIENCE;
        let _stand_in = loop {
            match run.stand_in()? {
                Some(lock) => break lock,
                None if Instant::now() > deadline => bail!("another command has hold of the run {}", run.name),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let (deadline, census) = (Instant::now() + VMS_PATIENCE, run.state.census());
        let channels = run.state.vms.iter().map(|vm| {
            let patience = deadline.saturating_duration_since(Instant::now()).max(VM_PATIENCE);
            // A VM that hangs has no channel; the others have theirs.
            let runs = vm.body.as_ref().is_some_and(|body| census.runs(body));
            runs.then(|| Control::take_over(&vm.control, patience).ok().flatten()).flatten()
        });
        let channels = channels.collect();
        Ok(Respondent::Vms { run: run.into(), channels, _stand_in })
    }

    /// When the kernel of `vm` was entered, which its times count from.
    pub fn entry(&mut self, vm: &str) -> anyhow::Result<SystemTime> {
        let (vm, element, handler) = (vm.into(), control::MACHINE.into(), "now_ns".into());
        let now = SystemTime::now();
        let Answer::Value(up_ns) = self.ask(Ask::Read { vm, element, handler })? else {
            bail!("the answer cannot be understood");
        };
        let up = Duration::from_nanos(up_ns.trim().parse().context("the VM does not tell its time")?);
        now.checked_sub(up).context("the VM's time is no time")
    }

    /// Asks; an answer that it cannot be is an error.
    pub fn ask(&mut self, ask: Ask) -> anyhow::Result<Answer> {
        let answer = match self {
            Respondent::Manager(stream) => ask_manager(stream, ask)?,
            Respondent::Vms { run, channels, .. } => {
                let targets = run.state.vms.iter().zip(channels);
                let mut targets: Vec<_> =
                    targets.map(|(vm, control)| Target { vm, control: control.as_mut() }).collect();
                answer(&ask, &mut targets)
            }
        };
        match answer {
            Answer::Failed(why) => Err(anyhow!(why)),
            Answer::Refused(why) => Err(Refusal(why).into()),
            answer => Ok(answer),
        }
    }
}

fn ask_manager(stream: &mut BufReader<UnixStream>, ask: Ask) -> anyhow::Result<Answer> {
    let gone = "the manager of the run has ended meanwhile";
    message::send(stream.get_mut(), &Request { version: VERSION, ask }).context(gone)?;
    match message::receive(stream, ANSWER_BYTES) {
        Ok(Came::Message(answer)) => Ok(answer),
        Ok(Came::End) => bail!(gone),
        Ok(Came::Malformed(why)) => bail!("the manager's answer cannot be understood ({why}); it is another version"),
        Ok(Came::Lost) => bail!("the manager's answer is cut off"),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            bail!("the manager does not answer within {} s", PATIENCE.as_secs())
        }
        Err(error) => Err(anyhow!(error).context(gone)),
    }
}

/// The run that `name` names, or the only one there is.
pub fn choose(name: Option<&str>) -> anyhow::Result<Found> {
    let mut runs = Root::open()?.runs()?;
    let names: Vec<_> = runs.iter().map(|run| run.name.clone()).collect();
    let known = names.join(", ");
    match name {
        _ if runs.is_empty() => Err(usage(NOTHING)),
        Some(name) => {
            let at = names.iter().position(|known| known == name);
            let at = at.ok_or_else(|| usage(format!("there is no run '{name}'; there is {known}")))?;
            Ok(runs.swap_remove(at))
        }
        None if runs.len() > 1 => Err(usage(format!("several runs: say which of {known}"))),
        None => Ok(runs.remove(0)),
    }
}

/// The run that has the VM which `vm` names, as VM or RUN/VM, and the VM's name.
pub fn choose_vm(vm: &str) -> anyhow::Result<(Found, String)> {
    choose_part("VM", vm, |state| state.vms.iter().map(|vm| vm.name.as_str()).collect())
}

/// The run that has the service which `service` names, as SERVICE or RUN/SERVICE, and the service's name.
pub fn choose_service(service: &str) -> anyhow::Result<(Found, String)> {
    choose_part("service", service, |state| state.services.iter().map(|service| service.name.as_str()).collect())
}

fn choose_part(what: &str, name: &str, parts: impl Fn(&State) -> Vec<&str>) -> anyhow::Result<(Found, String)> {
    if let Some((run, name)) = name.split_once('/') {
        return Ok((choose(Some(run))?, name.into()));
    }
    let runs = Root::open()?.runs()?;
    if runs.is_empty() {
        return Err(usage(NOTHING));
    }
    let full = |run: &Found, part: &str| format!("{}/{part}", run.name);
    let known = runs.iter().flat_map(|run| parts(&run.state).into_iter().map(|part| full(run, part)));
    let known = known.collect::<Vec<_>>().join(", ");
    let mut having: Vec<Found> = runs.into_iter().filter(|run| parts(&run.state).contains(&name)).collect();
    match having.len() {
        1 => Ok((having.remove(0), name.into())),
        0 => Err(usage(format!("no {what} '{name}' runs; there is {known}"))),
        _ => {
            let names: Vec<_> = having.iter().map(|run| full(run, name)).collect();
            Err(usage(format!("several runs have a {what} '{name}': say {}", names.join(" or "))))
        }
    }
}
