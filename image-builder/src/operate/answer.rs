// SPDX-License-Identifier: Apache-2.0
//! Answers requests with the VMs' control channels: in the manager, or in a command that stands in for it.

use super::message::{Answer, Ask};
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

/// The answer to `ask`, but to [`Ask::Stop`], which asks more than the channels can do.
pub fn answer(ask: &Ask, targets: &mut [Target]) -> Answer {
    match ask {
        Ask::Read { vm, element, handler } => {
            asked(targets, vm, |control| control.read(element, handler).map(Answer::Value), element, handler)
        }
        Ask::Write { vm, element, handler, value } => {
            let write = |control: &mut Control| control.write(element, handler, value).map(|()| Answer::Done);
            asked(targets, vm, write, element, handler)
        }
        Ask::Sample => {
            let vms = targets.iter_mut().map(|target| VmSample::take(target.vm, target.control.as_deref_mut()));
            Answer::Sample(Sample { vms: vms.collect(), malformed: 0, time: SystemTime::now() })
        }
        Ask::Stop => Answer::Failed("the run is not stopped by its VMs".into()),
    }
}

fn asked(
    targets: &mut [Target],
    vm: &str,
    request: impl FnOnce(&mut Control) -> Result<Answer, ControlError>,
    element: &str,
    handler: &str,
) -> Answer {
    let Some(target) = targets.iter_mut().find(|target| target.vm.name == vm) else {
        let names: Vec<_> = targets.iter().map(|target| target.vm.name.as_str()).collect();
        return Answer::Failed(format!("the run has no VM '{vm}'; it has {}", names.join(", ")));
    };
    let Some(control) = &mut target.control else { return Answer::Failed(format!("the VM {vm} has ended")) };
    request(control).unwrap_or_else(|error| Answer::Failed(refused(target.vm, element, handler, &error)))
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
