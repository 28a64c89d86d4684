// SPDX-License-Identifier: Apache-2.0
//! Boot to first forwarded packet: from the VMM's exec until a frame, sent again and again, comes out.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::course::Course;
use crate::frame::{Ends, udp};
use crate::port::Port;
use crate::stop;
use crate::vmm::Vm;

/// Time between two frames of the probe.
const PROBE_INTERVAL: Duration = Duration::from_micros(200);

/// Boots a VM and sends until the first frame has gone along `course`: the VM, and the time since its exec.
pub fn until_first_frame(
    qemu: &[String],
    guarded: bool,
    ends: &Ends,
    course: &Course,
    patience: Duration,
) -> Result<(Vm, Duration)> {
    let frame = udp(ends, 64, 0);
    let entering = course.entering(ends, 64, 0);
    let mut sender = Port::sender(course.entry)?;
    let mut receiver = Port::receiver(course.exit, PROBE_INTERVAL)?;
    let mut vm = Vm::start(qemu, guarded)?;
    let mut buffer = [0; 2048];
    let mut checked = Instant::now();
    loop {
        sender.send_one(&entering)?;
        // The receive waits out the interval, and ends at once when the frame comes.
        let heard = receiver.receive(&mut buffer)?;
        let now = Instant::now();
        if heard.is_some_and(|heard| course.has_passed(heard, &frame)) {
            let took = now - vm.started;
            return Ok((vm, took));
        }
        if now - checked > Duration::from_millis(20) {
            checked = now;
            stop::check()?;
            vm.check()?;
        }
        if now - vm.started > patience {
            bail!("the VM forwarded nothing within {} s", patience.as_secs());
        }
    }
}
