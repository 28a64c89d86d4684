// SPDX-License-Identifier: Apache-2.0
//! The VM's life: bring the machine up, then run the wiring until somebody says stop.

use crate::boot::paging;
use crate::boot::parameters::Parameters;
use crate::boot::pvh::StartInfo;
use crate::channel::Channel;
use crate::control_server::{ControlServer, MachineCall, Wish};
use crate::devices::{Devices, Found};
#[cfg(feature = "host")]
use crate::hosts::Hosts;
use crate::idle::Polling;
use crate::link::Link;
use crate::memory::{FreeRam, POOL};
use crate::mode::Drive;
use crate::port::Port;
use crate::shared_link::SharedLink;
use crate::tap::{self, Tap};
use crate::time::Clock;
use crate::virtio::{console, net};
use crate::xen::{self, Managed, Xen};
use crate::{apic, ivshmem, power};
use heapless::Vec;
#[cfg(feature = "host")]
use nf_elements::OwnHost;
use nf_elements::chains::envelope;
use nf_elements::{BURST, Batch, Graph, HandlerError, Packet, PacketIo};
use ring::{End, RegionError};

/// Most ports of a VM.
pub const MAX_PORTS: usize = 16;
/// While there is work, the TLB is flushed when bits of the time from this one on change: every 0.27 s.
const TLB_FLUSH_SHIFT: u32 = 28;

/// The machine that the wiring runs on.
struct Machine {
    ports: Vec<Port, MAX_PORTS>,
    /// Those, as bits, whose frames are in envelopes that say their chains, and what had no sound one or no room for one.
    enveloped: u64,
    bad_envelopes: u64,
    #[cfg(feature = "host")]
    hosts: Hosts,
    clock: Clock,
    now_ns: u64,
    ready_ns: u64,
    first_out_ns: u64,
    first_out_ran_ns: u64,
    rounds: u64,
    sleeps: u64,
    /// Ports, by the bits of their numbers, whose room did not suffice for a burst in this round: somebody may wait for more.
    awaited: u64,
    /// How often elements asked for the end since this was last cleared.
    stops_asked: u32,
    timer: Option<apic::Timer>,
    /// What Xen gives, if it is below.
    xen: Option<Managed>,
    /// Where ports cannot wake the processor.
    polling: Option<Polling>,
    drive: Drive,
}

/// Brings the machine up and runs `graph`.
pub fn main<G: Graph>(graph: &'static mut G, start_info: &'static StartInfo, entry_tsc: u64) -> ! {
    #[cfg(not(feature = "host"))]
    const {
        assert!(G::HOSTS.is_empty(), "a VM with hosts of its own needs the feature `host`")
    };
    let (machine, rest) = boot(start_info, entry_tsc, G::PORTS.len());
    #[cfg(feature = "host")]
    let machine = machine.with_hosts(G::HOSTS);
    let machine = machine.with_envelopes(G::CHAIN_PORTS);
    graph.start();
    machine.run(graph, rest)
}

/// What is brought up once frames flow: the devices that are no ports, and memory for them.
struct Rest {
    devices: Devices,
    memory: FreeRam,
}

/// Brings the machine and its ports up. Not generic, so that it is compiled for size with its crate, not for speed with the
/// wiring.
fn boot(start_info: &StartInfo, entry_tsc: u64, ports_wanted: usize) -> (Machine, Rest) {
    let xen = xen::find();
    let image_end = crate::memory::image_end();
    let parameters = Parameters::read(start_info.command_line());
    let mut memory = FreeRam::behind(image_end, start_info.ram_end(image_end as u64));
    let xen = xen.map(|found| Xen::start(found, &mut memory, ports_wanted));
    let clock = match xen {
        Some(xen) => xen.clock(entry_tsc),
        None => Clock::start(entry_tsc, parameters.tsc_khz),
    };

    let mut xen = xen.map(|xen| Managed::new(xen, &mut memory));
    let ends = LinkEnds { shared: parameters.shared_links, second: parameters.second_ends };
    let mut devices = Devices::new(start_info.rsdp_paddr(), parameters);
    let mut ports = match &mut xen {
        Some(managed) => xen::ports(managed, &mut memory, clock, ports_wanted),
        None => ports(&mut devices, &mut memory, ports_wanted, ends),
    };
    share(&mut ports);
    let polled = ports.iter().any(Port::is_polled);
    let rest = Rest { devices, memory: memory.part(console::MEMORY_BYTES) };
    memory.fill(&POOL);
    let mut machine = Machine {
        ports,
        enveloped: 0,
        bad_envelopes: 0,
        #[cfg(feature = "host")]
        hosts: Hosts::default(),
        clock,
        now_ns: 0,
        ready_ns: 0,
        first_out_ns: 0,
        first_out_ran_ns: 0,
        rounds: 0,
        awaited: 0,
        sleeps: 0,
        stops_asked: 0,
        timer: None,
        xen,
        polling: polled.then(Polling::new),
        drive: Drive::new(),
    };
    machine.ports.iter_mut().for_each(|port| port.begin());
    machine.ready_ns = machine.clock.now_ns();
    (machine, rest)
}

/// What links do not tell themselves, by bits of port numbers.
#[derive(Clone, Copy)]
struct LinkEnds {
    /// They lead to trusted VMs.
    shared: u64,
    /// They are second ends.
    second: u64,
}

/// Brings the ports up, in order: the VMM gives them before other devices.
fn ports(devices: &mut Devices, memory: &mut FreeRam, wanted: usize, ends: LinkEnds) -> Vec<Port, MAX_PORTS> {
    let mut ports = Vec::new();
    while ports.len() < wanted
        && let Some(device) = devices.next()
    {
        if let Some(port) = port(device, memory, ports.len() as u8, ends) {
            drop(ports.push(port));
        }
    }
    assert!(ports.len() == wanted, "the chain gives this VM {} ports, the VMM {}", wanted, ports.len());
    ports
}

/// Has the NICs receive into the buffers of the first link that shares its own: most of what comes leaves by it.
fn share(ports: &mut [Port]) {
    if let Some(buffers) = ports.iter().find_map(Port::buffers) {
        ports.iter_mut().for_each(|port| port.receive_into(buffers));
    }
}

/// Brings `device` up as port number `number`, if it is one that can be.
fn port(device: Found, memory: &mut FreeRam, number: u8, ends: LinkEnds) -> Option<Port> {
    match device {
        Found::Virtio { id: net::DEVICE_ID, transport } => match net::Nic::new(transport, memory, number) {
            Ok(nic) => return Some(Port::Nic(memory.place(nic))),
            Err(error) => defmt::error!("a NIC cannot be used: {}", error),
        },
        Found::Virtio { .. } => {}
        Found::Link(device) => match link(device, memory, number, ends) {
            Ok(port) => return Some(port),
            Err(error) => defmt::error!("a link cannot be used: {}", defmt::Display2Format(&error)),
        },
    }
    None
}

fn link(device: ivshmem::Device, memory: &mut FreeRam, number: u8, ends: LinkEnds) -> Result<Port, RegionError> {
    let is = |bits: u64| bits >> number & 1 == 1;
    let second = device.id().map_or_else(|| is(ends.second), |id| id == 1);
    let end = if second { End::B } else { End::A };
    Ok(if is(ends.shared) {
        let link = SharedLink::new(device, end, memory, number)?;
        Port::Shared(memory.place(link))
    } else {
        Port::Link(memory.place(Link::new(device, end, number)?))
    })
}

impl Rest {
    /// Brings the control channel up, if there is one.
    #[inline(never)]
    fn control(mut self) -> Option<ControlServer> {
        self.devices.log();
        let transport = self.devices.find_map(|device| match device {
            Found::Virtio { id: console::DEVICE_ID, transport } => Some(transport),
            Found::Virtio { id: net::DEVICE_ID, .. } | Found::Link(_) => {
                defmt::warn!("a port too many: the chain gives this VM none for it");
                None
            }
            Found::Virtio { .. } => None,
        })?;
        match console::Console::new(transport, &mut self.memory) {
            Ok(console) => Some(ControlServer::new(Channel::Virtio(console))),
            Err(error) => {
                defmt::error!("the control channel cannot be used: {}", error);
                None
            }
        }
    }
}

impl Machine {
    #[cfg(feature = "host")]
    fn with_hosts(self, hosts: &[OwnHost]) -> Self {
        let ethernet = self.ports.iter().find_map(Port::mac);
        Machine { hosts: Hosts::new(hosts, ethernet, || POOL.take().map(Packet::new)), ..self }
    }

    /// Frames of these ports say their chains, if the devices do not.
    fn with_envelopes(mut self, chain_ports: u64) -> Self {
        let bare = self.ports.iter().enumerate().filter(|(_, port)| !port.carries_annotations());
        self.enveloped = chain_ports & bare.fold(0, |bits, (index, _)| bits | 1 << index);
        self
    }

    /// Takes received frames out of their envelopes.
    #[cold]
    fn open(&mut self, batch: &mut Batch) {
        let bad = &mut self.bad_envelopes;
        batch.retain(|packet| {
            let sound = envelope::open(packet);
            *bad += u64::from(!sound);
            sound
        });
    }

    /// Puts as many frames into envelopes as the port will take: what it leaves stays as it is.
    #[cold]
    fn seal(&mut self, port: usize, batch: &mut Batch) {
        let (mut room, bad) = (self.ports[port].transmit_room(), &mut self.bad_envelopes);
        batch.retain(|packet| {
            if room == 0 {
                return true;
            }
            let sealed = envelope::seal(packet);
            room -= usize::from(sealed);
            *bad += u64::from(!sealed);
            sealed
        });
    }

    fn run<G: Graph>(mut self, graph: &mut G, rest: Rest) -> ! {
        let tap = Tap::get();
        self.round(graph, tap);
        let mut control = match &mut self.xen {
            Some(managed) => {
                managed.begin(self.now_ns);
                Some(ControlServer::new(Channel::Xen(managed.channel)))
            }
            None => {
                apic::enable();
                rest.control()
            }
        };
        if let Some(control) = &mut control {
            control.say_ready(self.ready_ns, self.clock.now_ns());
        }
        self.wake_by_ports(G::PORTS);
        loop {
            let busy = self.round(graph, tap);
            if self.drive.is_due(self.now_ns) {
                self.drive.take(self.now_ns, self.received());
            }
            if self.xen.as_ref().is_some_and(|managed| managed.is_told(self.now_ns)) {
                self.look_after_xen();
            }
            if let Some(control) = &mut control
                && control.poll(graph, tap, self.now_ns, |call| self.answer(call)) == Wish::PowerOff
            {
                power_off(control, self.clock);
            }
            if (0..core::mem::take(&mut self.stops_asked)).any(|_| graph.may_stop()) {
                defmt::info!("stopped by an element");
                power::off();
            }
            if let Some(polling) = &mut self.polling {
                polling.note(busy);
            }
            if self.drive.may_sleep(busy) {
                self.sleep(graph.deadline_ns(), control.as_mut());
            }
        }
    }

    /// Lets the ports wake the processor, and logs which they are. Not inlined, as `sleep` is not.
    #[inline(never)]
    fn wake_by_ports(&mut self, names: &[&str]) {
        for (name, port) in names.iter().zip(&mut self.ports) {
            port.enable_interrupts();
            port.log(name);
        }
    }

    /// Runs every task of the wiring once, then tells the devices. True if a packet moved.
    #[inline]
    fn round<G: Graph>(&mut self, graph: &mut G, tap: &mut Tap) -> bool {
        self.rounds += 1;
        self.awaited = 0;
        let before_ns = core::mem::replace(&mut self.now_ns, self.clock.now_ns());
        if (before_ns ^ self.now_ns) >> TLB_FLUSH_SHIFT != 0 {
            paging::flush_tlb();
        }
        let busy = if tap.is_on() { tap::round(graph, self, tap) } else { graph.run(self) };
        for port in &mut self.ports {
            port.notify();
        }
        busy
    }

    /// Takes the time of the first frame that is sent.
    #[cold]
    fn note_first_out(&mut self) {
        self.first_out_ns = self.clock.now_ns();
        self.first_out_ran_ns = self.xen.as_ref().map_or(0, |managed| managed.xen.running_ns());
    }

    /// Has the tasks of Xen do what there is for them, if there is something.
    #[inline]
    fn look_after_xen(&mut self) {
        if let Some(managed) = &mut self.xen
            && managed.take_events(self.now_ns)
        {
            managed.poll(self.now_ns);
        }
    }

    /// Halts for `ns`, or for ever, unless a device has something.
    fn halt(&mut self, ns: Option<u64>) {
        match (&self.xen, ns) {
            (Some(managed), ns) => return managed.xen.sleep(ns),
            (None, Some(ns)) => {
                let timer = self.timer.get_or_insert_with(|| apic::Timer::measure(&self.clock));
                timer.arm(self.clock.now_ns(), ns);
            }
            (None, None) => {}
        }
        power::halt();
    }

    /// Halts until a device has something or it is `deadline_ns`, unless that is so already. Not inlined: it is compiled for size.
    #[inline(never)]
    fn sleep(&mut self, deadline_ns: Option<u64>, control: Option<&mut ControlServer>) {
        let now_ns = self.clock.now_ns();
        let look_ns = self.polling.as_mut().map(|polling| polling.deadline(now_ns));
        let tasks_ns = self.xen.as_ref().and_then(|managed| managed.xen.moments.next_ns());
        let deadline_ns = [deadline_ns, look_ns, tasks_ns].into_iter().flatten().min();
        let left_ns = deadline_ns.map(|deadline_ns| deadline_ns.saturating_sub(now_ns));
        let mut idle = left_ns != Some(0);
        for (number, port) in self.ports.iter_mut().enumerate() {
            idle &= port.arm(self.awaited >> number & 1 == 1);
        }
        if let Some(control) = control {
            idle &= control.arm();
        }
        if idle {
            self.sleeps += 1;
            self.halt(left_ns);
        }
        self.look_after_xen();
        for port in &mut self.ports {
            port.disarm();
        }
    }

    /// The machine's own handlers, [`control::MACHINE_HANDLERS`].
    fn answer(&mut self, call: MachineCall) -> Result<(), HandlerError> {
        match call {
            MachineCall::Read(name, out) => match self.read(name) {
                Some(value) => Ok(write!(out, "{value}")?),
                None => self.drive.read(name, out),
            },
            MachineCall::Write(name, value) => self.drive.write(name, value),
        }
    }

    /// Frames that came in by all ports.
    fn received(&self) -> u64 {
        self.ports.iter().map(Port::received).fold(0, u64::wrapping_add)
    }

    /// What is a number and nothing can change.
    fn read(&self, name: &str) -> Option<u64> {
        Some(match name {
            "now_ns" => self.now_ns,
            "ready_ns" => self.ready_ns,
            "first_out_ns" => self.first_out_ns,
            "first_out_ran_ns" => self.first_out_ran_ns,
            "free_buffers" => POOL.free() as u64,
            "rounds" => self.rounds,
            "sleeps" => self.sleeps,
            "device_errors" => self.ports.iter().map(|port| port.errors()).sum::<u64>() + self.bad_envelopes,
            _ => return self.read_port(name),
        })
    }
}

impl Machine {
    /// What port N tells: `received_N`, `sent_N`, and more of a link.
    fn read_port(&self, name: &str) -> Option<u64> {
        let (what, number) = name.rsplit_once('_')?;
        let port = self.ports.get(number.parse::<usize>().ok()?)?;
        match what {
            "received" => Some(port.received()),
            "sent" => Some(port.sent()),
            _ => port.read(what),
        }
    }
}

/// Powers off when the answer to the request is out, or the host does not take it.
fn power_off(control: &mut ControlServer, clock: Clock) -> ! {
    const PATIENCE_NS: u64 = 100_000_000;
    let deadline = clock.now_ns() + PATIENCE_NS;
    while !control.is_drained() && clock.now_ns() < deadline {}
    power::off()
}

impl PacketIo for Machine {
    #[inline]
    fn receive(&mut self, port: usize, batch: &mut Batch) {
        #[cfg(feature = "host")]
        if let Some(host) = port.checked_sub(self.ports.len()) {
            return self.hosts.receive(host, self.now_ns, batch);
        }
        self.ports[port].receive(batch);
        if self.enveloped >> port & 1 == 1 {
            self.open(batch);
        }
    }

    #[inline]
    fn transmit(&mut self, port: usize, batch: &mut Batch) {
        #[cfg(feature = "host")]
        if let Some(host) = port.checked_sub(self.ports.len()) {
            return self.hosts.transmit(host, batch);
        }
        if self.first_out_ns == 0 && !batch.is_empty() {
            self.note_first_out();
        }
        if self.enveloped >> port & 1 == 1 {
            self.seal(port, batch);
        }
        self.ports[port].transmit(batch);
    }

    #[inline]
    fn transmit_room(&mut self, port: usize) -> usize {
        #[cfg(feature = "host")]
        if let Some(host) = port.checked_sub(self.ports.len()) {
            return self.hosts.transmit_room(host);
        }
        let room = self.ports[port].transmit_room();
        self.awaited |= u64::from(room < BURST) << port;
        room
    }

    #[inline]
    fn is_up(&self, port: usize) -> bool {
        self.ports.get(port).is_none_or(Port::is_up)
    }

    #[inline]
    fn allocate(&mut self) -> Option<Packet> {
        POOL.take().map(Packet::new)
    }

    #[inline]
    fn now_ns(&self) -> u64 {
        self.now_ns
    }

    fn stop(&mut self) {
        self.stops_asked = self.stops_asked.saturating_add(1);
    }

    fn message(&mut self, text: core::fmt::Arguments<'_>) {
        defmt::info!("{}", defmt::Display2Format(&text));
    }
}
