// SPDX-License-Identifier: Apache-2.0
//! # ListenEtherSwitch
//! `ListenEtherSwitch([TIMEOUT, CAPACITY])` — learning, forwarding Ethernet switch with a listen port.
//!
//! **Ports:** one or more push inputs, one push output more than inputs.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** an `EtherSwitch` whose last output gets a copy of each frame as well, of those too that stay in their
//! LAN.
//!
//! **Notes:** those of `EtherSwitch`; frames to reserved addresses go to the listen port alone.
//!
//! **Handlers:** those of `EtherSwitch`; `same_lan` and `reserved` stay 0, as the listen port gets these frames.
//!
//! **Example:** `s :: ListenEtherSwitch; FromDevice(lan) -> s -> ToDevice(lan); FromDevice(wan) -> [1]s[1] -> ToDevice(wan);
//! s[2] -> Print -> Discard;`
//!
//! **See also:** `EtherSwitch`.

use super::EtherSwitch;
use crate::wire::ethernet;
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// See the module's documentation. `PLACES` is a power of two.
pub struct ListenEtherSwitch<const PLACES: usize = 1024> {
    switch: EtherSwitch<PLACES>,
}

impl<const PLACES: usize> ListenEtherSwitch<PLACES> {
    /// A switch that has learned nothing yet.
    pub const fn new(timeout_s: u32) -> Self {
        ListenEtherSwitch { switch: EtherSwitch::new(timeout_s) }
    }
}

impl<const PLACES: usize> Element for ListenEtherSwitch<PLACES> {
    const SPEC: Spec = Spec {
        class: "ListenEtherSwitch",
        summary: "learning, forwarding Ethernet switch with a listen port",
        ports: "1-/2-",
        ..EtherSwitch::<1024>::SPEC
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.switch.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.switch.write_handler(name, value)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ListenEtherSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (places, timeout) = super::ether_switch::configure(arguments);
        let (inputs, outputs) = (surroundings.inputs, surroundings.outputs);
        if inputs + 1 != outputs {
            let message = format!("a ListenEtherSwitch with {inputs} inputs and {outputs} outputs");
            arguments.error(message, Some("one output more than inputs".into()));
        }
        let rust_type = format!("ListenEtherSwitch<{places}>");
        Some(crate::configure::Instance::new(rust_type, format!("ListenEtherSwitch::<{places}>::new({timeout})")))
    }
}

impl<const PLACES: usize> Push for ListenEtherSwitch<PLACES> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O) {
        let Some(header) = packet.data().first_chunk() else {
            return self.switch.count_short();
        };
        let (destination, source) = ethernet::addresses(header);
        let listener = O::COUNT.saturating_sub(1);
        match self.switch.look_up(source, destination, input, io.now_ns()) {
            Some(lan) if lan != input => {
                self.switch.copy(io, &packet, listener, out);
                out.emit(lan, packet);
            }
            None if !destination.is_reserved() => self.switch.flood(io, input, packet, out),
            _ => out.emit(listener, packet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, packet};

    fn sent(switch: &mut ListenEtherSwitch<8>, from: usize, destination: u8, source: u8) -> Vec<usize> {
        let (mut io, mut out) = (ListIo::new(0), Collected::<3>::default());
        let frame = [2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source, 8, 0];
        switch.push(&mut io, from, packet(&frame), &mut out);
        out.0.iter().map(|(port, _)| *port).collect()
    }

    #[test]
    fn the_last_output_hears_everything() {
        let mut switch = ListenEtherSwitch::<8>::new(300);
        assert_eq!(sent(&mut switch, 0, 2, 1), [1, 2], "unknown");
        assert_eq!(sent(&mut switch, 1, 1, 2), [2, 0], "learned");
        assert_eq!(sent(&mut switch, 0, 1, 3), [2], "in its LAN");
    }

    #[cfg(feature = "host")]
    #[test]
    fn wants_an_output_more() {
        use crate::configure::{Surroundings, configure};
        let connected = |outputs| Surroundings { inputs: 2, outputs, ..Default::default() };
        let instance = configure::<ListenEtherSwitch>(&["CAPACITY 9"], &connected(3)).unwrap();
        assert_eq!(instance.expression, "ListenEtherSwitch::<16>::new(300)");
        assert_eq!(configure::<ListenEtherSwitch>(&[], &connected(2)).unwrap_err().len(), 1);
    }
}
