// SPDX-License-Identifier: Apache-2.0
//! Where an Ethernet address lies: OFFSET in a packet, ANNO in its annotations, as Click's arguments say.

use crate::Packet;
use crate::spec::{Argument, ArgumentKind};

/// The argument ANNO.
pub const ANNO: Argument =
    Argument { name: "ANNO", kind: ArgumentKind::Required, doc: "offset in the destination annotation, 0 to 10" };
/// The argument OFFSET.
pub const OFFSET: Argument =
    Argument { name: "OFFSET", kind: ArgumentKind::Required, doc: "bytes before the address; src is 6, dst 0" };

/// The six bytes at `offset`, 0 to 10, of the destination annotation; Click numbers the bytes of its annotations, and these
/// are the first sixteen.
#[inline]
pub fn annotation(packet: &mut Packet, offset: usize) -> Option<&mut [u8; 6]> {
    packet.annotations_mut().destination.get_mut(offset..)?.first_chunk_mut()
}

/// The six bytes at `offset` of the packet; none if it is shorter.
#[inline]
pub fn place(packet: &mut Packet, offset: usize) -> Option<&mut [u8; 6]> {
    packet.data_mut().get_mut(offset..)?.first_chunk_mut()
}

/// Reads the value of ANNO.
#[cfg(feature = "host")]
pub fn check_annotation(arguments: &mut crate::configure::Arguments, anno: u8) -> u8 {
    if anno > 10 {
        arguments.error_last(format!("'{anno}'"), "an offset from 0 to 10 in the destination annotation");
    }
    anno
}

/// Takes the argument OFFSET.
#[cfg(feature = "host")]
pub fn offset(arguments: &mut crate::configure::Arguments) -> Option<u16> {
    use crate::configure::FromArgument;
    let word: String = arguments.required("OFFSET")?;
    let offset = match word.to_lowercase().as_str() {
        "src" => Some(6),
        "dst" => Some(0),
        number => u16::from_argument(number),
    };
    if offset.is_none() {
        arguments.error_last(format!("'{word}'"), "src, dst or a number of bytes");
    }
    offset
}
