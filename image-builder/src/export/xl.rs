// SPDX-License-Identifier: Apache-2.0
//! What Xen's `xl` reads (xl.cfg(5)): a PVH domain per VM, whose vifs are its ports in their order, each in a bridge of dom0.

use crate::build::manifest::{Manifest, Vm};
use crate::chain::Chain;
use crate::failure::usage;
use chain_compiler::{Peer, Plan};
use std::fmt::Write;

/// The file that says what to do with the others.
pub const ORDER: &str = "README.md";
/// Bytes that a network interface's name may have: Linux's `IFNAMSIZ` without its zero.
const NAME_BYTES: usize = 15;
/// Xen's own range of Ethernet addresses.
const OUI: [u8; 3] = [0x00, 0x16, 0x3e];

/// The domains of a chain: for each VM, the bridge and the address of each vif.
pub struct Domains {
    vifs: Vec<Vec<Vif>>,
    /// The bridges: of networks, then of links between VMs.
    networks: Vec<String>,
    links: Vec<String>,
}

struct Vif {
    bridge: String,
    mac: [u8; 6],
}

/// The name of a VM's file.
pub fn file_name(vm: &str) -> String {
    format!("{vm}.cfg")
}

impl Domains {
    /// Those of `chain`. A network whose name no bridge can have is an error.
    pub fn of(chain: &Chain) -> anyhow::Result<Domains> {
        let plan = &chain.plan;
        for name in &plan.networks {
            if name.len() > NAME_BYTES {
                let source = &chain.source;
                return Err(usage(format!(
                    "{source}: the network '{name}' cannot be a bridge of dom0, whose name has at most {NAME_BYTES} bytes; rename it"
                )));
            }
        }
        let links = (0..plan.links.len()).map(|index| link_bridge(&chain.stem, index)).collect();
        let vifs = (0..plan.vms.len()).map(|vm| vifs(plan, &chain.stem, vm)).collect();
        Ok(Domains { vifs, networks: plan.networks.clone(), links })
    }

    /// The files, by name.
    pub fn files(&self, manifest: &Manifest) -> Vec<(String, String)> {
        let configurations = manifest.vms.iter().zip(&self.vifs);
        let mut files: Vec<_> =
            configurations.map(|(vm, vifs)| (file_name(&vm.name), configuration(&manifest.source, vm, vifs))).collect();
        files.push((ORDER.into(), self.order(manifest)));
        files
    }

    fn order(&self, manifest: &Manifest) -> String {
        let mut text = format!(
            "# {} on Xen\n\nAs root in a dom0, in this folder.\n\n\
             1. A bridge for each network, unless it is there. What else belongs to the network joins it: a NIC of the machine, \
             a vif of another domain.\n",
            manifest.source
        );
        bridges(&mut text, &self.networks);
        if !self.links.is_empty() {
            text += "2. A bridge for each link between two VMs.\n";
            bridges(&mut text, &self.links);
        }
        let _ = writeln!(text, "{}. The VMs, in any order.", 2 + usize::from(!self.links.is_empty()));
        for vm in manifest.vms.iter().filter(|vm| vm.starts) {
            let _ = writeln!(text, "       xl create {}", file_name(&vm.name));
        }
        for vm in manifest.vms.iter().filter(|vm| !vm.starts) {
            let _ = writeln!(text, "   Spare, for a service that needs one more: xl create {}", file_name(&vm.name));
        }
        text += "\n| VM | vif | port | bridge | address |\n| --- | --- | --- | --- | --- |\n";
        for (vm, vifs) in manifest.vms.iter().zip(&self.vifs) {
            for (index, (port, vif)) in vm.ports.iter().zip(vifs).enumerate() {
                let _ =
                    writeln!(text, "| {} | {index} | {} | {} | {} |", vm.name, port.name, vif.bridge, hex(&vif.mac));
            }
        }
        text += "\n`xl shutdown VM` powers one off, `xl destroy VM` ends it at once. A VM's log is its console, in the bytes that \
                 `sluice logs VM.elf` decodes.\n";
        text
    }
}

fn bridges(text: &mut String, names: &[String]) {
    for name in names {
        let _ = writeln!(text, "       ip link add name {name} type bridge && ip link set {name} up");
    }
}

fn configuration(source: &str, vm: &Vm, vifs: &[Vif]) -> String {
    let vifs: Vec<_> = vifs.iter().map(|vif| format!("'mac={},bridge={}'", hex(&vif.mac), vif.bridge)).collect();
    let Vm { name, image, memory_mib, .. } = vm;
    // shadow_memory, in MiB, is what Xen makes the domain's page tables of. By itself xl gives a page for each MiB of the domain, too few for
    // one below 18 MiB: its special pages lie just below 4 GiB and take tables of their own.
    // xl 4.17 takes the first channel of a list for the console itself, and refuses it.
    format!(
        "# {name} of {source}\n\
         name = \"{name}\"\n\
         type = \"pvh\"\n\
         kernel = \"{image}\"\n\
         memory = {memory_mib}\n\
         shadow_memory = 1\n\
         vcpus = 1\n\
         vif = [ {} ]\n\
         channel = [ 'connection=pty,name=spare', 'connection=socket,path=/run/sluice-{name}.control,name=sluice' ]\n\
         on_poweroff = \"destroy\"\n\
         on_reboot = \"destroy\"\n\
         on_crash = \"restart\"\n",
        vifs.join(", ")
    )
}

fn vifs(plan: &Plan, stem: &str, vm: usize) -> Vec<Vif> {
    let planned = &plan.vms[vm];
    let vif = |(port, found): (usize, &chain_compiler::Port)| {
        let bridge = match &found.peer {
            Peer::Network(name) => name.clone(),
            Peer::Vm(_) => {
                let index = plan.links.iter().position(|link| link.ends.contains(&(vm, port)));
                link_bridge(stem, index.expect("a port to a VM is an end of a link"))
            }
        };
        Vif { bridge, mac: mac(&format!("{stem}.{}.{}", planned.name, found.name)) }
    };
    planned.ports.iter().enumerate().map(vif).collect()
}

/// `NAME-0`, with as much of the chain's name as fits.
fn link_bridge(stem: &str, index: usize) -> String {
    let number = format!("-{index}");
    let mut name: String = stem.chars().filter(char::is_ascii_alphanumeric).collect();
    name.truncate(NAME_BYTES - number.len());
    name + &number
}

/// The same address in each export: FNV-1a of the vif's name.
fn mac(name: &str) -> [u8; 6] {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, _] = hash.to_be_bytes();
    let [x, y, z] = OUI;
    [x, y, z, a & 0x7f, b, c]
}

fn hex(mac: &[u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::manifest::Port;
    use std::path::Path;

    fn chain(text: &str) -> Chain {
        let plan = chain_compiler::compile("web.nf", text, &chain_compiler::Options::default()).unwrap();
        Chain { stem: "web".into(), source: "web.nf".into(), plan }
    }

    /// What a build would say of the chain.
    fn manifest(chain: &Chain) -> Manifest {
        let vms = chain.plan.vms.iter().map(|vm| Vm {
            name: vm.name.clone(),
            image: format!("{}.elf", vm.image),
            starts: vm.starts,
            sha256: String::new(),
            image_bytes: 0,
            memory_mib: vm.memory_mib.unwrap_or(8),
            least_memory_mib: 1,
            ports: vm
                .ports
                .iter()
                .map(|port| Port { name: port.name.clone(), network: None, vm: None, shared: false })
                .collect(),
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
    fn both_ends_of_a_link_are_in_its_bridge_and_no_other_vif_is() {
        let domains = Domains::of(&chain(CHAIN)).unwrap();
        for link in &domains.links {
            assert_eq!(domains.vifs.iter().flatten().filter(|vif| vif.bridge == *link).count(), 2, "{link}");
        }
        let mut macs: Vec<_> = domains.vifs.iter().flatten().map(|vif| vif.mac).collect();
        let all = macs.len();
        macs.sort();
        macs.dedup();
        assert_eq!(macs.len(), all);
    }

    #[test]
    fn a_network_that_no_bridge_can_be_called_is_refused() {
        let chain = chain(
            "network averyverylongname; vm a { FromDevice(averyverylongname) -> Discard; } chain averyverylongname <-> a;",
        );
        let said = Domains::of(&chain).err().unwrap().to_string();
        assert!(said.contains("web.nf: the network 'averyverylongname'"), "{said}");
    }

    #[test]
    fn the_bridge_of_a_link_has_a_name_that_linux_takes() {
        assert_eq!(link_bridge("two-vms", 3), "twovms-3");
        assert_eq!(link_bridge("a-chain-with-a-long-name", 12), "achainwithal-12");
    }
}
