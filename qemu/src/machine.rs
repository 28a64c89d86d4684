// SPDX-License-Identifier: Apache-2.0
//! A machine and its command line.

use std::path::{Path, PathBuf};

/// QEMU's program.
pub const PROGRAM: &str = "qemu-system-x86_64";
/// The port of the debug console, and of the device that ends QEMU (see [`crate::Exit`]).
const DEBUG_CONSOLE: &str = "0xe9";
const DEBUG_EXIT: &str = "0xf4";
/// Where the firmwares put q35's memory-mapped configuration space (QEMU's `MCH_HOST_BRIDGE_PCIEXBAR_DEFAULT`). Without ACPI's
/// tables nobody else tells the kernel.
const Q35_ECAM: u64 = 0xb000_0000;
/// Where it is on a microvm (`PCIE_ECAM_BASE`).
const MICROVM_ECAM: u64 = 0xe000_0000;
/// The slot of the first device of ours; the machines keep slots 0, 1 and 31 for themselves.
const FIRST_SLOT: usize = 2;

/// A machine type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `microvm`: virtio over MMIO, the fastest to boot; with PCI Express instead where there are links.
    Microvm,
    /// `pc`: i440FX with PCI.
    Pc,
    /// `q35`: ICH9 with PCI Express.
    Q35,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Microvm, Kind::Pc, Kind::Q35];

    /// QEMU's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Microvm => "microvm",
            Kind::Pc => "pc",
            Kind::Q35 => "q35",
        }
    }

    /// `-machine` with all that we have no use for turned off, and the firmware that starts a PVH kernel soonest. Medians of 15
    /// runs in turn of the floor kernel with two NICs and a console, TCG, QEMU 7.2: microvm 22.6 ms; pc 27.8 and q35 27.1,
    /// where ACPI's tables would cost 4 ms more and SeaBIOS in qboot's place 55.7 and 53.9 ms in all.
    fn arguments(self, bus: Bus) -> Vec<&'static str> {
        match self {
            // It has PCI only with ACPI (QEMU 7.2). Up to the first line of the log it then takes 36.9 ms of CPU where pc takes 32.2
            // with the same devices (medians of 15 runs in turn).
            Kind::Microvm if bus == Bus::Pci => {
                vec!["-machine", "microvm,pcie=on,pit=off,pic=off,rtc=off,isa-serial=off,memory-backend=ram"]
            }
            // Without ACPI QEMU tells the kernel its virtio windows on the command line.
            Kind::Microvm => vec![
                "-machine",
                "microvm,acpi=off,pit=off,pic=off,rtc=off,isa-serial=off,memory-backend=ram",
                "-global",
                "virtio-mmio.force-legacy=false",
            ],
            Kind::Pc => vec![
                "-machine",
                "pc,acpi=off,usb=off,hpet=off,i8042=off,vmport=off,smm=off,graphics=off,memory-backend=ram",
                "-bios",
                "qboot.rom",
            ],
            Kind::Q35 => vec![
                "-machine",
                "q35,acpi=off,usb=off,sata=off,smbus=off,hpet=off,i8042=off,vmport=off,smm=off,graphics=off,memory-backend=ram",
                "-bios",
                "qboot.rom",
            ],
        }
    }

    /// Where PCI's configuration space is mapped, if it is.
    fn ecam(self) -> Option<u64> {
        match self {
            Kind::Microvm => Some(MICROVM_ECAM),
            Kind::Pc => None,
            Kind::Q35 => Some(Q35_ECAM),
        }
    }
}

/// What devices are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bus {
    Mmio,
    Pci,
}

impl Bus {
    fn nic_device(self) -> &'static str {
        match self {
            Bus::Mmio => "virtio-net-device",
            // Without the option ROM, which would boot from the network.
            Bus::Pci => "virtio-net-pci,disable-legacy=on,romfile=",
        }
    }

    fn serial_device(self) -> &'static str {
        match self {
            Bus::Mmio => "virtio-serial-device,max_ports=1",
            Bus::Pci => "virtio-serial-pci,disable-legacy=on,max_ports=1",
        }
    }

    /// The option that puts device number `index` into a slot of its own.
    fn slot(self, index: usize) -> String {
        match self {
            Bus::Mmio => String::new(),
            Bus::Pci => format!(",addr={:#x}", FIRST_SLOT + index),
        }
    }
}

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accel {
    /// The processor, through KVM.
    Kvm,
    /// QEMU's translator.
    Tcg,
}

impl Accel {
    /// QEMU's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Accel::Kvm => "kvm",
            Accel::Tcg => "tcg",
        }
    }

    /// The processor model: under emulation each feature costs, so the plainest that has all we use.
    fn cpu(self) -> &'static str {
        match self {
            Accel::Kvm => "host",
            Accel::Tcg => "qemu64",
        }
    }
}

impl Accel {
    /// One processor. Before QEMU 8.1 the translator leaves the guest's memory barriers out where there can be only one, though
    /// the devices run in another thread: then a notification is lost now and then and the queue stands still (QEMU commit
    /// c914d46d; seen here once in ten seconds of full load). Room for a second one brings the barriers back.
    fn processors(self) -> &'static str {
        match self {
            Accel::Kvm => "1",
            Accel::Tcg => "1,maxcpus=2",
        }
    }
}

/// What a NIC hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A pair of Unix datagram sockets, one frame a datagram: QEMU binds `local` and sends to `remote`.
    Dgram {
        /// QEMU's end.
        local: PathBuf,
        /// The other end.
        remote: PathBuf,
    },
    /// A TAP device that exists.
    Tap {
        /// Its name.
        name: String,
    },
    /// Nothing: frames sent are lost, none come.
    None,
}

/// A NIC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// What it hangs on.
    pub backend: Backend,
    /// Its address.
    pub mac: [u8; 6],
}

/// The device that a port of the guest is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortDevice {
    /// A NIC.
    Nic(Nic),
    /// One end of a link, which needs PCI.
    Link {
        /// How the guest reaches the link's memory.
        device: LinkDevice,
        /// Whether the guest trusts the one at the other end, and the link is in shared mode.
        shared: bool,
    },
}

/// What one end of a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkDevice {
    /// `ivshmem-doorbell`.
    Doorbell {
        /// The socket of this end, which a [`crate::LinkServer`] serves.
        socket: PathBuf,
    },
    /// `ivshmem-plain`: memory alone, which the guest polls.
    Plain {
        /// The file of a [`crate::PlainLink`].
        file: PathBuf,
        /// Its length.
        bytes: usize,
        /// Whether this is its second end, which the device does not tell.
        second: bool,
    },
}

/// A machine to start.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its name, for the process list.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// What executes it.
    pub accel: Accel,
    /// Its RAM.
    pub memory_mib: u32,
    /// The kernel: an ELF with a PVH note.
    pub kernel: PathBuf,
    /// Words for the kernel's command line.
    pub append: String,
    /// Its ports, in the order of the guest's.
    pub ports: Vec<PortDevice>,
    /// Where the socket of the control channel is made, if there is one.
    pub control: Option<PathBuf>,
}

impl Machine {
    /// The command line, program first. The log goes to standard output.
    pub fn command(&self) -> Vec<String> {
        let mut line = Line(vec![PROGRAM.into()]);
        line.add(&["-name", &self.name, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]);
        let bus = self.bus();
        line.add(&self.kind.arguments(bus));
        line.add(&["-accel", self.accel.name(), "-cpu", self.accel.cpu(), "-smp", self.accel.processors()]);
        // Shared memory of 4 KiB pages: with transparent huge pages the first touch of each 2 MiB costs milliseconds.
        let memory = format!("memory-backend-memfd,id=ram,share=on,size={}M", self.memory_mib);
        line.add(&["-m", &format!("{}M", self.memory_mib), "-object", &memory]);
        line.add(&["-kernel", &text(&self.kernel)]);
        line.add(&["-append", &self.kernel_words()]);
        for (index, port) in self.ports.iter().enumerate() {
            match port {
                PortDevice::Nic(nic) => line.nic(bus, index, nic),
                PortDevice::Link { device, .. } => line.link(index, device),
            }
        }
        line.add(&["-chardev", "file,id=log,path=/dev/stdout"]);
        line.add(&["-device", &format!("isa-debugcon,iobase={DEBUG_CONSOLE},chardev=log")]);
        line.add(&["-device", &format!("isa-debug-exit,iobase={DEBUG_EXIT},iosize=4")]);
        if let Some(socket) = &self.control {
            line.add(&["-device", &format!("{}{}", bus.serial_device(), bus.slot(self.ports.len()))]);
            let path = option(socket);
            line.add(&["-chardev", &format!("socket,id=control,path={path},server=on,wait=off")]);
            line.add(&["-device", "virtconsole,chardev=control"]);
        }
        line.0
    }

    /// The kernel's command line. Where devices are found by probing slots, it says in which ones they are. Which peers are trusted
    /// is said here, where no peer can write.
    fn kernel_words(&self) -> String {
        if self.bus() == Bus::Mmio {
            return self.append.clone();
        }
        let last = FIRST_SLOT + (self.ports.len() + usize::from(self.control.is_some())).saturating_sub(1);
        let mut slots = format!("{} virtio_slots={FIRST_SLOT}-{last}", self.append).trim_start().to_string();
        let second =
            |port: &PortDevice| matches!(port, PortDevice::Link { device: LinkDevice::Plain { second: true, .. }, .. });
        let shared = |port: &PortDevice| matches!(port, PortDevice::Link { shared: true, .. });
        for (word, bits) in [("second_ends", self.port_bits(second)), ("shared_links", self.port_bits(shared))] {
            if bits != 0 {
                slots += &format!(" {word}={bits:#x}");
            }
        }
        if let Some(ecam) = self.kind.ecam() {
            slots += &format!(" pci_ecam={ecam:#x}");
        }
        slots
    }

    /// What its devices are on. A microvm has either.
    fn bus(&self) -> Bus {
        let linked = self.ports.iter().any(|port| matches!(port, PortDevice::Link { .. }));
        if self.kind != Kind::Microvm || linked { Bus::Pci } else { Bus::Mmio }
    }

    /// A bit for each port that is such a one.
    fn port_bits(&self, such: impl Fn(&PortDevice) -> bool) -> u64 {
        self.ports.iter().enumerate().fold(0, |bits, (port, device)| bits | u64::from(such(device)) << port)
    }

    /// The command line as one pastes it into a shell.
    pub fn shell_command(&self) -> String {
        shell_words(&self.command())
    }
}

struct Line(Vec<String>);

impl Line {
    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| word.to_string()));
    }

    fn nic(&mut self, bus: Bus, index: usize, nic: &Nic) {
        let device = format!("{}{},mac={}", bus.nic_device(), bus.slot(index), mac(nic.mac));
        let netdev = match &nic.backend {
            Backend::None => return self.add(&["-device", &device]),
            Backend::Dgram { local, remote } => format!(
                "dgram,id=nic{index},local.type=unix,local.path={},remote.type=unix,remote.path={}",
                option(local),
                option(remote)
            ),
            // The guest offers no offloads, so the header that carries them is only a cost.
            Backend::Tap { name } => format!("tap,id=nic{index},ifname={name},script=no,downscript=no,vnet_hdr=off"),
        };
        self.add(&["-netdev", &netdev, "-device", &format!("{device},netdev=nic{index}")]);
    }

    fn link(&mut self, index: usize, device: &LinkDevice) {
        let slot = Bus::Pci.slot(index);
        match device {
            LinkDevice::Doorbell { socket } => {
                let chardev = format!("socket,id=link{index},path={}", option(socket));
                let device = format!("ivshmem-doorbell,vectors=1,chardev=link{index}{slot}");
                self.add(&["-chardev", &chardev, "-device", &device]);
            }
            LinkDevice::Plain { file, bytes, .. } => {
                let file = option(file);
                let memory = format!("memory-backend-file,id=link{index},mem-path={file},size={bytes},share=on");
                self.add(&["-object", &memory, "-device", &format!("ivshmem-plain,memdev=link{index}{slot}")]);
            }
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A path as part of a QEMU option, where a comma is doubled.
fn option(path: &Path) -> String {
    text(path).replace(',', ",,")
}

fn mac(bytes: [u8; 6]) -> String {
    bytes.map(|byte| format!("{byte:02x}")).join(":")
}

/// Words as one pastes them into a shell.
pub fn shell_words(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=,./:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            name: "fw".into(),
            kind: Kind::Pc,
            accel: Accel::Tcg,
            memory_mib: 8,
            kernel: "/tmp/it's/fw.elf".into(),
            append: "tsc_khz=1 a=b".into(),
            ports: vec![
                PortDevice::Nic(Nic { backend: Backend::Tap { name: "tap0".into() }, mac: [0x52, 0x54, 0, 0, 0, 1] }),
                PortDevice::Link { device: LinkDevice::Doorbell { socket: "/tmp/link,b".into() }, shared: true },
                PortDevice::Link {
                    device: LinkDevice::Plain { file: "/tmp/c,d".into(), bytes: 4096, second: true },
                    shared: false,
                },
            ],
            control: Some("/tmp/a,b".into()),
        }
    }

    #[test]
    fn a_shell_gives_the_words_back() {
        let machine = machine();
        let printed = std::process::Command::new("sh")
            .args(["-c", &format!("printf '%s\\n' {}", machine.shell_command())])
            .output()
            .unwrap();
        let words: Vec<_> = std::str::from_utf8(&printed.stdout).unwrap().lines().map(String::from).collect();
        assert_eq!(words, machine.command());
    }

    #[test]
    fn a_translated_guest_keeps_its_memory_barriers() {
        // QEMU before 8.1 leaves them out where a second processor cannot exist, and a virtqueue then stands still now and then.
        let command = machine().command();
        let place = command.iter().position(|word| word == "-smp").unwrap();
        assert_eq!(command[place + 1], "1,maxcpus=2");
    }

    #[test]
    fn commas_in_paths_are_doubled() {
        let command = machine().shell_command();
        assert!(
            command.contains("path=/tmp/a,,b,server=on")
                && command.contains("path=/tmp/link,,b ")
                && command.contains("path=/tmp/c,,d,"),
            "{command}"
        );
    }

    #[test]
    fn a_microvm_has_pci_where_it_has_a_link() {
        let mut machine = Machine { kind: Kind::Microvm, ..machine() };
        let command = machine.shell_command();
        assert!(command.contains("microvm,pcie=on") && command.contains("pci_ecam=0xe0000000"), "{command}");
        assert!(command.contains("virtio-net-pci") && command.contains("virtio-serial-pci"), "{command}");
        machine.ports.truncate(1);
        let command = machine.shell_command();
        assert!(command.contains("virtio-net-device") && !command.contains("pci"), "{command}");
    }

    #[test]
    fn each_port_has_a_slot_in_the_order_of_the_ports() {
        let command = machine().shell_command();
        for device in [
            "mac=52:54:00:00:00:01,netdev=nic0",
            "chardev=link1,addr=0x3",
            "memdev=link2,addr=0x4",
            "max_ports=1,addr=0x5",
        ] {
            assert!(command.contains(device), "{device}: {command}");
        }
        assert!(command.contains("addr=0x2,mac=") && command.contains("virtio_slots=2-5"), "{command}");
        assert!(command.contains(" second_ends=0x4 shared_links=0x2"), "{command}");
    }
}
