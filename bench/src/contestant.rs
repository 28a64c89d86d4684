// SPDX-License-Identifier: Apache-2.0
//! Who takes part, and what each expects of the frames sent to it.

use anyhow::Result;
use qemu::Kind;

use crate::course::Course;
use crate::frame::Ends;
use crate::images::{Builder, Image};
use crate::lab::{IN_STATION, OUT_STATION};
use crate::linux::{self, Job, NIC_MACS};
use crate::peer::Peer;
use crate::rules::RuleKind;

/// The station behind the other end of a tunnel.
const FAR_STATION: [u8; 6] = [0x02, 0, 0, 0, 0, 4];

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
    course: Course,
    routes: bool,
    /// Does it bridge, so that a ping can pass both ways?
    pub bridges: bool,
    /// Does it learn where stations are?
    pub learns: bool,
    /// Flows of the load that it shall know before, if any.
    pub knows: Option<usize>,
}

/// Flows that a stateful firewall knows.
const ESTABLISHED: usize = 10_000;

impl Contestant {
    /// The Linux VM with this job.
    pub fn linux(peer: &Peer, job: Job) -> Self {
        let (name, routes) = match job {
            Job::Bridge => ("linux-bridge".to_owned(), false),
            Job::BridgeFirewall(kind, count) => (format!("linux-nft-bridged-{}-{count}", kind.word()), false),
            Job::RouteFirewall(kind, count) => (format!("linux-nft-routed-{}-{count}", kind.word()), true),
            Job::StatefulFirewall(count) => (format!("linux-nft-stateful-{count}"), true),
            Job::Vtep => ("linux-vtep".to_owned(), false),
        };
        let (body, bridges) = (Body::Linux(peer.clone(), job), job == Job::Bridge);
        Self { name, body, course: Course::THROUGH, routes, bridges, learns: bridges, knows: None }
    }

    /// An example that forwards from its first port to its second, or, with one port, mirrors.
    pub fn example(builder: &Builder, name: &str) -> Result<Self> {
        let image = builder.example(name)?;
        let (course, bridges) = if image.ports == 1 { (Course::BACK, false) } else { (Course::THROUGH, true) };
        let (name, body) = (format!("sluice-{name}"), Body::Ours(image));
        Ok(Self { name, body, course, routes: false, bridges, learns: bridges, knows: None })
    }

    /// A firewall of ours.
    pub fn firewall(builder: &Builder, kind: RuleKind, count: usize) -> Result<Self> {
        let body = Body::Ours(builder.firewall(kind, count)?);
        let name = format!("sluice-firewall-{}-{count}", kind.word());
        Ok(Self { name, body, course: Course::THROUGH, routes: false, bridges: false, learns: false, knows: None })
    }

    /// Firewalls that know connections, Linux's and ours, and one of ours of the same `count` rules that knows none: all with as many flows.
    pub fn stateful_firewalls(peer: &Peer, builder: &Builder, count: usize) -> Result<Vec<Self>> {
        let mut ours = Self::firewall(builder, RuleKind::FiveField, count)?;
        let stateless = ours.clone();
        ours.name = format!("sluice-stateful-{count}");
        ours.body = Body::Ours(builder.stateful_firewall(count)?);
        let all = [Self::linux(peer, Job::StatefulFirewall(count)), ours, stateless];
        Ok(all.map(|one| Self { knows: Some(ESTABLISHED), ..one }).into())
    }

    /// VTEPs, Linux's and ours, once with a load that goes into the tunnel and once with one that comes out of it.
    pub fn vteps(peer: &Peer, builder: &Builder) -> Result<Vec<Self>> {
        let ours = Body::Ours(builder.vtep()?);
        let both = [("linux", Body::Linux(peer.clone(), Job::Vtep)), ("sluice", ours)];
        let ways = [("into", Course::INTO_TUNNEL), ("out", Course::OUT_OF_TUNNEL)];
        let one = |(way, course): (&str, Course), (who, body): (&str, Body)| Self {
            name: format!("{who}-vtep-{way}"),
            body,
            course,
            routes: false,
            bridges: false,
            learns: true,
            knows: None,
        };
        Ok(ways.into_iter().flat_map(|way| both.clone().map(|vtep| one(way, vtep))).collect())
    }

    /// QEMU's command line with the RAM that it is used with.
    pub fn command(&self, machine: Kind) -> Vec<String> {
        let memory = match &self.body {
            Body::Linux(..) => linux::MEMORY_MIB,
            Body::Ours(image) => image.memory_mib,
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

    /// The course of the load.
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// From whom to whom the load goes.
    pub fn ends(&self) -> Ends {
        let to = if self.routes { NIC_MACS[0] } else { OUT_STATION };
        let ends = Ends { from: IN_STATION, to, source: [10, 0, 0, 2], destination: [10, 0, 1, 2] };
        match self.course {
            Course::OUT_OF_TUNNEL => Ends { from: FAR_STATION, to: IN_STATION, ..ends },
            Course::INTO_TUNNEL => Ends { to: FAR_STATION, ..ends },
            _ => ends,
        }
    }
}
