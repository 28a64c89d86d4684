// SPDX-License-Identifier: Apache-2.0
//! Boot to first forwarded packet: from the VMM's exec until a frame, sent again and again, comes out.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::frame::{Ends, udp};
use crate::lab::IN;
use crate::port::Port;
use crate::stop;
use crate::vmm::Vm;

/// Time between two frames of the probe.
const PROBE_INTERVAL: Duration = Duration::from_micros(200);

/// Boots a VM and sends until the first frame comes out at `exit`: the VM, and the time since its exec.
pub fn until_first_frame(
    qemu: &[String],
    guarded: bool,
    ends: &Ends,
    exit: &str,
    patience: Duration,
) -> Result<(Vm, Duration)> {
    let frame = udp(ends, 64, 0);
    let mut sender = Port::sender(IN)?;
    let mut receiver = Port::receiver(exit, PROBE_INTERVAL)?;
    let mut vm = Vm::start(qemu, guarded)?;
    let mut buffer = [0; 2048];
    let mut checked = Instant::now();
    loop {
        sender.send_one(&frame)?;
        // The receive waits out the interval, and ends at once when the frame comes.
        let heard = receiver.receive(&mut buffer)?;
        let now = Instant::now();
        if heard.is_some_and(|heard| is_probe(heard, &frame, exit)) {
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

/// The same UDP datagram, whatever addresses and TTL the way changed. At the entry, our own frames are heard as well:
/// there only a frame with its addresses exchanged has been through the VM.
fn is_probe(heard: &[u8], sent: &[u8], exit: &str) -> bool {
    heard.len() >= sent.len() && heard[34..38] == sent[34..38] && (exit != IN || heard[..6] == sent[6..12])
}
