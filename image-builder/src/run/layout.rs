// SPDX-License-Identifier: Apache-2.0
//! What each NIC hangs on: the chain's networks and links, and what the user attached to them.

use crate::build::manifest::Port;
use crate::build::{Place, Topology};
use crate::cli::{Attachment, Links, Platform, RunArgs};
use crate::failure::usage;
use std::path::Path;

/// What a NIC hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hangs {
    /// A socket that we serve; the index of its segment.
    Served(usize),
    /// The port at the other end of a link, without us between.
    Linked(Place),
    /// A network device of the user: a TAP under QEMU, a bridge of dom0 on Xen.
    Device(String),
    /// A socket of the user.
    Socket(String),
}

/// What carries the frames of a link between two VMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A pair of NICs.
    Nics,
    /// Rings in shared memory, with a doorbell.
    Rings,
    /// Rings in shared memory, which are polled.
    PolledRings,
    /// Rings in memory that one VM grants to the other, on Xen.
    Grants,
}

/// Every NIC, and which of them share a segment.
#[derive(Debug)]
pub struct Layout {
    /// By VM, then by port.
    pub nics: Vec<Vec<Hangs>>,
    /// The segments that we serve: frames that a member sends reach all others.
    pub segments: Vec<Vec<Place>>,
    /// Each replay: where it goes in, and its file.
    pub replays: Vec<(Vec<Place>, Attachment)>,
    /// Each capture: where it listens, and its file.
    pub captures: Vec<(Vec<Place>, Attachment)>,
    /// What the links without us between are.
    pub carrier: Carrier,
}

impl Layout {
    /// Resolves the command line against the chain.
    pub fn resolve(chain: &Topology, args: &RunArgs) -> anyhow::Result<Layout> {
        let mut hangs: Vec<Vec<Option<Hangs>>> = chain.vms.iter().map(|vm| vec![None; vm.ports.len()]).collect();
        for attachment in &args.tap {
            check_tap(&attachment.what)?;
            take(&mut hangs, attachment, only(chain, attachment)?, Hangs::Device(attachment.what.clone()))?;
        }
        for attachment in &args.bridge {
            check_bridge(args.on, &attachment.what)?;
            for place in find(chain, &attachment.port)? {
                take(&mut hangs, attachment, place, Hangs::Device(attachment.what.clone()))?;
            }
        }
        for attachment in &args.socket {
            take(&mut hangs, attachment, only(chain, attachment)?, Hangs::Socket(attachment.what.clone()))?;
        }
        let replays = served(chain, &hangs, &args.replay, "--replay")?;
        let captures = served(chain, &hangs, &args.capture, "--capture")?;
        let listened: Vec<Place> = replays.iter().chain(&captures).flat_map(|(places, _)| places.clone()).collect();
        let mut segments: Vec<Vec<Place>> = Vec::new();
        for (place, port) in chain.places() {
            if hangs[place.vm][place.port].is_some() {
                continue;
            }
            let other = chain.other_end(place);
            let free = other.filter(|other| hangs[other.vm][other.port].is_none());
            let quiet = |other: &Place| !listened.contains(&place) && !listened.contains(other);
            if let Some(other) = free.filter(quiet) {
                hangs[place.vm][place.port] = Some(Hangs::Linked(other));
                hangs[other.vm][other.port] = Some(Hangs::Linked(place));
                continue;
            }
            let shares = |member: &Place| port.network.is_some() && chain.port(*member).network == port.network;
            let joins = |member: &Place| Some(*member) == other || shares(member);
            let segment = segments.iter().position(|members| members.iter().any(joins));
            let segment = segment.unwrap_or_else(|| {
                segments.push(Vec::new());
                segments.len() - 1
            });
            segments[segment].push(place);
            hangs[place.vm][place.port] = Some(Hangs::Served(segment));
        }
        let nics: Vec<Vec<Hangs>> = hangs.into_iter().map(|ports| ports.into_iter().flatten().collect()).collect();
        let linked = nics.iter().flatten().any(|hangs| matches!(hangs, Hangs::Linked(_)));
        let carrier = carrier(args, linked)?;
        Ok(Layout { nics, segments, replays, captures, carrier })
    }

    /// The links without us between, each by its two ends.
    pub fn links(&self) -> impl Iterator<Item = [Place; 2]> {
        self.nics.iter().enumerate().flat_map(|(vm, ports)| {
            ports.iter().enumerate().filter_map(move |(port, hangs)| match (Place { vm, port }, hangs) {
                (place, Hangs::Linked(other)) if place < *other => Some([place, *other]),
                _ => None,
            })
        })
    }
}

/// What links are. Rings need somebody who looks after their memory as long as the VMs run.
fn carrier(args: &RunArgs, linked: bool) -> anyhow::Result<Carrier> {
    let rings = linked && args.links != Links::Nic && !args.print_command;
    match args.links {
        _ if args.on == Platform::Xen => Ok(Carrier::Grants),
        Links::Ring | Links::Plain if args.print_command => {
            Err(usage("rings need memory for each link, which a printed command does not make: --links nic"))
        }
        _ if !rings => Ok(Carrier::Nics),
        Links::Plain => Ok(Carrier::PolledRings),
        Links::Auto | Links::Ring | Links::Nic => Ok(Carrier::Rings),
    }
}

/// The NICs that PORT names: all of a network, or one of a VM.
fn find(chain: &Topology, port: &str) -> anyhow::Result<Vec<Place>> {
    let matches =
        |(place, found): &(Place, &Port)| found.network.as_deref() == Some(port) || chain.name(*place) == port;
    let found: Vec<_> = chain.places().filter(matches).map(|(place, _)| place).collect();
    if found.is_empty() {
        let ports: Vec<_> = chain.places().map(|(place, _)| chain.name(place)).collect();
        let known: Vec<_> = chain.networks.iter().map(String::as_str).chain(ports.iter().map(String::as_str)).collect();
        return Err(usage(format!("the chain has no port '{port}'; it has {}", known.join(", "))));
    }
    Ok(found)
}

/// The one NIC that an attachment takes.
fn only(chain: &Topology, attachment: &Attachment) -> anyhow::Result<Place> {
    let found = find(chain, &attachment.port)?;
    if let [place] = found[..] {
        return Ok(place);
    }
    let names: Vec<_> = found.iter().map(|&place| chain.name(place)).collect();
    let (port, names) = (&attachment.port, names.join(" or "));
    Err(usage(format!("'{port}' is {} ports, and '{}' takes one: say {names}", found.len(), attachment.what)))
}

/// Puts a NIC on what an attachment says.
fn take(hangs: &mut [Vec<Option<Hangs>>], attachment: &Attachment, place: Place, on: Hangs) -> anyhow::Result<()> {
    match hangs[place.vm][place.port].replace(on) {
        Some(_) => Err(usage(format!("port '{}' is given twice", attachment.port))),
        None => Ok(()),
    }
}

/// The NICs of attachments that we serve ourselves.
fn served(
    chain: &Topology,
    hangs: &[Vec<Option<Hangs>>],
    attachments: &[Attachment],
    flag: &str,
) -> anyhow::Result<Vec<(Vec<Place>, Attachment)>> {
    let mut served = Vec::new();
    for attachment in attachments {
        let found = find(chain, &attachment.port)?;
        if let Some(&place) = found.iter().find(|place| hangs[place.vm][place.port].is_some()) {
            let name = chain.name(place);
            return Err(usage(format!(
                "{flag} {}: {name} is on a TAP or socket, or in a bridge; use that one instead",
                attachment.port
            )));
        }
        served.push((found, attachment.clone()));
    }
    Ok(served)
}

fn check_tap(name: &str) -> anyhow::Result<()> {
    const IFF_TAP: u32 = 2;
    let folder = Path::new("/sys/class/net").join(name);
    let flags = std::fs::read_to_string(folder.join("tun_flags")).ok();
    let flags = flags.and_then(|text| u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok());
    match flags {
        Some(flags) if flags & IFF_TAP != 0 => Ok(()),
        _ if folder.exists() && !name.is_empty() => Err(usage(format!("the network device {name} is not a TAP"))),
        _ => Err(usage(format!(
            "there is no TAP device {name}; make it: ip tuntap add dev {name} mode tap && ip link set {name} up"
        ))),
    }
}

fn check_bridge(platform: Platform, name: &str) -> anyhow::Result<()> {
    if platform != Platform::Xen {
        return Err(usage("--bridge is for --on xen; put a TAP in the bridge, and PORT on it with --tap"));
    }
    if !name.is_empty() && Path::new("/sys/class/net").join(name).join("bridge").exists() {
        return Ok(());
    }
    Err(usage(format!(
        "there is no bridge {name}; make it: ip link add name {name} type bridge && ip link set {name} up"
    )))
}
