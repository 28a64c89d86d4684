// SPDX-License-Identifier: Apache-2.0
//! What Xen's `xl` reads (xl.cfg(5)), and the commands in order: a PVH domain per VM, whose ports to networks are vifs in bridges of
//! dom0, and whose ports to other VMs are links over granted memory.

use crate::build::manifest::{Manifest, Vm};
use crate::build::{Place, Topology};
use crate::chain::Chain;
use crate::domains::{self, granting_first, mac};
use crate::failure::usage;
use std::fmt::Write;
use xl::link::End;
use xl::{Attachment, Config, OnEnd, Vif};

/// The file that says what to do with the others.
pub const ORDER: &str = "README.md";
/// Bytes that a network interface's name may have: Linux's `IFNAMSIZ` without its zero.
const NAME_BYTES: usize = 15;

/// The domains of a chain.
pub struct Domains {
    topology: Topology,
    /// By VM.
    vifs: Vec<Vec<Vif>>,
    /// The links, the end that grants the memory first.
    links: Vec<[Place; 2]>,
}

/// The name of a VM's file.
pub fn file_name(vm: &str) -> String {
    format!("{vm}.cfg")
}

impl Domains {
    /// Those of `chain`. A network whose name no bridge can have is an error.
    pub fn of(chain: &Chain) -> anyhow::Result<Domains> {
        let topology = Topology::from(&chain.plan);
        for name in &topology.networks {
            if name.len() > NAME_BYTES {
                let source = &chain.source;
                return Err(usage(format!(
                    "{source}: the network '{name}' cannot be a bridge of dom0, whose name has at most {NAME_BYTES} bytes; rename it"
                )));
            }
        }
        let links: Vec<_> = topology.links().collect();
        let vifs = (0..topology.vms.len()).map(|vm| vifs(&topology, &chain.stem, vm)).collect();
        Ok(Domains { vifs, links: granting_first(&links), topology })
    }

    /// The files, by name.
    pub fn files(&self, manifest: &Manifest) -> Vec<(String, String)> {
        let configurations = manifest.vms.iter().enumerate();
        let mut files: Vec<_> =
            configurations.map(|(index, vm)| (file_name(&vm.name), self.configuration(manifest, index, vm))).collect();
        files.push((ORDER.into(), self.order(manifest)));
        files
    }

    fn configuration(&self, manifest: &Manifest, index: usize, vm: &Vm) -> String {
        let linked = self.links.iter().flatten().any(|end| end.vm == index);
        let config = Config {
            name: vm.name.clone(),
            kernel: vm.image.clone(),
            memory_mib: vm.memory_mib,
            vifs: self.vifs[index].clone(),
            control: format!("/run/sluice-{}.control", vm.name),
            // A domain that xl begins anew by itself has no links.
            on_end: if linked { OnEnd::Destroy } else { OnEnd::Restart },
        };
        format!("# {} of {}\n{}", vm.name, manifest.source, config.text())
    }

    fn order(&self, manifest: &Manifest) -> String {
        let mut text =
            format!("# {} on Xen\n\nAs root in a dom0, in this folder, with one shell.\n\n", manifest.source);
        text += "1. A bridge for each network, unless it is there. What else belongs to the network joins it: a NIC of the machine, \
                 a vif of another domain.\n";
        for name in &self.topology.networks {
            command(&mut text, &format!("ip link add name {name} type bridge && ip link set {name} up"));
        }
        let (first, spare): (Vec<_>, Vec<_>) = (0..manifest.vms.len()).partition(|&vm| manifest.vms[vm].starts);
        text += "2. The VMs, which wait.\n";
        self.create(&mut text, &first);
        text += "3. The links between them: the directories that both ends find in xenstore.\n";
        self.link(&mut text, &first, |vm| first.contains(&vm));
        text += "4. Off they go.\n";
        self.unpause(&mut text, &first);
        for vm in spare {
            let _ = writeln!(text, "\nWhere a service needs one more, the spare {}:", self.topology.vms[vm].name);
            self.create(&mut text, &[vm]);
            self.link(&mut text, &[vm], |other| other == vm || first.contains(&other));
            self.unpause(&mut text, &[vm]);
        }
        text += &self.table();
        text += "\n`xl shutdown VM` powers one off, `xl destroy VM` ends it at once. One that ended is made again by its commands of steps 2, 3 \
                 and 4: all of those in step 3 that name it. A VM's log is its console, in the bytes that `sluice logs VM.elf` decodes.\n";
        text
    }

    fn create(&self, text: &mut String, vms: &[usize]) {
        for &vm in vms {
            let name = &self.topology.vms[vm].name;
            command(text, &format!("xl create -p {}", file_name(name)));
            command(text, &format!("{}=$(xl domid {name})", variable(name)));
        }
    }

    fn unpause(&self, text: &mut String, vms: &[usize]) {
        vms.iter().for_each(|&vm| command(text, &format!("xl unpause {}", self.topology.vms[vm].name)));
    }

    /// The links of `vms` to those that are there.
    fn link(&self, text: &mut String, vms: &[usize], is_there: impl Fn(usize) -> bool) {
        let end = |place: Place| {
            let domain = format!("${}", variable(&self.topology.vms[place.vm].name));
            Ok(is_there(place.vm).then_some(End { domain, port: place.port }))
        };
        let touched = |link: &&[Place; 2]| link.iter().any(|end| vms.contains(&end.vm));
        let lines = self.links.iter().filter(touched).flat_map(|link| domains::link(&self.topology, *link, end));
        lines.flatten().for_each(|line| command(text, &line.join(" ")));
    }

    fn table(&self) -> String {
        let mut text = String::from("\n| VM | port | leads to | by |\n| --- | --- | --- | --- |\n");
        for (place, port) in self.topology.places() {
            let (vm, name) = (&self.topology.vms[place.vm].name, &port.name);
            let number = place.port;
            let (peer, by) = match self.vifs[place.vm].iter().find(|vif| vif.number == number) {
                Some(vif) => (port.network.as_deref(), format!("vif {number}, {}", vif.address())),
                None => (port.vm.as_deref(), format!("link {number}")),
            };
            let _ = writeln!(text, "| {vm} | {name} | {} | {by} |", peer.unwrap_or_default());
        }
        text
    }
}

fn command(text: &mut String, line: &str) {
    let _ = writeln!(text, "       {line}");
}

/// What a shell calls the number of a VM's domain.
fn variable(vm: &str) -> String {
    format!("id_{vm}")
}

fn vifs(topology: &Topology, stem: &str, vm: usize) -> Vec<Vif> {
    let vif = |(number, port): (usize, &crate::build::manifest::Port)| {
        let attachment = Attachment::Bridge(port.network.clone()?);
        Some(Vif { number, mac: mac(&format!("{stem}.{}.{}", topology.vms[vm].name, port.name)), attachment })
    };
    topology.vms[vm].ports.iter().enumerate().filter_map(vif).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn chain(text: &str) -> Chain {
        let plan = chain_compiler::compile("web.nf", text, &chain_compiler::Options::default()).unwrap();
        Chain { stem: "web".into(), source: "web.nf".into(), plan }
    }

    /// What a build would say of the chain.
    fn manifest(chain: &Chain) -> Manifest {
        let topology = Topology::from(&chain.plan);
        let vms = chain.plan.vms.iter().zip(&topology.vms).map(|(vm, known)| Vm {
            name: vm.name.clone(),
            image: format!("{}.elf", vm.image),
            starts: vm.starts,
            sha256: String::new(),
            image_bytes: 0,
            memory_mib: vm.memory_mib.unwrap_or(8),
            least_memory_mib: 1,
            ports: known.ports.clone(),
            elements: Vec::new(),
        });
        Manifest {
            chain: chain.stem.clone(),
            source: chain.source.clone(),
            networks: chain.plan.networks.clone(),
            services: Vec::new(),
            chains: Vec::new(),
            vms: vms.collect(),
        }
    }

    const CHAIN: &str = "network lan, wan;
        vm fw { input -> CheckIPHeader(14) -> output; }
        vm ids(replicas 1 to 2, memory 16M) { input -> Counter -> output; }
        chain web: lan -> fw -> ids -> wan;";

    #[test]
    fn files_are_as_they_were() {
        let chain = chain(CHAIN);
        let files = Domains::of(&chain).unwrap().files(&manifest(&chain));
        let now: String = files.iter().map(|(name, text)| format!("==> {name} <==\n{text}\n")).collect();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/export/xl.golden");
        if std::env::var_os("SLUICE_BLESS").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), now, "SLUICE_BLESS=1 rewrites it");
    }

    #[test]
    fn addresses_are_of_one_vif_each() {
        let domains = Domains::of(&chain(CHAIN)).unwrap();
        let mut macs: Vec<_> = domains.vifs.iter().flatten().map(|vif| vif.mac).collect();
        let all = macs.len();
        macs.sort();
        macs.dedup();
        assert_eq!((macs.len(), all), (2, 2));
    }

    #[test]
    fn a_network_that_no_bridge_can_be_called_is_refused() {
        let chain = chain(
            "network averyverylongname; vm a { FromDevice(averyverylongname) -> Discard; } chain averyverylongname <-> a;",
        );
        let said = Domains::of(&chain).err().unwrap().to_string();
        assert!(said.contains("web.nf: the network 'averyverylongname'"), "{said}");
    }
}
