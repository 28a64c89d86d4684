// SPDX-License-Identifier: Apache-2.0
//! Operating runs: the run directory, the manager's socket, and the commands that ask there.
//!
//! The process of `sluice run` is the manager of its run: it has the VMs' control channels, of which QEMU gives each VM one, and
//! answers at a socket in the run's folder. A manager in the foreground takes its VMs with it, however it ends. One in the
//! background (`--detach`) may be killed and leave its VMs behind, as any that is killed does on Xen, where VMs are no processes: then
//! the next command stands in for it, speaks with the VMs itself, or ends them.

mod alerts;
mod answer;
mod asking;
mod background;
mod body;
mod ctl;
mod evpn;
mod folder;
mod message;
mod process;
mod ps;
mod rules;
mod sample;
mod scale;
mod serve;
mod state;
mod stop;
mod table;
mod top;
mod trace;
mod view;

pub use answer::{Target, answer};
pub use background::{Background, detach};
pub use body::Body;
pub use folder::{Root, RunFolder};
pub use message::{Answer, Ask};
pub use process::Process;
pub use sample::{LinkSample, Sample};
pub use serve::Server;
pub use state::{Element, HOP, Port, Service, State, Vm};
pub use top::Screen;
pub use view::View;

pub use alerts::command as alerts;
pub use ctl::command as ctl;
pub use evpn::command as evpn;
pub use ps::command as ps;
pub use scale::command as scale;
pub use stop::command as stop;
pub use top::command as top;
pub use trace::command as trace;
