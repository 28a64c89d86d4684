// SPDX-License-Identifier: Apache-2.0
//! # Tee
//! `Tee([N])` — duplicates packets.
//!
//! **Ports:** one push input, one or more push outputs.
//!
//! **Description:** sends a copy of each packet out of each output but the last, and by that the packet itself. There
//! are as many outputs as are connected; N says how many you expect.
//!
//! **Notes:** a copy is a packet with a buffer of its own, where Click shares the data. When the VM has no free buffer,
//! an output gets no copy; the packet itself still leaves by the last.
//!
//! **Handlers:** `no_buffer` (drops).
//!
//! **Example:** `t :: Tee; FromDevice(lan) -> t; t[0] -> ToDevice(wan); t[1] -> Discard;`
//!
//! **See also:** `Counter`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct Tee<const N: usize = 2> {
    no_buffer: u64,
}

impl<const N: usize> Tee<N> {
    /// A tee of `N` outputs.
    pub const fn new() -> Self {
        Tee { no_buffer: 0 }
    }
}

impl<const N: usize> Element for Tee<N> {
    const SPEC: Spec = Spec {
        class: "Tee",
        category: Category::Basic,
        summary: "duplicates packets",
        ports: "1/1-",
        processing: "h/h",
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
impl crate::configure::Configure for Tee {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let outputs = surroundings.outputs;
        let expected = arguments.optional("N", outputs)?;
        if expected != outputs {
            arguments.error_last(format!("Tee({expected}) with {outputs} outputs connected"), format!("{outputs}"));
            return None;
        }
        Some(crate::configure::Instance::new(format!("Tee<{outputs}>"), format!("Tee::<{outputs}>::new()")))
    }
}

impl<const N: usize> Push for Tee<N> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, packet: Packet, out: &mut O) {
        let last = const { N.saturating_sub(1) };
        for port in 0..last {
            if let Some(mut copy) = io.allocate() {
                packet.copy_into(&mut copy);
                out.emit(port, copy);
            } else {
                self.no_buffer += 1;
            }
        }
        out.emit(last, packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, packet};

    #[test]
    fn each_output_gets_one() {
        let (mut tee, mut io, mut out) = (Tee::<3>::new(), ListIo::new(0), Collected::<3>::default());
        let mut frame = packet(&[1, 2, 3]);
        frame.annotations_mut().paint = 9;
        let original = frame.data().as_ptr();
        tee.push(&mut io, 0, frame, &mut out);
        assert_eq!(out.0.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(out.0.iter().all(|(_, copy)| copy.data() == [1, 2, 3] && copy.annotations().paint == 9));
        let places: Vec<_> = out.0.iter().map(|(_, copy)| copy.data().as_ptr()).collect();
        assert!(places[2] == original && places[0] != places[1] && places[0] != original);
    }

    #[test]
    fn without_buffers_the_last_output_still_gets_the_packet() {
        let (mut tee, mut io, mut out) = (Tee::<3>::new(), ListIo::new(0), Collected::<3>::default());
        io.buffers = Some(1);
        tee.push(&mut io, 0, packet(&[1]), &mut out);
        assert_eq!(out.0.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(tee.no_buffer, 1);
    }

    #[cfg(feature = "host")]
    #[test]
    fn outputs_become_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let three = Surroundings { outputs: 3, ..Default::default() };
        assert_eq!(configure::<Tee>(&[], &three).unwrap().expression, "Tee::<3>::new()");
        assert_eq!(configure::<Tee>(&["3"], &three).unwrap().rust_type, "Tee<3>");
        assert_eq!(configure::<Tee>(&["2"], &three).unwrap_err().len(), 1);
    }
}
