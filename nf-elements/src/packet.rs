// SPDX-License-Identifier: Apache-2.0
//! A packet: an owned handle on a pooled buffer.

mod annotations;

pub use annotations::{Annotations, PacketType};

use crate::Batch;

/// Bytes of a whole buffer, its annotations included. With `--cfg jumbo_frames`, which the builder gives for VMs of an MTU of 9000, frames
/// of 9600 bytes fit: 9000, their headers, and those of a tunnel or two.
pub const BUFFER_BYTES: usize = if cfg!(jumbo_frames) { 9792 } else { 2048 };
/// Bytes for frame data in a buffer: headroom, frame and tailroom together.
pub const DATA_BYTES: usize = BUFFER_BYTES - 64;
/// Bytes kept free in front of a fresh packet: a device's own header, or an encapsulation (VXLAN over IPv6 takes 70).
pub const HEADROOM_BYTES: usize = 128;

/// A pool as its buffers know it: a thin reference, which leaves room in the header for what elements tell each other.
pub type PoolRef = &'static &'static dyn BufferPool;

/// Where a buffer returns when its packet is dropped.
pub trait BufferPool: Sync {
    /// Takes the buffer back.
    fn give_back(&self, buffer: &'static mut Buffer);

    /// Takes back the buffers of a batch at once: its packets are all of this pool.
    fn give_back_all(&self, batch: &mut Batch) {
        batch.take_buffers().for_each(|buffer| self.give_back(buffer));
    }
}

/// Memory for one frame with its annotations. Lives in a [`BufferPool`], or in a device while that may write it.
#[repr(C, align(64))]
pub struct Buffer {
    /// What is known about the data.
    pub header: Header,
    /// The data: headroom, frame, tailroom.
    pub data: Data,
}

/// What is known about a buffer's data.
pub struct Header {
    pool: Option<PoolRef>,
    annotations: Annotations,
    start: u16,
    length: u16,
    extra_length: u16,
    user: [u8; 2],
}

/// The data area of a buffer: what a device's descriptor points into.
#[repr(C, align(64))]
pub struct Data(pub [u8; DATA_BYTES]);

const _: () =
    assert!(size_of::<Buffer>() == BUFFER_BYTES && size_of::<Header>() == 64 && size_of::<Annotations>() == 48);

impl Header {
    /// Empty, of a buffer that returns to `pool`; with none it is leaked when dropped.
    pub const fn new(pool: Option<PoolRef>) -> Self {
        Header {
            pool,
            annotations: Annotations::NONE,
            start: HEADROOM_BYTES as u16,
            length: 0,
            extra_length: 0,
            user: [0; 2],
        }
    }
}

impl Buffer {
    /// A zeroed buffer that returns to `pool`; with none it is leaked when dropped.
    pub const fn new(pool: Option<PoolRef>) -> Self {
        Buffer { header: Header::new(pool), data: Data([0; DATA_BYTES]) }
    }
}

/// An owned packet. Dropping it gives its buffer back to its pool.
pub struct Packet(Option<&'static mut Buffer>);

const _: () = assert!(size_of::<Packet>() == size_of::<usize>());

impl Packet {
    /// A fresh packet without data in `buffer`, its annotations cleared.
    #[inline]
    pub fn new(buffer: &'static mut Buffer) -> Self {
        buffer.header.annotations = Annotations::default();
        buffer.header.start = HEADROOM_BYTES as u16;
        buffer.header.length = 0;
        (buffer.header.extra_length, buffer.header.user) = (0, [0; 2]);
        Packet(Some(buffer))
    }

    /// A fresh packet whose `length` bytes of data already lie in `buffer` behind the headroom, as a device leaves them.
    /// A length beyond the buffer is cut to what the buffer holds.
    #[inline]
    pub fn received(buffer: &'static mut Buffer, length: usize, port: u8) -> Self {
        buffer.header.annotations = Annotations { port, ..Annotations::default() };
        buffer.header.start = HEADROOM_BYTES as u16;
        buffer.header.length = length.min(DATA_BYTES - HEADROOM_BYTES) as u16;
        (buffer.header.extra_length, buffer.header.user) = (0, [0; 2]);
        Packet(Some(buffer))
    }

    /// As [`Packet::received`], of data that lie from byte `start` of the buffer's data on; both are cut to what the buffer holds.
    #[inline]
    pub fn received_at(buffer: &'static mut Buffer, start: usize, length: usize, port: u8) -> Self {
        let start = start.min(DATA_BYTES);
        let mut packet = Packet::received(buffer, 0, port);
        let header = &mut packet.buffer_mut().header;
        (header.start, header.length) = (start as u16, length.min(DATA_BYTES - start) as u16);
        packet
    }

    /// The pool that the buffer returns to.
    #[inline]
    pub(crate) fn pool(&self) -> Option<PoolRef> {
        self.buffer().header.pool
    }

    /// Gives up the handle for its buffer, as a device wants it.
    #[inline]
    pub fn into_buffer(mut self) -> &'static mut Buffer {
        self.take_buffer()
    }

    /// Takes the buffer out of the handle, of which nothing is left but to drop it.
    #[inline]
    pub(crate) fn take_buffer(&mut self) -> &'static mut Buffer {
        self.0.take().expect("a packet has its buffer until it is consumed")
    }

    /// Takes the packet, and leaves an empty handle.
    #[inline]
    pub(crate) fn take(&mut self) -> Packet {
        Packet(self.0.take())
    }

    #[inline]
    fn buffer(&self) -> &Buffer {
        self.0.as_deref().expect("a packet has its buffer until it is consumed")
    }

    #[inline]
    fn buffer_mut(&mut self) -> &mut Buffer {
        self.0.as_deref_mut().expect("a packet has its buffer until it is consumed")
    }

    /// The packet's bytes.
    #[inline]
    pub fn data(&self) -> &[u8] {
        let buffer = self.buffer();
        let start = usize::from(buffer.header.start);
        &buffer.data.0[start..start + usize::from(buffer.header.length)]
    }

    /// The packet's bytes, to edit in place.
    #[inline]
    pub fn data_mut(&mut self) -> &mut [u8] {
        let buffer = self.buffer_mut();
        let start = usize::from(buffer.header.start);
        &mut buffer.data.0[start..start + usize::from(buffer.header.length)]
    }

    /// The `N` bytes at `offset`; none if the packet ends before.
    #[inline(always)]
    pub fn chunk<const N: usize>(&self, offset: u16) -> Option<&[u8; N]> {
        let (buffer, offset) = (self.buffer(), usize::from(offset));
        if offset + N > usize::from(buffer.header.length) {
            return None;
        }
        let start = usize::from(buffer.header.start) + offset;
        buffer.data.0.get(start..start + N)?.first_chunk()
    }

    /// The packet's length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        usize::from(self.buffer().header.length)
    }

    /// Whether the packet has no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Offset of the first byte from the start of the buffer's data: bytes free in front.
    #[inline]
    pub fn headroom(&self) -> usize {
        usize::from(self.buffer().header.start)
    }

    /// Bytes free behind the data.
    #[inline]
    pub fn tailroom(&self) -> usize {
        DATA_BYTES - self.headroom() - self.len()
    }

    /// The annotations.
    #[inline]
    pub fn annotations(&self) -> &Annotations {
        &self.buffer().header.annotations
    }

    /// The annotations, to change.
    #[inline]
    pub fn annotations_mut(&mut self) -> &mut Annotations {
        &mut self.buffer_mut().header.annotations
    }

    /// How many bytes the packet once was longer (Click's EXTRA_LENGTH).
    #[inline]
    pub fn extra_length(&self) -> u16 {
        self.buffer().header.extra_length
    }

    /// Says how many bytes the packet once was longer.
    #[inline]
    pub fn set_extra_length(&mut self, bytes: u16) {
        self.buffer_mut().header.extra_length = bytes;
    }

    /// Removes `count` bytes from the front; false (and no change) if the packet is shorter.
    #[inline]
    #[must_use]
    pub fn pull_front(&mut self, count: usize) -> bool {
        if count > self.len() {
            return false;
        }
        let buffer = self.buffer_mut();
        buffer.header.start += count as u16;
        buffer.header.length -= count as u16;
        true
    }

    /// Adds `count` bytes in front (their values are what lay there); false (and no change) without the headroom.
    #[inline]
    #[must_use]
    pub fn push_front(&mut self, count: usize) -> bool {
        if count > self.headroom() {
            return false;
        }
        let buffer = self.buffer_mut();
        buffer.header.start -= count as u16;
        buffer.header.length += count as u16;
        true
    }

    /// Cuts the packet to `length` bytes, if it is longer.
    #[inline]
    pub fn truncate(&mut self, length: usize) {
        if length < self.len() {
            self.buffer_mut().header.length = length as u16;
        }
    }

    /// Appends `bytes`; false (and no change) without the tailroom.
    #[inline]
    #[must_use]
    pub fn append(&mut self, bytes: &[u8]) -> bool {
        let buffer = self.buffer_mut();
        let end = usize::from(buffer.header.start) + usize::from(buffer.header.length);
        // No sum is too large: a slice has at most isize::MAX bytes.
        let Some(room) = buffer.data.0.get_mut(end..end + bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        buffer.header.length += bytes.len() as u16;
        true
    }

    /// Appends `length` bytes, the first of `bytes`, as [`Packet::append`] does. Up to 64 bytes cost no call of a function
    /// that copies: so many are copied always, and those behind the data are nobody's.
    #[inline]
    #[must_use]
    pub fn append_front<const N: usize>(&mut self, bytes: &[u8; N], length: usize) -> bool {
        const BLOCK: usize = 64;
        let buffer = self.buffer_mut();
        let end = usize::from(buffer.header.start) + usize::from(buffer.header.length);
        match (bytes.first_chunk::<BLOCK>(), buffer.data.0.get_mut(end..end + BLOCK)) {
            (Some(bytes), Some(room)) if length <= BLOCK => {
                room.copy_from_slice(bytes);
                buffer.header.length += length as u16;
                true
            }
            _ => self.append_many(bytes, length),
        }
    }

    // By itself, lest the compiler makes one copy of both.
    #[inline(never)]
    fn append_many(&mut self, bytes: &[u8], length: usize) -> bool {
        bytes.get(..length).is_some_and(|bytes| self.append(bytes))
    }

    /// The bytes from the network header on; empty if that is unknown or lies outside the packet.
    #[inline]
    pub fn network(&self) -> &[u8] {
        self.behind(self.annotations().network_offset)
    }

    /// The first `N` bytes from the network header on; none if that is unknown or they do not lie in the packet.
    #[inline(always)]
    pub fn network_chunk<const N: usize>(&self) -> Option<&[u8; N]> {
        self.chunk_behind(self.annotations().network_offset)
    }

    /// The first `N` bytes from the transport header on; none if that is unknown or they do not lie in the packet.
    #[inline(always)]
    pub fn transport_chunk<const N: usize>(&self) -> Option<&[u8; N]> {
        self.chunk_behind(self.annotations().transport_offset)
    }

    /// The bytes from the transport header on; empty if that is unknown or lies outside the packet.
    #[inline]
    pub fn transport(&self) -> &[u8] {
        self.behind(self.annotations().transport_offset)
    }

    /// The bytes from the network header on, to edit; empty if that is unknown or lies outside the packet.
    #[inline]
    pub fn network_mut(&mut self) -> &mut [u8] {
        self.behind_mut(self.annotations().network_offset)
    }

    /// The bytes from the transport header on, to edit; empty if that is unknown or lies outside the packet.
    #[inline]
    pub fn transport_mut(&mut self) -> &mut [u8] {
        self.behind_mut(self.annotations().transport_offset)
    }

    /// Says that the network header begins at byte `at` of the data, and the transport header `length` bytes later.
    #[inline]
    pub fn set_network(&mut self, at: usize, length: usize) {
        let start = self.headroom() + at;
        let annotations = self.annotations_mut();
        annotations.network_offset = start as u16;
        annotations.transport_offset = (start + length) as u16;
    }

    /// The `N` bytes in front of the network header: the end of the frame's header, even if that was stripped. None if the
    /// network header is unknown.
    #[inline]
    pub fn before_network<const N: usize>(&self) -> Option<&[u8; N]> {
        let offset = usize::from(self.annotations().network_offset);
        self.buffer().data.0.get(..offset)?.last_chunk()
    }

    #[inline]
    fn behind(&self, offset: u16) -> &[u8] {
        let buffer = self.buffer();
        let end = usize::from(buffer.header.start) + usize::from(buffer.header.length);
        if offset == 0 { &[] } else { buffer.data.0.get(usize::from(offset)..end).unwrap_or(&[]) }
    }

    #[inline(always)]
    fn chunk_behind<const N: usize>(&self, offset: u16) -> Option<&[u8; N]> {
        let buffer = self.buffer();
        let end = usize::from(buffer.header.start) + usize::from(buffer.header.length);
        // One comparison: 0, which is unknown, becomes 65535, which is behind every end.
        if usize::from(offset.wrapping_sub(1)) + N >= end {
            return None;
        }
        let offset = usize::from(offset);
        buffer.data.0.get(offset..offset + N)?.first_chunk()
    }

    #[inline]
    fn behind_mut(&mut self, offset: u16) -> &mut [u8] {
        let buffer = self.buffer_mut();
        let end = usize::from(buffer.header.start) + usize::from(buffer.header.length);
        if offset == 0 { &mut [] } else { buffer.data.0.get_mut(usize::from(offset)..end).unwrap_or(&mut []) }
    }

    /// Copies this packet, annotations and headroom included, into `other`.
    pub fn copy_into(&self, other: &mut Packet) {
        let (start, length) = (self.headroom(), self.len());
        let target = other.buffer_mut();
        target.header.start = start as u16;
        target.header.length = length as u16;
        target.header.annotations = *self.annotations();
        (target.header.extra_length, target.header.user) = (self.extra_length(), self.buffer().header.user);
        target.data.0[start..start + length].copy_from_slice(self.data());
    }
}

impl Drop for Packet {
    #[inline]
    fn drop(&mut self) {
        if let Some(buffer) = self.0.take()
            && let Some(pool) = buffer.header.pool
        {
            pool.give_back(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    #[test]
    fn stripping_and_prepending_are_inverse() {
        let mut packet = packet(&[1, 2, 3, 4]);
        assert!(packet.pull_front(3));
        assert_eq!(packet.data(), [4]);
        assert!(!packet.pull_front(2));
        assert!(packet.push_front(3));
        assert_eq!(packet.data(), [1, 2, 3, 4]);
        assert!(!packet.push_front(HEADROOM_BYTES + 1));
    }

    #[test]
    fn what_was_received_lies_in_its_buffer() {
        let received = |start, length| {
            let packet = Packet::received_at(packet(&[7]).into_buffer(), start, length, 3);
            (packet.headroom(), packet.len(), packet.annotations().port)
        };
        assert_eq!(received(64, 1500), (64, 1500, 3));
        assert_eq!(received(DATA_BYTES - 1, 1500), (DATA_BYTES - 1, 1, 3));
        assert_eq!(received(usize::MAX, usize::MAX), (DATA_BYTES, 0, 3));
    }

    #[test]
    fn annotation_bytes_hold_what_is_put_there_and_travel_with_a_copy() {
        let [mut packet, mut copy] = [[].as_slice(), &[1]].map(packet);
        for offset in 0..=48 {
            packet.set_annotation_byte(offset, offset + 1);
            let held = if Packet::has_annotation_byte(offset) { offset + 1 } else { 0 };
            assert_eq!(packet.annotation_byte(offset), held, "{offset}");
        }
        packet.set_extra_length(0x0203);
        packet.annotations_mut().flags = Annotations::FIX_IP_SRC | 5;
        assert_eq!([17, 19, 28, 29].map(|offset| packet.annotation_byte(offset)), [5, 1, 3, 2]);
        packet.copy_into(&mut copy);
        assert!((0..48).all(|offset| copy.annotation_byte(offset) == packet.annotation_byte(offset)));
        let fresh = Packet::new(copy.into_buffer());
        assert!((0..48).all(|offset| fresh.annotation_byte(offset) == 0));
    }

    #[test]
    fn append_stops_at_the_tailroom() {
        let mut packet = packet(&[]);
        assert!(packet.append(&[7; DATA_BYTES - HEADROOM_BYTES]));
        assert_eq!(packet.tailroom(), 0);
        assert!(!packet.append(&[1]));
    }

    #[test]
    fn a_chunk_lies_in_the_packet() {
        let mut packet = packet(&[1, 2, 3, 4]);
        assert_eq!(
            [packet.chunk(0), packet.chunk(2), packet.chunk(3), packet.chunk(u16::MAX)],
            [Some(&[1, 2]), Some(&[3, 4]), None, None]
        );
        assert_eq!(packet.network_chunk::<0>(), None);
        for (offset, header) in [(0, Some(&[1, 2])), (2, Some(&[3, 4])), (3, None), (4, None), (DATA_BYTES, None)] {
            packet.set_network(offset, 0);
            assert_eq!([packet.network_chunk(), packet.transport_chunk()], [header; 2], "{offset}");
        }
    }

    #[test]
    fn a_header_outside_the_packet_reads_as_empty() {
        let mut packet = packet(&[1, 2, 3, 4]);
        assert_eq!(packet.network(), []);
        packet.annotations_mut().network_offset = HEADROOM_BYTES as u16 + 2;
        assert_eq!(packet.network(), [3, 4]);
        packet.truncate(1);
        assert_eq!(packet.network(), []);
    }
}
