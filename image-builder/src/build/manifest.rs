// SPDX-License-Identifier: Apache-2.0
//! `chain.json`: what a built chain consists of.

use super::{JUMBO_BUFFERS, LEAST_MEMORY_MIB, SPARE_MEMORY_MIB, image as elf};
use crate::failure::usage;
use chain_compiler::{PlannedChain, PlannedElement, PlannedService, VmPlan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Its file name.
pub const FILE: &str = "chain.json";

/// The whole.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The chain file's name without `.nf`.
    pub chain: String,
    /// The chain file's name.
    pub source: String,
    /// The networks.
    pub networks: Vec<String>,
    /// The services of directed chains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<PlannedService>,
    /// The directed chains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<PlannedChain>,
    /// The VMs.
    pub vms: Vec<Vm>,
}

/// A VM.
#[derive(Debug, Serialize, Deserialize)]
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
    /// RAM without which it cannot begin: its image ends there.
    pub least_memory_mib: u32,
    /// Its ports, in the order of its NICs.
    pub ports: Vec<Port>,
    /// Its elements.
    pub elements: Vec<PlannedElement>,
}

/// A port and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The network that it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The VM that it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm: Option<String>,
    /// Whether it is the end of a link whose ends trust each other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

impl Manifest {
    /// As JSON text.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("names and numbers") + "\n"
    }
}

impl Vm {
    /// The entry of `plan` with these ports, whose image is `elf`.
    pub fn new(plan: &VmPlan, ports: Vec<Port>, elf: &[u8]) -> anyhow::Result<Vm> {
        let least_memory_mib = elf::end_bytes(elf)?.div_ceil(1 << 20) as u32;
        // More than the usual where there are big tables.
        let times = if plan.jumbo { JUMBO_BUFFERS } else { 1 };
        let enough_mib = LEAST_MEMORY_MIB.max(least_memory_mib + SPARE_MEMORY_MIB) * times;
        let vm = Vm {
            name: plan.name.clone(),
            image: image(&plan.image),
            starts: plan.starts,
            sha256: sha256(elf),
            image_bytes: elf::loaded_bytes(elf)?,
            memory_mib: plan.memory_mib.unwrap_or(enough_mib),
            least_memory_mib,
            ports,
            elements: plan.elements.clone(),
        };
        vm.check_memory(vm.memory_mib)?;
        Ok(vm)
    }

    /// Whether it can begin with so much RAM.
    pub fn check_memory(&self, mib: u32) -> anyhow::Result<()> {
        if mib >= self.least_memory_mib {
            return Ok(());
        }
        let (name, least) = (&self.name, self.least_memory_mib);
        Err(usage(format!(
            "VM {name} cannot begin with {mib} MiB of RAM: its image and tables take {least}; give it more"
        )))
    }
}

/// The file name of an image.
pub fn image(name: &str) -> String {
    format!("{name}.elf")
}

/// The hash of an image.
pub fn sha256(elf: &[u8]) -> String {
    hex(&Sha256::digest(elf))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
