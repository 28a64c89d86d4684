// SPDX-License-Identifier: Apache-2.0
//! Load from both ends of a chain: numbered frames, so that each one is known again.

use super::until;
use qemu::Port;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Frames with numbers, one after the other, into a network; and those that come out of it.
#[derive(Default)]
struct Station {
    /// The number of the last frame that was to be sent, and how many were.
    number: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    /// The greatest number that came.
    last: AtomicU64,
    /// Frames that no station sent, and frames that came out of order or twice.
    foreign: AtomicU64,
    repeated: AtomicU64,
    /// Who has it keeps the station from sending.
    gate: Mutex<()>,
    stop: AtomicBool,
}

/// Not longer than a slot of a ring: what a ring lost in slots is so many frames.
const FRAME_BYTES: usize = 60;

/// Frame number `number`, which stands there twice: nobody makes one by chance.
fn frame(number: u64) -> [u8; FRAME_BYTES] {
    let mut frame = [0x02; FRAME_BYTES];
    frame[16..24].copy_from_slice(&number.to_be_bytes());
    frame[24..32].copy_from_slice(&(!number).to_be_bytes());
    frame
}

/// The number of a frame that a station sent.
fn number(bytes: &[u8]) -> Option<u64> {
    let number = u64::from_be_bytes(bytes.get(16..24)?.try_into().ok()?);
    (bytes == frame(number)).then_some(number)
}

impl Station {
    fn new() -> Arc<Station> {
        Arc::default()
    }

    fn start(self: &Arc<Self>, port: &Arc<Port>) -> [JoinHandle<()>; 2] {
        let [sender, receiver] = [0, 1].map(|_| (Arc::clone(self), Arc::clone(port)));
        let sender = std::thread::spawn(move || sender.0.send(&sender.1));
        [sender, std::thread::spawn(move || receiver.0.receive(&receiver.1))]
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn send(&self, port: &Port) {
        while !self.stopped() {
            let gate = self.gate.lock().unwrap();
            self.send_one(port);
            drop(gate);
            // So many that the machine's other work goes on.
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// Sends the next frame, as who has the gate.
    fn send_one(&self, port: &Port) {
        let number = 1 + self.number.fetch_add(1, Ordering::Relaxed);
        // A VM that is gone takes none.
        if port.send(&frame(number), Instant::now() + Duration::from_millis(20)).is_ok() {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn receive(&self, port: &Port) {
        let mut buffer = vec![0; qemu::MAX_FRAME_BYTES];
        while !self.stopped() {
            let Some(length) = port.receive(&mut buffer, Duration::from_millis(20)).unwrap() else { continue };
            let Some(number) = number(&buffer[..length]) else {
                self.foreign.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            if number <= self.last.fetch_max(number, Ordering::Relaxed) {
                self.repeated.fetch_add(1, Ordering::Relaxed);
            }
            self.received.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The two stations, and the frames between them.
pub struct Load {
    stations: [Arc<Station>; 2],
    ports: Vec<Arc<Port>>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    pub fn start(ports: &[Arc<Port>]) -> Load {
        let stations = [Station::new(), Station::new()];
        let threads = stations.iter().zip(ports).flat_map(|(station, port)| station.start(port)).collect();
        Load { stations, ports: ports.to_vec(), threads }
    }

    /// For each direction (to the right, to the left) the frames that went in, and that came out.
    pub fn counts(&self) -> [(u64, u64); 2] {
        [0, 1].map(|from| {
            let (sent, received) = (&self.stations[from].sent, &self.stations[1 - from].received);
            (sent.load(Ordering::Relaxed), received.load(Ordering::Relaxed))
        })
    }

    /// The numbers of the last frames of both stations so far.
    pub fn marks(&self) -> [u64; 2] {
        let _held = self.hold();
        self.stations.each_ref().map(|station| station.number.load(Ordering::Relaxed))
    }

    /// Waits until frames have come out, in both directions, that were sent behind `marks`.
    pub fn pass(&self, marks: [u64; 2]) {
        until("no frames pass", || {
            (0..2).all(|from| self.stations[1 - from].last.load(Ordering::Relaxed) > marks[from])
        });
    }

    /// While the stations are held: sends a frame from each, and waits until both have come out. Nothing overtakes a frame, so
    /// whatever will come out has done so then.
    pub fn flush(&self) {
        let marks = self.stations.each_ref().map(|station| station.number.load(Ordering::Relaxed));
        self.stations.iter().zip(&self.ports).for_each(|(station, port)| station.send_one(port));
        self.pass(marks);
    }

    /// Keeps both stations from sending.
    pub fn hold(&self) -> [MutexGuard<'_, ()>; 2] {
        self.stations.each_ref().map(|station| station.gate.lock().unwrap())
    }

    /// By station, frames that no station sent, and frames that came out of order or twice.
    pub fn wrong(&self) -> [(u64, u64); 2] {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        self.stations.each_ref().map(|station| (count(&station.foreign), count(&station.repeated)))
    }

    pub fn stop(self) {
        self.stations.iter().for_each(|station| station.stop.store(true, Ordering::Relaxed));
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
