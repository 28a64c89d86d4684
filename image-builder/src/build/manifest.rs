// SPDX-License-Identifier: Apache-2.0
//! `chain.json`: what a built chain consists of.

use super::{LEAST_MEMORY_MIB, SPARE_MEMORY_MIB, image as elf};
use chain_compiler::{Peer, PlannedChain, PlannedElement, PlannedService, VmPlan};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Its file name.
pub const FILE: &str = "chain.json";

/// The whole.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// The chain file's name without `.nf`.
    pub chain: String,
    /// The chain file's name.
    pub source: String,
    /// The networks.
    pub networks: Vec<String>,
    /// The services of directed chains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<PlannedService>,
    /// The directed chains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<PlannedChain>,
    /// The VMs.
    pub vms: Vec<Vm>,
}

/// A VM.
#[derive(Debug, Serialize)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// Its image's file name, beside the manifest; replicas share one.
    pub image: String,
    /// Whether it runs from the start; others are spare.
    pub starts: bool,
    /// The image's hash.
    pub sha256: String,
    /// Bytes that a VMM loads.
    pub image_bytes: u64,
    /// RAM that it should get.
    pub memory_mib: u32,
    /// Its ports, in the order of its NICs.
    pub ports: Vec<Port>,
    /// Its elements.
    pub elements: Vec<PlannedElement>,
}

/// A port and what it leads to.
#[derive(Debug, Serialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The network that it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The VM that it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm: Option<String>,
}

impl Manifest {
    /// As JSON text.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("names and numbers") + "\n"
    }
}

impl Vm {
    /// The entry of `plan`, whose image is `elf`.
    pub fn new(plan: &VmPlan, elf: &[u8]) -> anyhow::Result<Vm> {
        let ports = plan.ports.iter().map(|port| {
            let (network, vm) = match &port.peer {
                Peer::Network(name) => (Some(name.clone()), None),
                Peer::Vm(name) => (None, Some(name.clone())),
            };
            Port { name: port.name.clone(), network, vm }
        });
        Ok(Vm {
            name: plan.name.clone(),
            image: image(&plan.image),
            starts: plan.starts,
            sha256: hex(&Sha256::digest(elf)),
            image_bytes: elf::loaded_bytes(elf)?,
            memory_mib: plan.memory_mib.map_or_else(|| enough_mib(elf), Ok)?,
            ports: ports.collect(),
            elements: plan.elements.clone(),
        })
    }
}

/// The file name of an image.
pub fn image(name: &str) -> String {
    format!("{name}.elf")
}

/// RAM for an image whose chain file does not say: more than the usual where it has big tables.
fn enough_mib(image: &[u8]) -> anyhow::Result<u32> {
    let taken = elf::memory_bytes(image)?.div_ceil(1 << 20) as u32;
    Ok(LEAST_MEMORY_MIB.max(taken + SPARE_MEMORY_MIB))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
