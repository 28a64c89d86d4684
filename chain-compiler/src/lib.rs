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
pub use plan::{Peer, Plan, PlannedElement, Port, VmPlan};
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
        file.vms.push(Vm { name, memory_mib: None, body: Body::default() });
    }
    let mut topology = topology::resolve(&file, !is_click, &mut log);
    let mut checked = Vec::new();
    for (vm, mut place) in file.vms.iter().zip(topology.vms) {
        let flat = flatten::flatten(&[&file.outside, &vm.body], options, &mut log);
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
        let instances = check::check(&flat, &wired, &names, options, &mut log);
        let told = (options.target == Target::Process).then(|| emit::Told {
            written: if file.is_compact { String::new() } else { text.into() },
            arguments: flat.elements.iter().map(|element| element.configuration()).collect(),
        });
        checked.push((vm, place, wired, instances, file.requirements().to_string() + &flat.to_click(), told));
    }
    let found = log.finish(&sources);
    if found.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Diagnostics(found));
    }
    let vms = checked.into_iter().map(|(vm, ports, wired, instances, configuration, told)| {
        let told = told.as_ref().map(|told| (told, configuration.as_str()));
        let wiring = emit::wiring(file_name, &vm.name.text, &ports, &wired, &instances, told);
        let elements = wired.elements.iter().filter_map(|element| {
            let class = element.spec?.class.to_string();
            Some(PlannedElement { name: element.name.clone(), class })
        });
        let elements = elements.collect();
        let (wiring, data) = (wiring.source, wiring.data);
        let (name, memory_mib) = (vm.name.text.clone(), vm.memory_mib);
        VmPlan { name, memory_mib, ports, elements, configuration, wiring, data }
    });
    Ok(Plan { vms: vms.collect(), networks: topology.networks, warnings: found })
}
