// SPDX-License-Identifier: Apache-2.0
//! Answers requests with the VMs' control channels: in the manager, or in a command that stands in for it.

use super::message::{Answer, Ask, Packet};
use super::sample::{Sample, VmSample};
use super::state;
use qemu::{Control, ControlError};
use std::time::SystemTime;

/// A VM that can be asked.
pub struct Target<'a> {
    /// What is known of it.
    pub vm: &'a state::Vm,
    /// Its channel; none if it has ended.
    pub control: Option<&'a mut Control>,
}

/// The answer to `ask`, but to [`Ask::Stop`] and [`Ask::Scale`], which ask more than the channels can do.
pub fn answer(ask: &Ask, targets: &mut [Target]) -> Answer {
    match ask {
        Ask::Read { vm, element, handler } => {
            let why = |vm: &_, error: &_| refused(vm, element, handler, error);
            asked(targets, vm, |control| control.read(element, handler).map(Answer::Value), why)
        }
        Ask::Write { vm, element, handler, value } => {
            let why = |vm: &_, error: &_| refused(vm, element, handler, error);
            asked(targets, vm, |control| control.write(element, handler, value).map(|()| Answer::Done), why)
        }
        Ask::Tap { vm, name, snap } => asked(
            targets,
            vm,
            |control| control.tap(name, *snap).map(|()| Answer::Done),
            |vm, error| no_tap(vm, name, error),
        ),
        Ask::TakeTap { vm } => asked(targets, vm, take_tap, |vm, error| no_tap(vm, "", error)),
        Ask::EndTap { vm } => {
            asked(targets, vm, |control| control.end_tap().map(|()| Answer::Done), |vm, error| no_tap(vm, "", error))
        }
        Ask::Sample => {
            let vms = VmSample::take_all(targets);
            Answer::Sample(Sample { vms, links: Vec::new(), malformed: 0, time: SystemTime::now() })
        }
        Ask::Stop | Ask::Scale { .. } => Answer::Failed("only the run's manager can do that, and it is gone".into()),
    }
}

fn asked(
    targets: &mut [Target],
    vm: &str,
    request: impl FnOnce(&mut Control) -> Result<Answer, ControlError>,
    why: impl FnOnce(&state::Vm, &ControlError) -> String,
) -> Answer {
    let Some(target) = targets.iter_mut().find(|target| target.vm.name == vm) else {
        let names: Vec<_> = targets.iter().map(|target| target.vm.name.as_str()).collect();
        return Answer::Failed(format!("the run has no VM '{vm}'; it has {}", names.join(", ")));
    };
    let Some(control) = &mut target.control else { return Answer::Failed(format!("the VM {vm} has ended")) };
    request(control).unwrap_or_else(|error| {
        let why = why(target.vm, &error);
        if matches!(error, ControlError::Refused(_)) { Answer::Refused(why) } else { Answer::Failed(why) }
    })
}

/// All that was mirrored, but not more than an answer holds.
fn take_tap(control: &mut Control) -> Result<Answer, ControlError> {
    const MESSAGES: usize = 64;
    let (mut packets, mut lost) = (Vec::new(), 0);
    for _ in 0..MESSAGES {
        let before = packets.len();
        lost = control.take_tap(|packet| {
            packets.push(Packet { time_ns: packet.time_ns, length: packet.length, bytes: packet.bytes.into() });
        })?;
        if packets.len() == before {
            break;
        }
    }
    Ok(Answer::Mirrored { lost, packets })
}

/// Why nothing can be mirrored, and where it could be.
fn no_tap(vm: &state::Vm, name: &str, error: &ControlError) -> String {
    match error {
        ControlError::Refused(control::Failure::NoElement) => {
            let ports = vm.ports.iter().map(|port| port.name.as_str());
            let known: Vec<_> = vm.elements.iter().map(|element| element.name.as_str()).chain(ports).collect();
            format!("the VM {} has no element or port '{name}'; it has {}", vm.name, known.join(", "))
        }
        ControlError::Refused(control::Failure::NoHandler) => {
            format!("the VM {} mirrors no longer: it was started again, or another trace of it has ended", vm.name)
        }
        error => format!("{}: {error}", vm.name),
    }
}

/// Why a handler could not be read or written, and what there is.
fn refused(vm: &state::Vm, element: &str, handler: &str, error: &ControlError) -> String {
    let name = &vm.name;
    match error {
        ControlError::Refused(control::Failure::NoElement) => {
            let names: Vec<_> = vm.elements.iter().map(|element| element.name.as_str()).collect();
            format!("the VM {name} has no element '{element}'; it has {}, {}", control::MACHINE, names.join(", "))
        }
        ControlError::Refused(control::Failure::NoHandler) => {
            let class = vm.elements.iter().find(|known| known.name == element);
            let class = class.and_then(|known| nf_elements::elements::class(&known.class));
            let known: Vec<_> = match class {
                Some(class) => class.spec.handlers.iter().map(|handler| handler.name).collect(),
                None => control::MACHINE_HANDLERS.iter().map(|(name, _)| *name).collect(),
            };
            format!("{name}: {element} has no handler '{handler}' for that; it has {}", known.join(", "))
        }
        ControlError::Refused(control::Failure::BadValue) => {
            format!("{name}: {element}.{handler} does not take that value")
        }
        error => format!("{name}: {element}.{handler}: {error}"),
    }
}
