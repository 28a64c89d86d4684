// SPDX-License-Identifier: Apache-2.0
//! VMs as domains of the Xen whose dom0 this is. A domain's name is `RUN.VM`, so that runs do not get in each other's way: no run's
//! name has a dot, and no other run has it.

use super::control_socket;
use super::host::{End, Guest, Host, Port};
use super::layout::{Hangs, Layout};
use crate::build::{Built, Place, Topology};
use crate::cli::{Acceleration, Links, RunArgs};
use crate::domains::{self, granting_first, mac};
use crate::failure::usage;
use crate::operate::{Body, RunFolder};
use anyhow::Context;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use xl::{Attachment, Config, Domain, DomainId, Exit, OnEnd, Reason, Vif, VifPort};

/// How soon a thread that receives looks whether it shall end.
const NAP: Duration = Duration::from_millis(20);

/// What the options mean for Xen: an error for those that mean nothing there, and where there is no dom0.
pub fn check(args: &RunArgs) -> anyhow::Result<()> {
    let not_here = [
        ("--machine", args.machine.is_some(), "a VM is a PVH domain"),
        ("--accel", args.accel != Acceleration::Auto, "Xen executes VMs itself"),
        ("--links", matches!(args.links, Links::Nic | Links::Plain), "links between VMs are rings in granted memory"),
        ("--tap", !args.tap.is_empty(), "put PORT in a bridge of dom0 with --bridge"),
        ("--socket", !args.socket.is_empty(), "put PORT in a bridge of dom0 with --bridge"),
        ("--print-command", args.print_command, "sluice export xl writes what xl reads, and the commands"),
    ];
    if let Some((option, _, why)) = not_here.iter().find(|(_, given, _)| *given) {
        return Err(usage(format!("{option} is not for --on xen: {why}")));
    }
    if !xl::is_dom0() {
        return Err(usage(
            "this is no dom0 of Xen: /proc/xen/capabilities does not say control_d; copy the built folder and this program to one",
        ));
    }
    Ok(())
}

/// The domains of a run.
pub struct Xen {
    host: xl::Host,
    folder: PathBuf,
    chain: Topology,
    /// By VM.
    configs: Vec<Config>,
    /// The links, the end that grants the memory first.
    links: Vec<[Place; 2]>,
    /// Our ends of vifs.
    served: Vec<(Place, Arc<VifPort>)>,
    /// The domains that run.
    domains: Vec<Option<DomainId>>,
}

impl Xen {
    /// For the VMs of `built`.
    pub fn new(built: &Built, layout: &Layout, args: &RunArgs, folder: &RunFolder) -> anyhow::Result<Xen> {
        let config = |(vm, planned): (usize, &crate::build::manifest::Vm)| {
            let hangs = layout.nics[vm].iter().enumerate();
            let vifs = hangs.filter_map(|(port, hangs)| {
                let attachment = match hangs {
                    Hangs::Linked(_) => return None,
                    Hangs::Device(bridge) => Attachment::Bridge(bridge.clone()),
                    Hangs::Served(_) | Hangs::Socket(_) => Attachment::Nothing,
                };
                let name = format!("{}.{}", folder.name(), built.topology.name(Place { vm, port }));
                Some(Vif { number: port, mac: mac(&name), attachment })
            });
            Ok(Config {
                name: format!("{}.{}", folder.name(), planned.name),
                kernel: path(&built.folder.join(&planned.image))?,
                memory_mib: args.memory.unwrap_or(planned.memory_mib),
                vifs: vifs.collect(),
                control: path(&control_socket(folder.path(), vm))?,
                on_end: OnEnd::Stay,
            })
        };
        let configs: Vec<_> = built.manifest.vms.iter().enumerate().map(config).collect::<anyhow::Result<_>>()?;
        let links: Vec<_> = layout.links().collect();
        Ok(Xen {
            host: xl::Host::open()?,
            folder: folder.path().into(),
            chain: Topology::from(&built.manifest),
            links: granting_first(&links),
            served: Vec::new(),
            domains: configs.iter().map(|_| None).collect(),
            configs,
        })
    }

    /// The domain of a VM, if it runs: that it ended may not have been noticed yet.
    fn running(&self, vm: usize) -> anyhow::Result<Option<&DomainId>> {
        let Some(id) = &self.domains[vm] else { return Ok(None) };
        Ok(self.host.is_up(id)?.then_some(id))
    }

    fn end(&self, place: Place) -> anyhow::Result<Option<xl::link::End>> {
        let domain = self.running(place.vm)?;
        Ok(domain.map(|id| xl::link::End { domain: id.number.to_string(), port: place.port }))
    }
}

impl Host for Xen {
    fn names(&self) -> (String, &'static str) {
        ("pvh".into(), "xen")
    }

    fn port(&mut self, place: Place) -> anyhow::Result<Box<dyn Port>> {
        let port = Arc::<VifPort>::default();
        self.served.push((place, Arc::clone(&port)));
        Ok(Box::new(port))
    }

    fn start(&mut self, vm: usize) -> anyhow::Result<Box<dyn Guest>> {
        let domain = Domain::create(&self.host, &self.configs[vm], &self.folder.join(format!("{vm}.cfg")))?;
        for (place, port) in self.served.iter().filter(|(place, _)| place.vm == vm) {
            port.attach(&xl::prepare(domain.id().number, place.port)?, NAP)?;
        }
        self.domains[vm] = Some(domain.id().clone());
        Ok(Box::new(Named { name: self.chain.vms[vm].name.clone(), domain }))
    }

    fn release(&mut self, vms: &[usize]) -> anyhow::Result<()> {
        let touched = |link: &&[Place; 2]| link.iter().any(|end| vms.contains(&end.vm));
        for link in self.links.iter().filter(touched) {
            let lines = domains::link(&self.chain, *link, |place| self.end(place))?;
            xl::link::run(&lines).context("cannot make a link")?;
        }
        let started = vms.iter().filter_map(|&vm| self.domains[vm].as_ref());
        Ok(started.into_iter().try_for_each(DomainId::unpause)?)
    }

    fn has_ended(&mut self, vm: usize) {
        self.domains[vm] = None;
        self.served.iter().filter(|(place, _)| place.vm == vm).for_each(|(_, port)| port.detach());
    }
}

/// A domain with the name of its VM.
struct Named {
    name: String,
    domain: Domain,
}

impl Guest for Named {
    fn body(&self) -> Option<Body> {
        Some(Body::Domain(self.domain.id().clone()))
    }

    fn started(&self) -> Instant {
        self.domain.started()
    }

    fn take_log(&self) -> Vec<u8> {
        self.domain.take_log()
    }

    fn ended(&mut self) -> anyhow::Result<Option<End>> {
        let name = &self.name;
        Ok(self.domain.ended()?.map(|exit| match exit {
            Exit::ShutDown(Reason::PowerOff) => End::Clean,
            Exit::ShutDown(Reason::Crash) => End::Bad(format!("VM {name} failed")),
            Exit::ShutDown(Reason::Reboot) => End::Bad(format!("VM {name} reset itself (a triple fault)")),
            Exit::ShutDown(Reason::Other(code)) => End::Bad(format!("VM {name} shut down for reason {code}")),
            Exit::Destroyed => End::Bad(format!("VM {name} was destroyed from outside")),
        }))
    }
}

impl Port for Arc<VifPort> {
    fn send(&self, frame: &[u8], deadline: Instant) -> io::Result<()> {
        VifPort::send(self, frame, deadline)
    }

    fn receive(&self, buffer: &mut [u8], moment: Duration) -> io::Result<Option<usize>> {
        VifPort::receive(self, buffer, moment)
    }
}

/// A path as `xl` reads it within quotes and between commas.
fn path(path: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(path)?;
    let text = path.to_str().filter(|text| !text.contains(['"', '\'', '\\', ',', '\n']));
    text.map(String::from).ok_or_else(|| usage(format!("xl cannot be given the path {}", path.display())))
}
