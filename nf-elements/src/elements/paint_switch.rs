// SPDX-License-Identifier: Apache-2.0
//! # PaintSwitch
//! `PaintSwitch([ANNO])` — sends each packet by the output of its colour.
//!
//! **Ports:** one push input, any number of push outputs.
//!
//! **Description:** a packet leaves by the output whose number is its paint annotation, and is dropped if there is none. One painted
//! 255 leaves by all outputs. With ANNO it looks at another byte of the user annotations: see `Paint`.
//!
//! **Notes:** when the machine has no free buffer, an output but the last gets no copy.
//!
//! **Handlers:** `no_output`, `no_buffer` (drops).
//!
//! **Example:** `s :: PaintSwitch; FromDevice(lan) -> Paint(1) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `Paint`, `Switch`.

#[cfg(feature = "host")]
use super::paint::annotation;
use super::paint::{ANNO, PAINT};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// See the module's documentation.
pub struct PaintSwitch {
    annotation: u8,
    no_output: u64,
    no_buffer: u64,
}

/// The colour that leaves by all outputs.
const ALL: u8 = 255;

impl PaintSwitch {
    /// Looks at PAINT.
    pub const fn new() -> Self {
        PaintSwitch { annotation: PAINT, no_output: 0, no_buffer: 0 }
    }

    /// As `self`, for the annotation byte at that offset.
    pub const fn at(mut self, annotation: u8) -> Self {
        self.annotation = annotation;
        self
    }

    fn copy<M: PacketIo>(&mut self, io: &mut M, packet: &Packet) -> Option<Packet> {
        let mut copy = io.allocate();
        match &mut copy {
            Some(copy) => packet.copy_into(copy),
            None => self.no_buffer += 1,
        }
        copy
    }
}

impl Default for PaintSwitch {
    fn default() -> Self {
        PaintSwitch::new()
    }
}

impl Element for PaintSwitch {
    const SPEC: Spec = Spec {
        class: "PaintSwitch",
        category: Category::Classification,
        summary: "sends each packet by the output of its colour",
        ports: "1/1-",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[ANNO],
        handlers: &[Handler { name: "no_output", kind: HandlerKind::Drops, doc: "packets of a colour without an output" }, Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "copies without a free buffer" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_output" => write!(out, "{}", self.no_output)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PaintSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let at = annotation(arguments)?;
        Some(crate::configure::Instance::new("PaintSwitch", format!("PaintSwitch::new(){at}")))
    }
}

impl Push for PaintSwitch {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, packet: Packet, out: &mut O) {
        match packet.annotation_byte(self.annotation) {
            ALL => {
                let last = const { O::COUNT.saturating_sub(1) };
                for port in 0..last {
                    if let Some(copy) = self.copy(io, &packet) {
                        out.emit(port, copy);
                    }
                }
                out.emit(last, packet);
            }
            color if usize::from(color) < O::COUNT => out.emit(usize::from(color), packet),
            _ => self.no_output += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, packet, read};

    fn outputs(switch: &mut PaintSwitch, io: &mut ListIo, color: u8) -> Vec<usize> {
        let (mut frame, mut out) = (packet(&[1]), Collected::<3>::default());
        frame.annotations_mut().paint = color;
        switch.push(io, 0, frame, &mut out);
        out.0.iter().map(|(port, _)| *port).collect()
    }

    #[test]
    fn the_color_is_the_output() {
        let (mut switch, mut io) = (PaintSwitch::new(), ListIo::new(0));
        let found = [0, 2, 3, 255].map(|color| outputs(&mut switch, &mut io, color));
        assert_eq!(found, [vec![0], vec![2], vec![], vec![0, 1, 2]]);
        io.buffers = Some(1);
        assert_eq!(outputs(&mut switch, &mut io, 255), [0, 2]);
        assert_eq!((read(&switch, "no_output"), read(&switch, "no_buffer")), ("1".into(), "1".into()));
    }
}
