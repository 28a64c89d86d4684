// SPDX-License-Identifier: Apache-2.0
//! The network device, virtio 1.2 §5.1: one receive and one transmit queue, bursts, no offloads.
#![allow(unsafe_code)]

use super::queue::{MAX_SIZE, Queue, Rings};
use super::{EVENT_IDX, Error, Transport, VERSION_1, negotiate, start};
use crate::memory::{FreeRam, POOL};
use crate::shared_pool::Buffers;
use core::ptr::NonNull;
use nf_elements::{BURST, Batch, Buffer, DATA_BYTES, HEADROOM_BYTES, Packet};

/// The device id, §5.1.1.
pub const DEVICE_ID: u32 = 1;
/// `VIRTIO_NET_F_MAC`
const F_MAC: u64 = 1 << 5;
/// Bytes of `struct virtio_net_hdr` of a modern device, §5.1.6. It lies in the headroom, right before the frame.
const HEADER_BYTES: usize = 12;
const RECEIVE: u16 = 0;
const TRANSMIT: u16 = 1;

/// A network device.
pub struct Nic {
    transport: Transport,
    port: u8,
    receive: Queue<NonNull<Buffer>>,
    transmit: Queue<NonNull<Buffer>>,
    /// Where it receives into, before the VM's own pool.
    shared: Option<Buffers>,
    received: u64,
    sent: u64,
    /// Received buffers whose length cannot be; packets without the headroom for a header.
    bad_lengths: u64,
    no_headroom: u64,
}

/// Sets a queue up with the device.
pub fn make_queue<T>(
    transport: &mut Transport,
    memory: &mut FreeRam,
    index: u16,
    most: u16,
    features: u64,
) -> Result<Queue<T>, Error> {
    let offered = transport.select_queue(index)?;
    let size = 1 << offered.min(most).ilog2();
    // SAFETY: fresh pages, as many as the rings take; the size is a power of two.
    let rings = unsafe { Rings::new(memory.pages(Rings::bytes(size)), size) };
    let notify = transport.set_queue(index, offered, size, &rings);
    Ok(Queue::new(rings, notify, features & EVENT_IDX != 0))
}

impl Nic {
    /// Brings the device up as port number `port`; it receives from [`Nic::begin`] on.
    pub fn new(mut transport: Transport, memory: &mut FreeRam, port: u8) -> Result<Nic, Error> {
        let features = negotiate(&mut transport, VERSION_1 | EVENT_IDX | F_MAC)?;
        let receive = make_queue(&mut transport, memory, RECEIVE, MAX_SIZE, features)?;
        let transmit = make_queue(&mut transport, memory, TRANSMIT, MAX_SIZE, features)?;
        start(&mut transport);
        Ok(Nic {
            transport,
            port,
            receive,
            transmit,
            shared: None,
            received: 0,
            sent: 0,
            bad_lengths: 0,
            no_headroom: 0,
        })
    }

    /// The device's own address.
    pub fn mac(&self) -> [u8; 6] {
        core::array::from_fn(|index| self.transport.config(index))
    }

    /// Lets the device wake the processor. Until then it is polled, so this need not delay its first frame.
    pub fn enable_interrupts(&mut self) {
        self.transport.enable_interrupts();
    }

    /// Has it receive into `buffers`, and into the VM's own where there are none left. What it sends may then be a peer's, and is
    /// given back as soon as it is sent.
    pub fn receive_into(&mut self, buffers: Buffers) {
        self.shared = Some(buffers);
    }

    /// Frames that the device has brought so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Frames that the device has been given to send so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// What the device or an element did wrong: received buffers of impossible length, completions of buffers that were not
    /// outstanding, packets without headroom for the device's header.
    pub fn errors(&self) -> u64 {
        self.bad_lengths + self.no_headroom + self.receive.bad_ids() + self.transmit.bad_ids()
    }

    /// Gives the device a burst of buffers to receive into, if it lacks as many.
    #[inline]
    pub fn refill(&mut self) {
        if self.receive.free() >= BURST {
            self.offer(BURST);
        }
    }

    /// Gives the device its first buffers, few: each costs the first touch of its memory, and polling brings more at once.
    pub fn begin(&mut self) {
        const FIRST: usize = 2;
        self.offer(FIRST);
        self.receive.notify();
    }

    #[inline]
    fn offer(&mut self, buffers: usize) {
        for _ in 0..buffers {
            let Some(buffer) = self.shared.and_then(Buffers::take).or_else(|| POOL.take()) else { break };
            let buffer = NonNull::from(buffer);
            let length = (DATA_BYTES - HEADROOM_BYTES + HEADER_BYTES) as u32;
            self.receive
                .add(header_paddr(buffer, HEADROOM_BYTES), length, true, buffer)
                .expect("a descriptor was free");
        }
        self.receive.publish();
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        while batch.room() > 0 {
            let Some(mut used) = self.receive.take_used() else { break };
            self.received += 1;
            // SAFETY: the device has finished with the buffer, and nobody else has it.
            let buffer = unsafe { used.buffer.as_mut() };
            let length = (used.length as usize).wrapping_sub(HEADER_BYTES);
            let packet = Packet::received(buffer, length, self.port);
            if length > DATA_BYTES - HEADROOM_BYTES {
                self.bad_lengths += 1;
                continue;
            }
            let _ = batch.push(packet);
        }
        self.refill();
    }

    /// Takes back the buffers of frames that are sent.
    #[inline]
    fn reclaim(&mut self) {
        while let Some(mut used) = self.transmit.take_used() {
            // SAFETY: as in `receive`.
            drop(Packet::new(unsafe { used.buffer.as_mut() }));
        }
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        self.reclaim();
        self.transmit.free()
    }

    /// Sends the packets of `batch`; those that there is no room for stay.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        self.reclaim();
        let room = self.transmit.free();
        for mut packet in batch.drain(room) {
            if !packet.push_front(HEADER_BYTES) {
                self.no_headroom += 1;
                continue;
            }
            let (offset, length) = (packet.headroom(), packet.len() as u32);
            packet.data_mut()[..HEADER_BYTES].copy_from_slice(&[0; HEADER_BYTES]);
            let buffer = NonNull::from(packet.into_buffer());
            let paddr = header_paddr(buffer, offset + HEADER_BYTES);
            self.transmit.add(paddr, length, false, buffer).expect("there was room");
            self.sent += 1;
        }
        self.transmit.publish();
    }

    /// Tells the device of everything new, once.
    #[inline]
    pub fn notify(&mut self) {
        if self.shared.is_some() {
            self.reclaim();
        }
        self.transmit.notify();
        self.receive.notify();
    }

    /// Asks for an interrupt when a frame comes, and when one is sent if the queue is full or a peer may wait for its buffer. False if
    /// that is so already. Whether room is `awaited` changes nothing: it is only ever seen by [`transmit_room`](Self::transmit_room).
    pub fn arm(&mut self, _awaited: bool) -> bool {
        self.transport.acknowledge();
        let idle = self.receive.arm();
        let awaited = self.transmit.free() < BURST || self.shared.is_some() && self.transmit.outstanding() > 0;
        if awaited { self.transmit.arm() && idle } else { idle }
    }

    /// Asks for no interrupts.
    pub fn disarm(&mut self) {
        self.receive.disarm();
        self.transmit.disarm();
    }
}

/// Where the device's header of a frame at `offset` of the buffer's data lies.
#[inline]
fn header_paddr(buffer: NonNull<Buffer>, offset: usize) -> u64 {
    // SAFETY: no reference is made; the data lie within the buffer. Memory is identity-mapped.
    let data = unsafe { &raw mut (*buffer.as_ptr()).data };
    data as u64 + (offset - HEADER_BYTES) as u64
}
