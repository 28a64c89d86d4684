// SPDX-License-Identifier: Apache-2.0
//! From a chain file to the Rust wiring of each of its VMs.
//!
//! ```
//! let text = "network lan; vm mirror { FromDevice(lan) -> ToDevice(lan); } chain lan <-> mirror;";
//! let plan = chain_compiler::compile("mirror.nf", text, &chain_compiler::Options::default());
//! let plan = plan.map_err(|found| found.render("mirror.nf", text, false)).unwrap();
//! assert_eq!(plan.vms[0].ports[0].name, "lan");
//! assert!(plan.vms[0].wiring.contains("impl Graph for Wiring"));
//! ```
#![forbid(unsafe_code)]

mod arguments;
mod attempt;
mod chains;
mod check;
mod click_classes;
mod devices;
mod diagnostic;
mod emit;
mod flatten;
mod names;
mod options;
mod plan;
mod resolve;
mod sources;
mod suggest;
mod syntax;
mod text;
mod topology;

pub use diagnostic::{Diagnostic, Diagnostics, Related, Severity};
pub use options::{Loader, Options, Target};
pub use plan::{Peer, Plan, PlannedChain, PlannedElement, PlannedLink, PlannedService, Port, VmPlan};
pub use sources::SourceFile;

use diagnostic::Log;
use syntax::ast::{Body, Name, Vm};

/// Compiles the chain file `text`. `file_name` appears in the wiring's first line; no file is read but by the loader of
/// `options`.
///
/// A file without `network`, `vm` and `chain` is a Click configuration: one VM, named after the file, with a port to a
/// network of the same name for each device that its elements name.
///
/// On failure all that was found comes back, in order of place: errors, and warnings among them.
pub fn compile(file_name: &str, text: &str, options: &Options) -> Result<Plan, Diagnostics> {
    let mut log = Log::default();
    let mut sources = sources::Sources::new(file_name, text);
    let mut file = syntax::parse(&mut sources, options, &mut log);
    let is_click = file.is_click();
    if is_click {
        let name = Name { text: devices::vm_name(file_name), span: 0..0 };
        file.vms.push(Vm {
            name,
            memory_mib: None,
            jumbo: false,
            replicas: None,
            stateful: false,
            body: Body::default(),
        });
    }
    let chains = chains::resolve(&mut file, &mut log);
    let on_chain = |vm: usize| chains.lost.contains(&vm) || chains.surrounds.get(vm).is_some_and(Option::is_some);
    let mut topology = topology::resolve(&file, |vm| is_click || on_chain(vm), &mut log);
    let mut checked = Vec::new();
    let bodies: Vec<Body> = file.vms.iter_mut().map(|vm| std::mem::take(&mut vm.body)).collect();
    for (index, (body, mut place)) in bodies.into_iter().zip(std::mem::take(&mut topology.vms)).enumerate() {
        let vm = &file.vms[index];
        if chains.lost.contains(&index) {
            continue;
        }
        let surround = chains.surrounds.get(index).and_then(Option::as_ref);
        let flat = match surround {
            Some(surround) => {
                place.extend(surround.ports.iter().cloned());
                flatten::function(&file.outside, body, surround, options, &mut log)
            }
            None => flatten::flatten(&[&file.outside, &body], options, &mut log),
        };
        if is_click {
            place = devices::ports(&flat);
            topology.networks.extend(place.iter().map(|port| port.name.clone()));
        }
        let wired = resolve::resolve(&flat, options, &mut log);
        let mut names: Vec<String> = place.iter().map(|port| port.name.clone()).collect();
        if topology.broken {
            // A chain that could not be read may have given this VM any port.
            let all = file.networks.iter().chain(file.vms.iter().map(|vm| &vm.name));
            for name in all.filter(|name| name.text != vm.name.text) {
                if !names.contains(&name.text) {
                    names.push(name.text.clone());
                }
            }
        }
        if let Some(port) = place.iter().find(|port| vm.jumbo && matches!(port.peer, Peer::Vm(_))) {
            let error = Diagnostic::error(
                vm.name.span.clone(),
                format!("jumbo frames pass no link, as that to '{}'", port.name),
            );
            log.report(
                error.wanted("networks on all sides of a VM with mtu 9000: a ring's frames have at most 2048 bytes"),
            );
        }
        let instances = check::check(&flat, &wired, &names, options, &mut log);
        let told = (options.target == Target::Process).then(|| emit::Told {
            written: if file.is_compact { String::new() } else { text.into() },
            arguments: flat.elements.iter().map(|element| element.configuration()).collect(),
        });
        checked.push((index, place, wired, instances, file.requirements().to_string() + &flat.to_click(), told));
    }
    let found = log.finish(&sources);
    if found.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Diagnostics(found));
    }
    let mut vms = Vec::new();
    for (index, ports, wired, instances, configuration, told) in checked {
        let vm = &file.vms[index];
        let told = told.as_ref().map(|told| (told, configuration.as_str()));
        let wiring = emit::wiring(file_name, &vm.name.text, &ports, &wired, &instances, told);
        let elements = wired.elements.iter().filter_map(|element| {
            let class = element.spec?.class.to_string();
            Some(PlannedElement { name: element.name.clone(), class })
        });
        let (image, memory_mib, jumbo) = (vm.name.text.clone(), vm.memory_mib, vm.jumbo);
        let (wiring, data) = (wiring.source, wiring.data);
        let elements = elements.collect();
        let made = instances.iter().flatten().filter_map(|configured| configured.instance.host.as_ref());
        let hosts = made.map(|(name, _)| name.clone()).collect();
        let plan = VmPlan {
            name: image.clone(),
            image,
            starts: true,
            memory_mib,
            jumbo,
            ports,
            hosts,
            elements,
            configuration,
            wiring,
            data,
        };
        let (running, spare) = chains::instances(vm);
        let running = running.into_iter().map(|name| (name, true));
        for (name, starts) in running.chain(spare.into_iter().map(|name| (name, false))) {
            vms.push((VmPlan { name, starts, ..plan.clone() }, chains.surrounds.get(index).and_then(Option::as_ref)));
        }
    }
    // Those that run from the start are first.
    vms.sort_by_key(|(vm, _)| !vm.starts);
    let (vms, surrounds): (Vec<_>, Vec<_>) = vms.into_iter().unzip();
    let links = chains::links(&vms, &surrounds, &chains);
    let chains::Chains { services, chains, .. } = chains;
    Ok(Plan { vms, networks: topology.networks, services, chains, links, warnings: found })
}
