// SPDX-License-Identifier: Apache-2.0
//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

/// Network functions as tiny virtual machines: a chain file in, bootable images out.
#[derive(Debug, Parser)]
#[command(
    name = "sluice",
    version,
    about,
    after_help = "Example:\n  sluice run examples/firewall.nf --replay lan=examples/captures/http_browsing.pcap --capture wan=wan.pcap"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a chain file: everything that is wrong with it, and nothing is built
    #[command(after_help = "Example:\n  sluice check examples/firewall.nf")]
    Check(CheckArgs),
    /// Build a bootable image per VM, and a manifest
    #[command(after_help = "Example:\n  sluice build examples/firewall.nf -o /tmp/firewall")]
    Build(BuildArgs),
    /// Build, boot on QEMU or Xen, pass traffic, report
    #[command(
        after_help = "Examples:\n  sluice run examples/firewall.nf --replay lan=examples/captures/http_browsing.pcap --capture wan=wan.pcap\n  sluice run examples/bridge.nf --tap left=tap0 --tap right=tap1\n  sluice run --on xen build/firewall --bridge lan=xenbr0 --bridge wan=xenbr1\n\nPORT is a network's name, or VM.PORT for one port of one VM. Without --replay it runs until Ctrl-C. --on xen is for a dom0, which has no cargo: give it a folder that sluice build made; each VM is the domain RUN.VM."
    )]
    Run(Box<RunArgs>),
    /// Build, and write what another toolstack needs to run the chain
    #[command(
        after_help = "Example:\n  sluice export xl examples/two-vms.nf -o /tmp/two-vms\n\nxl is Xen's: a .cfg file per VM, the images, and README.md with the commands in order."
    )]
    Export(ExportArgs),
    /// Run a Click configuration as a Linux process, as Click's own driver does
    #[command(
        disable_help_flag = true,
        after_help = "Examples:\n  sluice click -e 'InfiniteSource(LIMIT 3, STOP true) -> c :: Counter -> Discard' -h c.count\n  sluice click router.click --replay eth0=in.pcap --capture eth1=out.pcap\n\nA port that no option names is the network interface of that name."
    )]
    Click(Box<ClickArgs>),
    /// Run scripts: configurations with what they must print
    #[command(after_help = "Example:\n  sluice test nf-elements/scripts/Counter.test")]
    Test(TestArgs),
    /// List the elements, or describe one
    #[command(after_help = "Example:\n  sluice elements IPFilter")]
    Elements(ElementsArgs),
    /// Draw a chain file: networks, services, replicas and chains, as SVG
    #[command(after_help = "Example:\n  sluice graph examples/directed.nf -o directed.svg")]
    Graph(GraphArgs),
    /// Decode the log of an image (raw bytes of its debug console), or print the alerts of a running VM
    #[command(
        after_help = "Examples:\n  sluice run firewall.nf --print-command | sh | sluice logs build/firewall/fw.elf -\n  sluice logs --alerts ips --follow\n\nAlerts are fetched from IDS elements, which keep the last 128 each; how many came too fast to be kept is said."
    )]
    Logs(LogsArgs),
    /// Make a chain file of another firewall's rules
    #[command(
        after_help = "Example:\n  sluice import nft /etc/nftables.conf --lan eth1 --wan eth0 -o fw.nf\n  iptables-save | sluice import iptables /dev/stdin --lan eth1 --wan eth0\n\nThe chain with the hook forward, or FORWARD, becomes two filters, of packets from LAN to WAN and back. What is not supported there is an error with its line.\n\nA rule with a counter, in line 12 say, counts in the elements out_line12 and in_line12: sluice ctl fw read out_line12.count. What a rule rejects is answered, up to 1000 times a second for each way and kind of answer."
    )]
    Import(ImportArgs),
    /// List the runs and their VMs
    #[command(after_help = "Example:\n  sluice ps --json")]
    Ps(PsArgs),
    /// Show the rates, drops, buffers and processor time of a run's VMs
    #[command(after_help = "Examples:\n  sluice top\n  sluice top firewall --once --json")]
    Top(TopArgs),
    /// Read or write a handler of a running VM
    #[command(
        after_help = "Examples:\n  sluice ctl fw read filter.denied\n  sluice ctl firewall/fw write counter.reset\n  sluice ctl fw write filter.rules @new.rules\n\nThe VM's own handlers are those of the element 'machine', for example machine.free_buffers; of these machine.mode\ncan be written: adaptive, poll or interrupt."
    )]
    Ctl(CtlArgs),
    /// Give a service more or fewer VMs while frames pass
    #[command(
        after_help = "Example:\n  sluice scale inspect 3\n\nA service can have as many as its file says (replicas 2 to 4). A VM that joins takes its share of new flows as soon as it is ready; one that leaves takes no new ones, and is powered off when its flows have ended."
    )]
    Scale(ScaleArgs),
    /// Mirror what comes into an element, or passes a VM's ports, to a capture
    #[command(
        after_help = "Examples:\n  sluice trace fw.filter -w filter.pcap\n  sluice trace firewall/fw -w - --count 100 | tcpdump -n -r -\n\nWithout an element or port it is all ports. It ends with Ctrl-C, or as --count and --seconds say. What the VM has no room to keep until it is fetched is lost, and counted."
    )]
    Trace(TraceArgs),
    /// Speak BGP EVPN for a VTEP: its neighbours learn what is behind it, and its tables what is behind them
    #[command(
        after_help = "Examples:\n  sluice evpn run vtep examples/evpn.toml\n  sluice evpn show vtep --json\n\nIt runs in the foreground, beside the run whose VM has the element with the tables, and ends with Ctrl-C or with that run. When a session ends, the neighbour's routes leave the tables at once; when it ends itself, all of them do."
    )]
    Evpn(EvpnArgs),
    /// End a run: its VMs power off, its report is printed where it runs, and nothing of it stays
    #[command(after_help = "Examples:\n  sluice stop firewall\n  sluice stop --all")]
    Stop(StopArgs),
}

/// `graph`
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// The chain file
    pub file: PathBuf,
    /// Where the picture goes, if not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The chain file
    pub file: PathBuf,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// `build`
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The chain file
    pub file: PathBuf,
    /// Where the images and the manifest go [default: build/NAME]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Print the manifest as JSON
    #[arg(long)]
    pub json: bool,
}

/// `export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The toolstack
    #[arg(value_enum)]
    pub toolstack: Toolstack,
    /// The chain file
    pub file: PathBuf,
    /// Where the files and images go
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// What starts VMs in our place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Toolstack {
    /// Xen's
    Xl,
}

/// `run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The chain file, or the folder that `sluice build` made of it
    #[arg(value_name = "FILE | FOLDER")]
    pub file: PathBuf,
    /// Send the frames of a capture (pcap or pcapng) into PORT; may be given several times
    #[arg(long, value_name = "PORT=FILE")]
    pub replay: Vec<Attachment>,
    /// Replay each capture this many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Write what the VMs send out of PORT to a capture; may be given several times
    #[arg(long, value_name = "PORT=FILE")]
    pub capture: Vec<Attachment>,
    /// Put PORT on a TAP device that exists (needs root or its owner); may be given several times
    #[arg(long, value_name = "PORT=TAP")]
    pub tap: Vec<Attachment>,
    /// Put PORT on your Unix datagram socket, a frame a datagram: you bind PATH, the VM binds PATH.vm
    #[arg(long, value_name = "PORT=PATH")]
    pub socket: Vec<Attachment>,
    /// Put PORT in a bridge of dom0, on Xen; may be given several times
    #[arg(long, value_name = "PORT=BRIDGE")]
    pub bridge: Vec<Attachment>,
    /// What runs the VMs; on Xen, each is the domain RUN.VM
    #[arg(long, value_enum, default_value_t = Platform::Qemu)]
    pub on: Platform,
    /// The machine type [default: microvm; pc if VMs are linked]
    #[arg(long, value_enum)]
    pub machine: Option<MachineType>,
    /// What the links between VMs are
    #[arg(long, value_enum, default_value_t = Links::Auto)]
    pub links: Links,
    /// What executes the VMs; auto proves that KVM works before it takes it
    #[arg(long, value_enum, default_value_t = Acceleration::Auto)]
    pub accel: Acceleration,
    /// RAM of each VM, in MiB [default: what the chain file says, or 8]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub memory: Option<u32>,
    /// End after this many seconds, whatever happens
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub timeout: Option<u64>,
    /// Leave a VM down that ended without being asked, instead of starting it again
    #[arg(long)]
    pub no_restart: bool,
    /// Where the images and the manifest go [default: build/NAME]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// The run's name, by which other commands know it [default: the chain file's, with a number if that is taken]
    #[arg(long, value_name = "RUN")]
    pub name: Option<String>,
    /// Return when all VMs are ready, and leave them running in the background; prints the run's name
    #[arg(short, long, conflicts_with_all = ["replay", "print_command"])]
    pub detach: bool,
    /// Be what --detach leaves in the background
    #[arg(long, hide = true)]
    pub in_background: bool,
    /// Build, then print QEMU's command line for each VM instead of running it
    #[arg(long)]
    pub print_command: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `click`
#[derive(Debug, Args)]
pub struct ClickArgs {
    /// The configuration's file (- or none: standard input), and NAME=VALUE for its parameters
    #[arg(value_name = "FILE | NAME=VALUE")]
    pub arguments: Vec<String>,
    /// The configuration's file
    #[arg(short, long, value_name = "FILE")]
    pub file: Vec<String>,
    /// The configuration itself
    #[arg(short, long, value_name = "EXPR")]
    pub expression: Vec<String>,
    /// Print the value of a read handler at the end; ELEMENT may be a pattern or a class
    #[arg(short = 'h', long, value_name = "ELEMENT.HANDLER")]
    pub handler: Vec<String>,
    /// End with the value of a read handler as exit code
    #[arg(short = 'x', long, value_name = "ELEMENT.HANDLER")]
    pub exit_handler: Option<String>,
    /// Write a handler before the first packet
    #[arg(long, value_name = "ELEMENT.HANDLER VALUE")]
    pub write: Vec<String>,
    /// Do not run
    #[arg(short, long)]
    pub quit: bool,
    /// Write the configuration without compounds and variables to a file (- is standard output)
    #[arg(short, long, value_name = "FILE", overrides_with = "output")]
    pub output: Option<PathBuf>,
    /// Print how long it ran
    #[arg(short, long)]
    pub time: bool,
    /// Say nothing but errors
    #[arg(short = 'w', long)]
    pub no_warnings: bool,
    /// Simulate time: it jumps to the next event when nothing moves, and ends with the last one
    #[arg(long, value_name = "START", num_args = 0..=1, require_equals = true)]
    pub simtime: Option<Option<f64>>,
    /// Build, then print the process's command line instead of running it
    #[arg(long)]
    pub print_command: bool,
    /// What is at the ports.
    #[command(flatten)]
    pub attachments: Attachments,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    pub help: (),
}

/// What is at a process's ports.
#[derive(Debug, Args)]
pub struct Attachments {
    /// Let the frames of a capture (pcap or pcapng) come in at PORT
    #[arg(long, value_name = "PORT=FILE")]
    replay: Vec<Attachment>,
    /// Record what leaves by PORT
    #[arg(long, value_name = "PORT=FILE")]
    capture: Vec<Attachment>,
    /// Put PORT on a TAP device
    #[arg(long, value_name = "PORT=TAP")]
    tap: Vec<Attachment>,
    /// Put PORT on a network interface of another name
    #[arg(long, value_name = "PORT=INTERFACE")]
    device: Vec<Attachment>,
}

impl Attachments {
    /// Whether a TAP is among them.
    pub fn tap(&self) -> bool {
        !self.tap.is_empty()
    }

    /// As the process is told.
    pub fn for_the_process(&self) -> impl Iterator<Item = OsString> {
        let kinds =
            [("replay", &self.replay), ("capture", &self.capture), ("tap", &self.tap), ("device", &self.device)];
        kinds.into_iter().flat_map(|(kind, list)| {
            list.iter().map(move |one| OsString::from(format!("--{kind}={}={}", one.port, one.what)))
        })
    }
}

/// `test`
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Scripts, or folders of them
    #[arg(required = true, value_name = "FILE | FOLDER")]
    pub scripts: Vec<PathBuf>,
    /// Only scripts whose names contain this; may be given several times
    #[arg(long, value_name = "PART")]
    pub only: Vec<String>,
}

/// `elements`
#[derive(Debug, Args)]
pub struct ElementsArgs {
    /// One element's name
    pub name: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `logs`
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The image that wrote the log
    #[arg(required_unless_present = "alerts", conflicts_with = "alerts")]
    pub image: Option<PathBuf>,
    /// The log, or - for standard input
    #[arg(default_value = "-")]
    pub log: PathBuf,
    /// Print the alerts of a running VM as EVE JSON instead; RUN/VM if several runs have one of that name, all VMs of the run without a name
    #[arg(long, value_name = "VM", num_args = 0..=1, default_missing_value = "")]
    pub alerts: Option<String>,
    /// Go on with those that come
    #[arg(short, long, requires = "alerts")]
    pub follow: bool,
}

/// `ps`
#[derive(Debug, Args)]
pub struct PsArgs {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `top`
#[derive(Debug, Args)]
pub struct TopArgs {
    /// The run [default: the only one]
    pub run: Option<String>,
    /// Show it once, and end
    #[arg(long)]
    pub once: bool,
    /// The time between two looks, which rates are of
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = interval)]
    pub interval: f64,
    /// Print as JSON: a line for each look
    #[arg(long)]
    pub json: bool,
}

/// `ctl`
#[derive(Debug, Args)]
pub struct CtlArgs {
    /// The VM; RUN/VM if several runs have one of that name
    pub vm: String,
    /// What to do
    #[arg(value_enum)]
    pub action: CtlAction,
    /// The handler, and its parameter if it takes one
    #[arg(value_name = "ELEMENT.HANDLER")]
    pub handler: String,
    /// The value to write; for the rules of a StatefulFilter, @FILE: a rule on each line
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    pub value: Vec<String>,
}

/// What to do with a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CtlAction {
    /// Print its value
    Read,
    /// Give it a value
    Write,
}

/// `import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Whose rules they are
    #[arg(value_enum)]
    pub language: RuleLanguage,
    /// The file
    pub file: PathBuf,
    /// What the rules call the device at the network lan
    #[arg(long, value_name = "DEVICE", default_value = "lan")]
    pub lan: String,
    /// What the rules call the device at the network wan
    #[arg(long, value_name = "DEVICE", default_value = "wan")]
    pub wan: String,
    /// Where the chain goes [default: standard output]
    #[arg(short, long)]
    pub output: Option<PathBuf>,
}

/// A language of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RuleLanguage {
    /// nftables: a file for nft -f
    Nft,
    /// iptables: what iptables-save writes
    Iptables,
}

impl std::fmt::Display for RuleLanguage {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(if *self == RuleLanguage::Nft { "nft" } else { "iptables" })
    }
}

/// `scale`
#[derive(Debug, Args)]
pub struct ScaleArgs {
    /// The service; RUN/SERVICE if several runs have one of that name
    pub service: String,
    /// How many VMs it shall have
    pub replicas: usize,
    /// Do not wait until VMs that leave are gone
    #[arg(long)]
    pub no_wait: bool,
}

/// `trace`
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The VM, and an element or a port of it; RUN/VM if several runs have one of that name
    #[arg(value_name = "VM[.ELEMENT]")]
    pub target: String,
    /// Where the packets go, as pcap (- is standard output)
    #[arg(short, long, value_name = "FILE")]
    pub write: PathBuf,
    /// Keep so many bytes of each packet
    #[arg(long, value_name = "BYTES", default_value_t = 1518, value_parser = clap::value_parser!(u16).range(1..=2048))]
    pub snap: u16,
    /// End after so many packets
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seconds: Option<u64>,
}

/// `evpn`
#[derive(Debug, Args)]
pub struct EvpnArgs {
    /// What to do
    #[command(subcommand)]
    pub action: EvpnAction,
}

/// What to do with EVPN.
#[derive(Debug, Subcommand)]
pub enum EvpnAction {
    /// Check a configuration, and do nothing
    Check {
        /// The configuration
        file: PathBuf,
    },
    /// Speak with the neighbours of a configuration
    Run {
        /// The VM with the tables; RUN/VM if several runs have one of that name
        vm: String,
        /// The configuration
        file: PathBuf,
    },
    /// Show neighbours, hosts, and what the VTEP was told
    Show {
        /// The VM with the tables; RUN/VM if several runs have one of that name
        vm: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

/// `stop`
#[derive(Debug, Args)]
pub struct StopArgs {
    /// The run [default: the only one]
    pub run: Option<String>,
    /// All runs
    #[arg(long, conflicts_with = "run")]
    pub all: bool,
}

/// Seconds between two looks.
fn interval(text: &str) -> Result<f64, &'static str> {
    match text.parse() {
        Ok(seconds) if (0.01..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("wanted seconds, from 0.01 to 3600"),
    }
}

/// What runs VMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Platform {
    /// QEMU on this machine
    Qemu,
    /// Xen, by xl in its dom0
    Xen,
}

/// A machine type of QEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MachineType {
    /// i440FX with PCI
    Pc,
    /// ICH9 with PCI Express
    Q35,
    /// virtio over MMIO; the fastest to boot
    Microvm,
}

/// What a link between two VMs is, where nothing of ours or the user's is between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Links {
    /// Rings, unless the command is to be printed
    Auto,
    /// A NIC at each end, with a pair of sockets between
    Nic,
    /// Rings in memory that the two VMs share, with a doorbell
    Ring,
    /// The same without a doorbell: the VMs look now and then
    Plain,
}

/// What executes a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Acceleration {
    /// KVM if it really executes, else TCG
    Auto,
    /// The processor, through KVM
    Kvm,
    /// QEMU's translator
    Tcg,
}

/// Something at a port: `PORT=WHAT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// A network, or `VM.PORT`.
    pub port: String,
    /// A file, a device, a socket.
    pub what: String,
}

impl FromStr for Attachment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((port, what)) if !port.is_empty() && !what.is_empty() => {
                Ok(Attachment { port: port.into(), what: what.into() })
            }
            _ => Err("wanted PORT=WHAT, for example lan=in.pcap"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound_and_every_command_shows_an_example() {
        let command = Cli::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            let help = sub.get_after_help().expect("an example").to_string();
            assert!(help.contains(&format!("sluice {}", sub.get_name())), "{help}");
        }
    }

    #[test]
    fn an_attachment_names_both_ends() {
        let attachment = Attachment { port: "fw.lan".into(), what: "a=b.pcap".into() };
        assert_eq!("fw.lan=a=b.pcap".parse(), Ok(attachment));
        assert!("lan".parse::<Attachment>().is_err());
        assert!("=x".parse::<Attachment>().is_err());
    }
}
