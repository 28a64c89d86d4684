// SPDX-License-Identifier: Apache-2.0
//! Who takes part, and what each expects of the frames sent to it.

use anyhow::Result;
use qemu::Kind;

use crate::frame::Ends;
use crate::images::{self, Builder, Image};
use crate::lab::{IN, IN_STATION, OUT, OUT_STATION};
use crate::linux::{self, Job, NIC_MACS};
use crate::peer::Peer;
use crate::rules::RuleKind;

/// What boots.
#[derive(Debug, Clone)]
enum Body {
    Linux(Peer, Job),
    Ours(Image),
}

/// A VM that takes part.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// Its name in the results.
    pub name: String,
    body: Body,
    exit: &'static str,
    routes: bool,
    /// Does it bridge, so that a ping can pass both ways?
    pub bridges: bool,
}

impl Contestant {
    /// The Linux VM with this job.
    pub fn linux(peer: &Peer, job: Job) -> Self {
        let (name, routes) = match job {
            Job::Bridge => ("linux-bridge".to_owned(), false),
            Job::BridgeFirewall(kind, count) => (format!("linux-nft-bridged-{}-{count}", kind.word()), false),
            Job::RouteFirewall(kind, count) => (format!("linux-nft-routed-{}-{count}", kind.word()), true),
            Job::Vtep => ("linux-vtep".to_owned(), false),
        };
        Self { name, body: Body::Linux(peer.clone(), job), exit: OUT, routes, bridges: job == Job::Bridge }
    }

    /// An example that forwards from its first port to its second, or, with one port, mirrors.
    pub fn example(builder: &Builder, name: &str) -> Result<Self> {
        let image = builder.example(name)?;
        let (exit, bridges) = if image.ports == 1 { (IN, false) } else { (OUT, true) };
        Ok(Self { name: format!("sluice-{name}"), body: Body::Ours(image), exit, routes: false, bridges })
    }

    /// A firewall of ours.
    pub fn firewall(builder: &Builder, kind: RuleKind, count: usize) -> Result<Self> {
        let body = Body::Ours(builder.firewall(kind, count)?);
        let name = format!("sluice-firewall-{}-{count}", kind.word());
        Ok(Self { name, body, exit: OUT, routes: false, bridges: false })
    }

    /// A switch of ours with a VXLAN tunnel at one port.
    pub fn vtep(builder: &Builder) -> Result<Self> {
        let body = Body::Ours(builder.vtep()?);
        Ok(Self { name: "sluice-vtep".to_owned(), body, exit: OUT, routes: false, bridges: false })
    }

    /// QEMU's command line with the RAM that it is used with.
    pub fn command(&self, machine: Kind) -> Vec<String> {
        let memory = match self.body {
            Body::Linux(..) => linux::MEMORY_MIB,
            Body::Ours(_) => images::MEMORY_MIB,
        };
        self.command_with(machine, memory)
    }

    /// QEMU's command line with this much RAM.
    pub fn command_with(&self, machine: Kind, memory_mib: u32) -> Vec<String> {
        match &self.body {
            Body::Linux(peer, job) => linux::command(peer, machine, *job, memory_mib),
            Body::Ours(image) => image.command(machine, memory_mib, None),
        }
    }

    /// The image, if it is one of ours.
    pub fn image(&self) -> Option<&Image> {
        match &self.body {
            Body::Linux(..) => None,
            Body::Ours(image) => Some(image),
        }
    }

    /// The TAP where frames come out.
    pub fn exit(&self) -> &'static str {
        self.exit
    }

    /// From whom to whom the load goes.
    pub fn ends(&self) -> Ends {
        let to = if self.routes { NIC_MACS[0] } else { OUT_STATION };
        Ends { from: IN_STATION, to, source: [10, 0, 0, 2], destination: [10, 0, 1, 2] }
    }
}
