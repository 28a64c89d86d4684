// SPDX-License-Identifier: Apache-2.0
//! # StoreData
//! `StoreData(OFFSET, DATA)` — writes bytes into packets.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** writes DATA over the bytes of each packet from OFFSET on, as far as the packet goes.
//!
//! **Notes:** DATA is a string as in `InfiniteSource`.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> StoreData(12, \<0800>) -> ToDevice(wan);`
//!
//! **See also:** `InfiniteSource`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct StoreData {
    offset: usize,
    data: &'static [u8],
}

impl StoreData {
    /// Writes `data` at `offset`.
    pub const fn new(offset: usize, data: &'static [u8]) -> Self {
        StoreData { offset, data }
    }
}

impl Element for StoreData {
    const SPEC: Spec = Spec {
        class: "StoreData",
        category: Category::Basic,
        summary: "writes bytes into packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "OFFSET", kind: ArgumentKind::Required, doc: "the first byte" }, Argument { name: "DATA", kind: ArgumentKind::Required, doc: "the bytes" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StoreData {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let offset: Option<u32> = arguments.required("OFFSET");
        let crate::configure::Bytes(data) = arguments.required("DATA")?;
        let expression = format!("StoreData::new({}, b\"{}\")", offset?, data.escape_ascii());
        Some(crate::configure::Instance::new("StoreData", expression))
    }
}

impl Action for StoreData {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if let Some(place) = packet.data_mut().get_mut(self.offset..) {
            let count = place.len().min(self.data.len());
            place[..count].copy_from_slice(&self.data[..count]);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn writes_as_far_as_the_packet_goes() {
        let mut io = ListIo::new(0);
        for (offset, after) in [(0, [8, 9, 3, 4]), (3, [1, 2, 3, 8]), (4, [1, 2, 3, 4]), (9, [1, 2, 3, 4])] {
            let mut frame = packet(&[1, 2, 3, 4]);
            assert_eq!(StoreData::new(offset, &[8, 9]).action(&mut io, &mut frame), Verdict::Pass);
            assert_eq!(frame.data(), after);
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = configure::<StoreData>(&["12", r"\<0800>"], &Surroundings::default()).unwrap();
        assert_eq!(made.expression, r#"StoreData::new(12, b"\x08\x00")"#);
    }
}
