// SPDX-License-Identifier: Apache-2.0
//! A machine made of lists, for tests: frames in, frames out, a clock that one sets.

#[cfg(feature = "host")]
pub mod rule_sets;

use crate::{Batch, Buffer, BufferPool, Element, Outputs, Packet, PacketIo, Pull, Turn};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Buffers on the heap. Those that come back are used again, so long runs do not grow.
struct Heap(Mutex<Vec<&'static mut Buffer>>);

static HEAP: Heap = Heap(Mutex::new(Vec::new()));
static POOL: &dyn BufferPool = &HEAP;

impl BufferPool for Heap {
    fn give_back(&self, buffer: &'static mut Buffer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

/// A packet with `bytes` as data.
pub fn packet(bytes: &[u8]) -> Packet {
    let returned = HEAP.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut packet = Packet::new(returned.unwrap_or_else(|| Box::leak(Box::new(Buffer::new(Some(&POOL))))));
    assert!(packet.append(bytes), "{} bytes do not fit a buffer", bytes.len());
    packet
}

/// The value of an element's read handler.
pub fn read<E: Element>(element: &E, handler: &str) -> String {
    let mut value = String::new();
    element.read_handler(handler, &mut value).expect("the element has this read handler");
    value
}

/// A machine whose ports are lists of frames.
#[derive(Default)]
pub struct ListIo {
    /// Frames that will arrive, per port.
    pub arriving: Vec<VecDeque<Vec<u8>>>,
    /// Frames that were sent, per port.
    pub sent: Vec<Vec<Vec<u8>>>,
    /// What `message` showed.
    pub printed: Vec<String>,
    /// What `print` wrote.
    pub written: String,
    /// The files.
    pub files: BTreeMap<String, String>,
    /// The clock.
    pub now_ns: u64,
    /// Most frames that one `transmit` takes; none is no limit.
    pub transmit_limit: Option<usize>,
    /// Packets that `allocate` still gives; none is no limit.
    pub buffers: Option<usize>,
    /// Ports with nobody at the other end.
    pub down: Vec<usize>,
    /// The signals that came since the last round.
    pub signals: u32,
    /// Whether an element asked for the machine's end.
    pub stopped: bool,
}

impl ListIo {
    /// A machine with `ports` empty ports.
    pub fn new(ports: usize) -> Self {
        ListIo { arriving: vec![VecDeque::new(); ports], sent: vec![Vec::new(); ports], ..Default::default() }
    }
}

impl PacketIo for ListIo {
    fn receive(&mut self, port: usize, batch: &mut Batch) {
        while batch.room() > 0
            && let Some(frame) = self.arriving[port].pop_front()
        {
            let mut packet = packet(&frame);
            packet.annotations_mut().port = port as u8;
            let _ = batch.push(packet);
        }
    }

    fn transmit(&mut self, port: usize, batch: &mut Batch) {
        let limit = self.transmit_limit.unwrap_or(usize::MAX);
        self.sent[port].extend(batch.drain(limit).map(|packet| packet.data().to_vec()));
    }

    fn transmit_room(&mut self, _port: usize) -> usize {
        self.transmit_limit.unwrap_or(crate::BURST)
    }

    fn is_up(&self, port: usize) -> bool {
        !self.down.contains(&port)
    }

    fn allocate(&mut self) -> Option<Packet> {
        if let Some(buffers) = &mut self.buffers {
            *buffers = buffers.checked_sub(1)?;
        }
        Some(packet(&[]))
    }

    fn now_ns(&self) -> u64 {
        self.now_ns
    }

    fn signals(&self) -> u32 {
        self.signals
    }

    fn stop(&mut self) {
        self.stopped = true;
    }

    fn message(&mut self, text: std::fmt::Arguments<'_>) {
        self.printed.push(text.to_string());
    }

    fn print(&mut self, text: &str) {
        self.written.push_str(text);
    }

    fn write_file(&mut self, name: &str, fresh: bool, text: &str) -> bool {
        let file = self.files.entry(name.into()).or_default();
        if fresh {
            file.clear();
        }
        file.push_str(text);
        true
    }

    fn read_file(&mut self, name: &str, out: &mut dyn std::fmt::Write) -> bool {
        self.files.get(name).is_some_and(|text| out.write_str(text).is_ok())
    }
}

/// Outputs that keep what they are given.
#[derive(Default)]
pub struct Collected<const N: usize>(pub Vec<(usize, Packet)>);

impl<const N: usize> Outputs for Collected<N> {
    const COUNT: usize = N;

    fn room(&self, port: usize) -> usize {
        crate::BURST - self.0.iter().filter(|(used, _)| *used == port).count()
    }

    fn emit(&mut self, port: usize, packet: Packet) {
        if port < N {
            self.0.push((port, packet));
        }
    }
}

/// Packets of one byte each.
pub fn packets<const N: usize>(bytes: [u8; N]) -> VecDeque<Packet> {
    bytes.iter().map(|byte| packet(&[*byte])).collect()
}

/// A machine around an element of shape `Pull`, whose inputs are lists.
pub struct Pulling<const N: usize> {
    /// The machine.
    pub io: ListIo,
    /// What each input will give.
    pub inputs: [VecDeque<Packet>; N],
}

impl<const N: usize> Pulling<N> {
    /// One whose inputs will give these.
    pub fn new(inputs: [VecDeque<Packet>; N]) -> Self {
        Pulling { io: ListIo::new(0), inputs }
    }

    /// The element's next packet.
    pub fn pull<E: Pull>(&mut self, element: &mut E) -> Option<Packet> {
        let mut answer = None;
        loop {
            match element.turn(&mut self.io, answer) {
                Turn::Pull(input) => answer = Some((input, self.inputs[input].pop_front())),
                Turn::Give(packet) => return Some(packet),
                Turn::Rest => return None,
            }
        }
    }

    /// The first bytes of all packets that there are now.
    pub fn pull_all<E: Pull>(&mut self, element: &mut E) -> Vec<u8> {
        std::iter::from_fn(|| self.pull(element)).map(|packet| packet.data()[0]).collect()
    }
}
