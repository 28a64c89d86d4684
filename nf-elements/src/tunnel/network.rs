// SPDX-License-Identifier: Apache-2.0
//! The network that packets are put into: fixed, or each packet's own.

use super::Encapsulator;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, Packet};
use core::fmt;

/// A VNI of 24 bits, or `ANY`: that of each packet's aggregate annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub Option<u32>);

impl Network {
    /// The argument.
    pub const VNI: Argument =
        Argument { name: "VNI", kind: ArgumentKind::Required, doc: "the network, 24 bits, or ANY: the annotation's" };

    /// The handlers of an element that has one beside an [`Encapsulator`].
    pub const HANDLERS: [Handler; 6] = {
        let [src, dst, mtu, too_big, no_headroom] = Encapsulator::HANDLERS;
        [src, dst, mtu, Handler { name: "vni", kind: HandlerKind::ReadWrite, doc: "VNI" }, too_big, no_headroom]
    };

    /// The network of `packet`, 24 bits.
    #[inline]
    pub fn of(self, packet: &Packet) -> u32 {
        self.0.unwrap_or(packet.annotations().aggregate) & 0xff_ffff
    }

    /// Reads the handler `vni`.
    pub fn read(self, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match self.0 {
            Some(vni) => write!(out, "{vni}")?,
            None => out.write_str("ANY")?,
        }
        Ok(())
    }

    /// Writes the handler `vni`.
    pub fn write(&mut self, value: &str) -> Result<(), HandlerError> {
        self.0 = match value.trim() {
            "ANY" => None,
            vni => Some(vni.parse().ok().filter(|vni| *vni < 1 << 24).ok_or(HandlerError::BadValue)?),
        };
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::FromArgument for Network {
    const WANTED: &'static str = "a network of 24 bits: 0 to 16777215, or ANY";

    fn from_argument(text: &str) -> Option<Self> {
        if text == "ANY" {
            return Some(Network(None));
        }
        u32::from_argument(text).filter(|vni| *vni < 1 << 24).map(|vni| Network(Some(vni)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    #[test]
    fn a_network_has_24_bits() {
        let mut network = Network(None);
        let mut annotated = packet(&[]);
        annotated.annotations_mut().aggregate = 0xff12_3456;
        assert_eq!(network.of(&annotated), 0x12_3456);
        network.write(" 7 ").unwrap();
        assert_eq!(network.of(&annotated), 7);
        assert_eq!(network.write("16777216"), Err(HandlerError::BadValue));
        let mut text = String::new();
        network.read(&mut text).unwrap();
        network.write("ANY").unwrap();
        network.read(&mut text).unwrap();
        assert_eq!(text, "7ANY");
    }
}
