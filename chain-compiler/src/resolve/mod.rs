// SPDX-License-Identifier: Apache-2.0
//! Classes, port counts, push and pull: from a flat graph to one that can be emitted.

mod codes;
mod ports;
mod processing;
mod pulling;

use crate::diagnostic::Log;
use crate::flatten::{End, Flat, FlatElement, Link};
use crate::options::Options;
use nf_elements::Spec;

/// How packets move over a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The output's side starts.
    Push,
    /// The input's side starts.
    Pull,
}

/// A port with what it is connected to.
#[derive(Debug, Clone)]
pub(crate) struct WiredPort {
    pub(crate) flow: Flow,
    pub(crate) peers: Vec<End>,
}

/// An element with all its ports up to the last connected one.
#[derive(Debug)]
pub(crate) struct WiredElement {
    pub(crate) name: String,
    /// None if its class is not known, which is reported.
    pub(crate) spec: Option<&'static Spec>,
    pub(crate) inputs: Vec<WiredPort>,
    pub(crate) outputs: Vec<WiredPort>,
}

/// A VM's graph.
#[derive(Debug)]
pub(crate) struct Wired {
    pub(crate) elements: Vec<WiredElement>,
}

/// Resolves a graph. Of a broken one (part of the text could not be read) only what is there is judged.
pub(crate) fn resolve(flat: &Flat, options: &Options, log: &mut Log) -> Wired {
    let broken = flat.broken;
    let specs: Vec<_> = flat.elements.iter().map(|element| element.class.map(|class| class.spec)).collect();
    let in_range = ports::within_range(flat, &specs, log);
    if !broken {
        ports::check_connected(flat, &specs, &in_range, log);
    }
    let links = in_range.links;
    let flows = processing::flows(flat, &specs, &links, options, log);
    if !broken {
        processing::check_multiplicity(flat, &links, &flows, log);
    }
    let wired = wire(flat, &specs, &links, &flows);
    if !broken {
        pulling::check(flat, &wired, log);
    }
    wired
}

fn wire(flat: &Flat, specs: &[Option<&'static Spec>], links: &[Link], flows: &processing::Flows) -> Wired {
    let bare = |(element, spec): (&FlatElement, &Option<&'static Spec>)| WiredElement {
        name: element.name.clone(),
        spec: *spec,
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    let mut elements: Vec<_> = flat.elements.iter().zip(specs).map(bare).collect();
    for link in links {
        let (from, to) = (link.from, link.to);
        connect(&mut elements[from.element].outputs, from.port, to, |port| flows.output(End { port, ..from }));
        connect(&mut elements[to.element].inputs, to.port, from, |port| flows.input(End { port, ..to }));
    }
    Wired { elements }
}

fn connect(ports: &mut Vec<WiredPort>, port: usize, peer: End, flow: impl Fn(usize) -> Flow) {
    while ports.len() <= port {
        ports.push(WiredPort { flow: flow(ports.len()), peers: Vec::new() });
    }
    ports[port].peers.push(peer);
}
