// SPDX-License-Identifier: Apache-2.0
//! # PullTee
//! `PullTee([N])` — duplicates packets that are pulled through it.
//!
//! **Ports:** one pull input; one pull output, any number of push outputs behind it.
//!
//! **Description:** whoever pulls output 0 gets the next packet of the input, and a copy of it is pushed out of each other
//! output. There are as many outputs as are connected; N says how many you expect.
//!
//! **Notes:** a copy is a packet with a buffer of its own, where Click shares the data. When the VM has no free buffer,
//! an output gets no copy.
//!
//! **Handlers:** `no_buffer` (drops).
//!
//! **Example:** `t :: PullTee; FromDevice(lan) -> Queue -> t; t[0] -> ToDevice(wan); t[1] -> Discard;`
//!
//! **See also:** `Tee`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct PullTee<const N: usize = 2> {
    no_buffer: u64,
}

impl<const N: usize> PullTee<N> {
    /// A tee of `N` outputs.
    pub const fn new() -> Self {
        PullTee { no_buffer: 0 }
    }
}

impl<const N: usize> Element for PullTee<N> {
    const SPEC: Spec = Spec {
        class: "PullTee",
        category: Category::Basic,
        summary: "duplicates packets that are pulled through it",
        ports: "1/1-",
        processing: "l/lh",
        shape: Shape::Push,
        arguments: &[Argument { name: "N", kind: ArgumentKind::Optional, doc: "how many outputs are connected" }],
        handlers: &[Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "copies without a free buffer" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PullTee {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let outputs = surroundings.outputs;
        let expected = arguments.optional("N", outputs)?;
        if expected != outputs {
            let found = format!("PullTee({expected}) with {outputs} outputs connected");
            arguments.error_last(found, format!("{outputs}"));
            return None;
        }
        Some(crate::configure::Instance::new(format!("PullTee<{outputs}>"), format!("PullTee::<{outputs}>::new()")))
    }
}

impl<const N: usize> Push for PullTee<N> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, packet: Packet, out: &mut O) {
        for port in 1..N {
            if let Some(mut copy) = io.allocate() {
                packet.copy_into(&mut copy);
                out.emit(port, copy);
            } else {
                self.no_buffer += 1;
            }
        }
        out.emit(0, packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, packet};

    #[test]
    fn the_packet_itself_is_given_and_others_get_copies() {
        let (mut tee, mut io, mut out) = (PullTee::<3>::new(), ListIo::new(0), Collected::<3>::default());
        io.buffers = Some(1);
        let frame = packet(&[1, 2, 3]);
        let original = frame.data().as_ptr();
        tee.push(&mut io, 0, frame, &mut out);
        assert_eq!(out.0.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [1, 0]);
        assert!(out.0.iter().all(|(_, packet)| packet.data() == [1, 2, 3]));
        assert!(out.0[1].1.data().as_ptr() == original && tee.no_buffer == 1);
    }

    #[cfg(feature = "host")]
    #[test]
    fn outputs_become_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { outputs: 2, ..Default::default() };
        assert_eq!(configure::<PullTee>(&[], &two).unwrap().expression, "PullTee::<2>::new()");
        assert!(configure::<PullTee>(&["3"], &two).is_err());
    }
}
