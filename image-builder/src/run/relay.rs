// SPDX-License-Identifier: Apache-2.0
//! The NICs that we serve: a thread per NIC takes what its VM sends, writes it to captures and passes it to the other members
//! of its segment; a thread per replay sends frames in.

use super::frames::Recorder;
use super::host::Port;
use super::layout::Layout;
use crate::build::Place;
use anyhow::anyhow;
use qemu::MAX_FRAME_BYTES;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a VM may leave a frame lying. A replay fails then; a relayed frame is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon a thread notices that it shall stop.
const NAP: Duration = Duration::from_millis(20);

/// A NIC that we serve.
pub struct Served {
    /// Which.
    pub place: Place,
    port: Box<dyn Port>,
    /// Frames that we sent into the VM.
    pub sent: AtomicU64,
    /// Frames and bytes that the VM sent out.
    pub received: AtomicU64,
    /// See `received`.
    pub received_bytes: AtomicU64,
    /// Frames for this VM that it left lying.
    pub lost: AtomicU64,
    recorders: Vec<usize>,
}

/// What all threads share.
pub struct Relay {
    /// Every NIC that we serve.
    pub served: Vec<Served>,
    segments: Vec<Vec<usize>>,
    recorders: Vec<Mutex<Recorder>>,
    times: Mutex<Times>,
    trouble: Mutex<Option<anyhow::Error>>,
    stop: AtomicBool,
}

/// When traffic began and when the last frame came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// The first frame that was sent in.
    pub first_in: Option<Instant>,
    /// The last frame that was sent in.
    pub last_in: Option<Instant>,
    /// The last frame that came out.
    pub last_out: Option<Instant>,
}

impl Relay {
    /// With the ends of NICs that `end` gives.
    pub fn new(layout: &Layout, mut end: impl FnMut(Place) -> anyhow::Result<Box<dyn Port>>) -> anyhow::Result<Relay> {
        let recorders: Vec<_> = layout
            .captures
            .iter()
            .map(|(_, attachment)| Recorder::create(Path::new(&attachment.what)).map(Mutex::new))
            .collect::<anyhow::Result<_>>()?;
        let (mut served, mut index) = (Vec::new(), BTreeMap::new());
        for &place in layout.segments.iter().flatten() {
            let port = end(place)?;
            let listening =
                |(number, (places, _)): (usize, &(Vec<Place>, _))| places.contains(&place).then_some(number);
            let recorders = layout.captures.iter().enumerate().filter_map(listening).collect();
            index.insert(place, served.len());
            let (sent, received, received_bytes, lost) = Default::default();
            served.push(Served { place, port, sent, received, received_bytes, lost, recorders });
        }
        let segments = layout.segments.iter().map(|members| members.iter().map(|place| index[place]).collect());
        let (times, trouble, stop) = Default::default();
        Ok(Relay { segments: segments.collect(), served, recorders, times, trouble, stop })
    }

    /// Starts to take what the VMs send.
    pub fn start(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        let threads = self.segments.iter().flatten().map(|&member| {
            let relay = Arc::clone(self);
            std::thread::spawn(move || relay.serve(member))
        });
        threads.collect()
    }

    /// Starts to send `frames` into `places`, `repeat` times.
    pub fn replay(self: &Arc<Self>, frames: Vec<Vec<u8>>, places: Vec<Place>, repeat: u32) -> JoinHandle<()> {
        let relay = Arc::clone(self);
        std::thread::spawn(move || {
            let targets: Vec<_> = relay.served.iter().filter(|served| places.contains(&served.place)).collect();
            for frame in (0..repeat).flat_map(|_| &frames) {
                for target in &targets {
                    if relay.stopped() {
                        return;
                    }
                    if let Err(error) = target.port.send(frame, Instant::now() + PATIENCE) {
                        // A VM that has ended says more about it than its socket.
                        return relay.fail(anyhow!(error).context("a VM takes no more frames"));
                    }
                    target.sent.fetch_add(1, Ordering::Relaxed);
                    relay.note_in();
                }
            }
        })
    }

    /// Ends all threads soon.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// What went wrong in a thread, if anything did.
    pub fn trouble(&self) -> anyhow::Result<()> {
        self.trouble.lock().expect("no holder panics").take().map_or(Ok(()), Err)
    }

    /// When traffic passed.
    pub fn times(&self) -> Times {
        *self.times.lock().expect("no holder panics")
    }

    /// The captures, to be finished. All threads have ended.
    pub fn recorders(self) -> impl Iterator<Item = Recorder> {
        self.recorders.into_iter().map(|recorder| recorder.into_inner().expect("no holder panics"))
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn fail(&self, error: anyhow::Error) {
        self.trouble.lock().expect("no holder panics").get_or_insert(error);
        self.stop();
    }

    fn note_in(&self) {
        let now = Instant::now();
        let mut times = self.times.lock().expect("no holder panics");
        times.first_in.get_or_insert(now);
        times.last_in = Some(now);
    }

    fn serve(&self, member: usize) {
        let served = &self.served[member];
        let mut buffer = vec![0; MAX_FRAME_BYTES];
        while !self.stopped() {
            match served.port.receive(&mut buffer, NAP) {
                Ok(None) => {}
                Ok(Some(length)) => self.pass(member, &buffer[..length]),
                Err(error) => self.fail(anyhow!(error).context("cannot receive from a VM")),
            }
        }
    }

    fn pass(&self, member: usize, frame: &[u8]) {
        let served = &self.served[member];
        self.times.lock().expect("no holder panics").last_out = Some(Instant::now());
        for &recorder in &served.recorders {
            if let Err(error) = self.recorders[recorder].lock().expect("no holder panics").add(frame) {
                return self.fail(error);
            }
        }
        let segment = self.segments.iter().find(|members| members.contains(&member));
        for &other in segment.into_iter().flatten().filter(|&&other| other != member) {
            let other = &self.served[other];
            let sent = other.port.send(frame, Instant::now() + PATIENCE).is_ok();
            if sent { &other.sent } else { &other.lost }.fetch_add(1, Ordering::Relaxed);
        }
        served.received_bytes.fetch_add(frame.len() as u64, Ordering::Relaxed);
        // Last: who compares it with the VM's count may then stop the relay.
        served.received.fetch_add(1, Ordering::Relaxed);
    }
}
