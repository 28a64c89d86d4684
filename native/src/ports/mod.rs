// SPDX-License-Identifier: Apache-2.0
//! A port: a device, captures, or both.

mod device;

use crate::captures::{Reader, Writer};
use crate::options::{Attachment, What};
use crate::pool;
use device::Device;
use nf_elements::chains::envelope;
use nf_elements::{BURST, Batch, DATA_BYTES, HEADROOM_BYTES, OwnHost, Packet};
use std::os::fd::BorrowedFd;

/// Link type Ethernet.
const DLT_EN10MB: u32 = 1;
/// The longest frame that fits a fresh buffer.
const MOST_BYTES: usize = DATA_BYTES - HEADROOM_BYTES;

/// What a wiring's port number stands for.
pub struct Port {
    name: String,
    index: u8,
    /// Whether each frame is in an envelope that says its chain.
    carries_chains: bool,
    bad_envelopes: u64,
    replay: Option<Reader>,
    has_replayed: bool,
    capture: Option<Writer>,
    device: Option<Device>,
    too_long: u64,
    trouble: Option<String>,
}

/// Opens what the command line says is at the ports. A port that it says nothing of is the network interface of its name; a
/// host that it says nothing of is not there. `chain_ports` are those, as bits, whose frames carry their chain.
pub fn open(
    names: &[&str],
    chain_ports: u64,
    hosts: &[OwnHost],
    attachments: &[Attachment],
) -> Result<Vec<Port>, String> {
    let names: Vec<&str> = names.iter().copied().chain(hosts.iter().map(|host| host.name)).collect();
    let devices = names.len() - hosts.len();
    let carries_chains = |index: u8| chain_ports.checked_shr(index.into()).is_some_and(|bits| bits & 1 == 1);
    let mut ports: Vec<Port> =
        names.iter().zip(0..).map(|(name, index)| Port::new(name, index, carries_chains(index))).collect();
    for attachment in attachments {
        let known = || format!("no port '{}'; there is {}", attachment.port, names.join(", "));
        let port = ports.iter_mut().find(|port| port.name == attachment.port).ok_or_else(known)?;
        port.attach(&attachment.what)?;
    }
    for port in ports[..devices].iter_mut().filter(|port| !port.is_attached()) {
        let advice = format!(
            "say what port {0} is: --replay {0}=FILE, --capture {0}=FILE, --tap {0}=TAP, --device {0}=INTERFACE",
            port.name
        );
        port.device = Some(Device::socket(&port.name).map_err(|error| format!("{error}; {advice}"))?);
    }
    Ok(ports)
}

impl Port {
    fn new(name: &str, index: u8, carries_chains: bool) -> Port {
        Port {
            name: name.into(),
            index,
            carries_chains,
            bad_envelopes: 0,
            replay: None,
            has_replayed: false,
            capture: None,
            device: None,
            too_long: 0,
            trouble: None,
        }
    }

    fn attach(&mut self, what: &What) -> Result<(), String> {
        let taken = match what {
            What::Replay(file) => self.replay.replace(Reader::open(&file.to_string_lossy())?).is_some(),
            What::Capture(file) => {
                let writer = Writer::create(&file.to_string_lossy(), DLT_EN10MB, 0, true);
                let writer = writer.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
                self.capture.replace(writer).is_some()
            }
            What::Tap(name) => self.device.replace(Device::tap(name)?).is_some(),
            What::Device(name) => self.device.replace(Device::socket(name)?).is_some(),
        };
        self.has_replayed |= self.replay.is_some();
        if taken { Err(format!("port '{}' is given twice", self.name)) } else { Ok(()) }
    }

    fn is_attached(&self) -> bool {
        self.has_replayed || self.capture.is_some() || self.device.is_some()
    }

    /// Whether something can come from outside at any time.
    pub fn is_real(&self) -> bool {
        self.device.is_some()
    }

    /// Whether it is fed from a capture.
    pub fn has_replayed(&self) -> bool {
        self.has_replayed
    }

    /// To poll with.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.device.as_ref().map(Device::fd)
    }

    /// Fills `batch` with what came.
    pub fn receive(&mut self, batch: &mut Batch) {
        while batch.room() > 0
            && let Some(mut packet) = self.next()
        {
            if self.carries_chains && !envelope::open(&mut packet) {
                self.bad_envelopes += 1;
                continue;
            }
            let _ = batch.push(packet);
        }
    }

    fn next(&mut self) -> Option<Packet> {
        if self.replay.is_some()
            && let Some(packet) = self.next_replayed()
        {
            return Some(packet);
        }
        let buffer = pool::take()?;
        let received = self.device.as_mut().and_then(|device| device.receive(&mut buffer.data.0[HEADROOM_BYTES..]));
        // Even without a frame it becomes a packet: that is how the buffer goes back.
        let packet = Packet::received(buffer, received.unwrap_or(0), self.index);
        received.map(|_| packet)
    }

    fn next_replayed(&mut self) -> Option<Packet> {
        loop {
            let frame = self.replay.as_mut()?.next_frame().unwrap_or_else(|error| {
                self.trouble.get_or_insert(error);
                None
            });
            let Some(frame) = frame else {
                self.replay = None;
                return None;
            };
            if frame.data.len() > MOST_BYTES {
                self.too_long += 1;
                continue;
            }
            let mut packet = Packet::new(pool::take()?);
            let _ = packet.append(&frame.data);
            packet.annotations_mut().port = self.index;
            packet.annotations_mut().timestamp_ns = frame.timestamp_ns;
            return Some(packet);
        }
    }

    /// Sends the packets of `batch`; those that the device does not take now stay there.
    pub fn transmit(&mut self, now_ns: u64, batch: &mut Batch) {
        let mut sent = 0;
        if !self.is_attached() {
            return;
        }
        for packet in batch.iter_mut() {
            if self.carries_chains && !envelope::seal(packet) {
                self.bad_envelopes += 1;
                sent += 1;
                continue;
            }
            if let Some(device) = &mut self.device
                && !device.send(packet.data())
            {
                // It stays as it was, to be sent again.
                let _ = self.carries_chains && envelope::open(packet);
                break;
            }
            if let Some(capture) = &self.capture {
                let stamped = packet.annotations().timestamp_ns;
                let at = if stamped == 0 { now_ns } else { stamped };
                if let Err(error) = capture.add(at, packet.data(), packet.len()) {
                    self.trouble.get_or_insert(format!("cannot write the capture of port {}: {error}", self.name));
                }
            }
            sent += 1;
        }
        batch.drain(sent);
    }

    /// How many packets it would take.
    pub fn transmit_room(&mut self) -> usize {
        if self.device.as_mut().is_none_or(Device::has_room) { BURST } else { 0 }
    }

    /// Tells what went wrong.
    pub fn finish(&mut self) -> Result<(), String> {
        if self.too_long > 0 {
            eprintln!(
                "warning: port {}: {} frames of more than {MOST_BYTES} bytes were left out",
                self.name, self.too_long
            );
        }
        if self.bad_envelopes > 0 {
            eprintln!(
                "warning: port {}: {} frames had no sound envelope or no room for one",
                self.name, self.bad_envelopes
            );
        }
        self.trouble.take().map_or(Ok(()), Err)
    }
}
