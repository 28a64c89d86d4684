// SPDX-License-Identifier: Apache-2.0
//! VLAN tags at an access port, IEEE 802.1Q §9: taken out of frames and put in.

use crate::Packet;
use crate::wire::ethernet::{HEADER_BYTES, TAG_BYTES};

/// Bytes of the two addresses, which stay in front of the tag.
const ADDRESSES_BYTES: usize = 12;
/// TPID of the customer's tag, IEEE 802.1Q table 9-1.
const TPID: [u8; 2] = [0x81, 0x00];

/// The VLAN of a frame: 0 if it has no tag, or one that only carries a priority.
#[inline]
pub fn of(frame: &Packet) -> u16 {
    tci(frame).map_or(0, |tci| tci & 0xfff)
}

/// Whether a frame has a tag.
#[inline]
pub fn is_tagged(frame: &Packet) -> bool {
    tci(frame).is_some()
}

#[inline]
fn tci(frame: &Packet) -> Option<u16> {
    let [first, second, third, fourth] = *frame.chunk::<TAG_BYTES>(ADDRESSES_BYTES as u16)?;
    ([first, second] == TPID).then_some(u16::from_be_bytes([third, fourth]))
}

/// Takes the tag out of a frame, if there is one; false if nothing would be left.
#[inline]
#[must_use]
pub fn pop(frame: &mut Packet) -> bool {
    if !is_tagged(frame) {
        return true;
    }
    if frame.len() < HEADER_BYTES + TAG_BYTES {
        return false;
    }
    frame.data_mut().copy_within(..ADDRESSES_BYTES, TAG_BYTES);
    frame.pull_front(TAG_BYTES)
}

/// Puts a tag of `vlan` into a frame; false if there is no room.
#[inline]
#[must_use]
pub fn push(frame: &mut Packet, vlan: u16) -> bool {
    if frame.len() < ADDRESSES_BYTES || !frame.push_front(TAG_BYTES) {
        return false;
    }
    let bytes = frame.data_mut();
    bytes.copy_within(TAG_BYTES..TAG_BYTES + ADDRESSES_BYTES, 0);
    let [upper, lower] = vlan.to_be_bytes();
    if let Some(tag) = bytes.get_mut(ADDRESSES_BYTES..ADDRESSES_BYTES + TAG_BYTES) {
        tag.copy_from_slice(&[TPID[0], TPID[1], upper, lower]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    #[test]
    fn a_tag_goes_in_and_out() {
        let plain: Vec<u8> = (0..20).collect();
        let mut frame = packet(&plain);
        assert!(push(&mut frame, 0x123) && of(&frame) == 0x123);
        assert_eq!(frame.data(), [&plain[..12], &[0x81, 0, 1, 0x23], &plain[12..]].concat());
        assert!(pop(&mut frame) && frame.data() == plain && of(&frame) == 0);
        assert!(pop(&mut frame) && frame.data() == plain, "without a tag nothing changes");
    }

    #[test]
    fn a_priority_is_no_vlan() {
        let mut frame = packet(&[[1; 12].as_slice(), &[0x81, 0, 0xe0, 0, 8, 0]].concat());
        assert_eq!((of(&frame), is_tagged(&frame)), (0, true));
        assert!(pop(&mut frame) && frame.len() == 14);
    }

    #[test]
    fn short_frames_are_refused() {
        for length in 0..18 {
            let bytes = [[1; 12].as_slice(), &[0x81, 0, 0, 1, 8, 0]].concat();
            let mut frame = packet(&bytes[..length]);
            assert_eq!(pop(&mut frame), length < 16, "{length}");
            assert_eq!(push(&mut packet(&bytes[..length]), 1), length >= 12);
        }
    }
}
