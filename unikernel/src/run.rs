// SPDX-License-Identifier: Apache-2.0
//! The VM's life: bring the machine up, then run the wiring until somebody says stop.

use crate::boot::{exceptions, paging, pvh::StartInfo};
use crate::control_server::{ControlServer, Wish};
use crate::memory::{FreeRam, POOL};
use crate::time::Clock;
use crate::virtio::{Found, console, discover, net};
use crate::{apic, power};
use heapless::Vec;
use nf_elements::{Batch, Graph, Packet, PacketIo};

/// Most ports of a VM.
const MAX_PORTS: usize = 16;
/// Rounds without work before the processor sleeps.
const IDLE_ROUNDS: u32 = 16;

/// The machine that the wiring runs on.
struct Machine {
    ports: Vec<&'static mut net::Nic, MAX_PORTS>,
    clock: Clock,
    now_ns: u64,
    ready_ns: u64,
    first_out_ns: u64,
    rounds: u64,
    sleeps: u64,
    stopped: bool,
}

/// Brings the machine up and runs `graph`.
pub fn main<G: Graph>(graph: &'static mut G, start_info: &'static StartInfo, entry_tsc: u64) -> ! {
    let (machine, control) = boot(start_info, entry_tsc, G::PORTS.len());
    machine.run(graph, control)
}

/// Brings the machine up. Not generic, so that it is compiled for size with its crate, not for speed with the wiring.
fn boot(start_info: &StartInfo, entry_tsc: u64, ports_wanted: usize) -> (Machine, Option<ControlServer>) {
    let (ram, command_line) = (start_info.ram(), start_info.command_line());
    paging::enter(&ram);
    exceptions::enter();
    apic::enable();
    let clock = Clock::start(entry_tsc, &command_line);
    let mut memory = FreeRam::behind(crate::memory::image_end(), &ram);
    let (ports, control) = attach(discover(start_info.rsdp_paddr(), &command_line), &mut memory);
    assert!(ports.len() == ports_wanted, "the chain gives this VM {} ports, the VMM {}", ports_wanted, ports.len());
    memory.fill(&POOL);
    let mut machine =
        Machine { ports, clock, now_ns: 0, ready_ns: 0, first_out_ns: 0, rounds: 0, sleeps: 0, stopped: false };
    for port in &mut machine.ports {
        port.refill();
        port.notify();
    }
    machine.ready_ns = machine.clock.now_ns();
    (machine, control)
}

/// Starts the drivers: the ports in order, and the control channel if there is one.
fn attach<const N: usize>(
    devices: Vec<Found, N>,
    memory: &mut FreeRam,
) -> (Vec<&'static mut net::Nic, MAX_PORTS>, Option<ControlServer>) {
    let (mut ports, mut control) = (Vec::new(), None);
    for device in devices {
        let number = ports.len();
        let result = match device.id {
            net::DEVICE_ID if number < MAX_PORTS => {
                net::Nic::new(device.transport, memory, number as u8).map(|nic| drop(ports.push(memory.place(nic))))
            }
            console::DEVICE_ID => console::Console::new(device.transport, memory)
                .map(|console| control = Some(ControlServer::new(console))),
            _ => Ok(()),
        };
        if let Err(error) = result {
            defmt::error!("virtio device {=u32} cannot be used: {}", device.id, error);
        }
    }
    (ports, control)
}

impl Machine {
    fn run<G: Graph>(mut self, graph: &mut G, mut control: Option<ControlServer>) -> ! {
        if let Some(control) = &mut control {
            control.say_ready(self.ready_ns);
        }
        for (name, port) in G::PORTS.iter().zip(&self.ports) {
            let [a, b, c, d, e, f] = port.mac();
            defmt::info!(
                "port {=str}: {=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}",
                name,
                a,
                b,
                c,
                d,
                e,
                f
            );
        }
        let mut idle_rounds = 0;
        loop {
            let busy = self.round(graph);
            if let Some(control) = &mut control
                && control.poll(graph, |name| self.read(name)) == Wish::PowerOff
            {
                power_off(control, self.clock);
            }
            if self.stopped {
                defmt::info!("stopped by an element");
                power::off();
            }
            idle_rounds = if busy { 0 } else { idle_rounds + 1 };
            if idle_rounds >= IDLE_ROUNDS {
                self.sleep(control.as_mut());
                idle_rounds = 0;
            }
        }
    }

    /// Runs every task of the wiring once, then tells the devices. True if a packet moved.
    #[inline]
    fn round<G: Graph>(&mut self, graph: &mut G) -> bool {
        self.rounds += 1;
        self.now_ns = self.clock.now_ns();
        let busy = graph.run(self);
        for port in &mut self.ports {
            port.notify();
        }
        busy
    }

    /// Halts until a device has something, unless one has already.
    fn sleep(&mut self, control: Option<&mut ControlServer>) {
        let mut idle = true;
        for port in &mut self.ports {
            idle &= port.arm();
        }
        if let Some(control) = control {
            idle &= control.arm();
        }
        if idle {
            self.sleeps += 1;
            power::halt();
        }
        for port in &mut self.ports {
            port.disarm();
        }
    }

    /// The machine's own handlers, [`control::MACHINE_HANDLERS`].
    fn read(&self, name: &str) -> Option<u64> {
        Some(match name {
            "now_ns" => self.now_ns,
            "ready_ns" => self.ready_ns,
            "first_out_ns" => self.first_out_ns,
            "free_buffers" => POOL.free() as u64,
            "rounds" => self.rounds,
            "sleeps" => self.sleeps,
            "device_errors" => self.ports.iter().map(|port| port.errors()).sum(),
            _ => return self.read_port(name),
        })
    }
}

impl Machine {
    /// `received_N` and `sent_N`: frames of port N.
    fn read_port(&self, name: &str) -> Option<u64> {
        let (what, number) = name.split_once('_')?;
        let port = self.ports.get(number.parse::<usize>().ok()?)?;
        match what {
            "received" => Some(port.received()),
            "sent" => Some(port.sent()),
            _ => None,
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
        self.ports[port].receive(batch);
    }

    #[inline]
    fn transmit(&mut self, port: usize, batch: &mut Batch) {
        if self.first_out_ns == 0 && !batch.is_empty() {
            self.first_out_ns = self.clock.now_ns();
        }
        self.ports[port].transmit(batch);
    }

    #[inline]
    fn transmit_room(&mut self, port: usize) -> usize {
        self.ports[port].transmit_room()
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
        self.stopped = true;
    }

    fn print(&mut self, label: &str, packet: &Packet, bytes: usize) {
        let shown = &packet.data()[..packet.len().min(bytes)];
        defmt::info!("{=str}: {=usize} | {=[u8]:02x}", label, packet.len(), shown);
    }
}
