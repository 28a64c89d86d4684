// SPDX-License-Identifier: Apache-2.0
//! Ports of a configuration that no chain statement gives ports: those that its device elements name.

use crate::flatten::Flat;
use crate::plan::{Peer, Port};
use crate::text::Text;
use nf_elements::configure::Arguments;
use nf_elements::spec::Category;

/// How an element class, as it is written, names devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As they are called.
    Plain,
    /// By number: `0` is `dpdk0`.
    Dpdk,
    /// With `netmap:` before the name.
    Netmap,
}

impl Naming {
    /// How the class of that name does it.
    pub(crate) fn of(class: &str) -> Self {
        match class {
            "FromDPDKDevice" | "ToDPDKDevice" => Naming::Dpdk,
            "FromNetmapDevice" | "ToNetmapDevice" => Naming::Netmap,
            _ => Naming::Plain,
        }
    }

    /// Gives the device, the first of `arguments`, the name of a port.
    pub(crate) fn rename(self, arguments: &mut [Text]) {
        let Some(first) = arguments.first_mut() else { return };
        let written = first.as_str();
        let (keyword, name) = match written.split_once(char::is_whitespace) {
            Some((keyword @ ("PORT" | "DEVNAME"), name)) => (format!("{keyword} "), name.trim()),
            _ => (String::new(), written),
        };
        let name = match self {
            Naming::Dpdk if !name.is_empty() && name.bytes().all(|c| c.is_ascii_digit()) => format!("dpdk{name}"),
            Naming::Netmap if name.starts_with("netmap:") => name["netmap:".len()..].to_string(),
            _ => return,
        };
        *first = Text::replacing(format!("{keyword}{name}"), first.place());
    }
}

/// A port for each device that the elements name, in order of appearance; each leads to a network of the same name.
pub(crate) fn ports(flat: &Flat) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for element in &flat.elements {
        let Some(spec) = element.class.map(|class| class.spec) else { continue };
        if spec.category != Category::Device || spec.arguments.first().is_none_or(|first| first.name != "PORT") {
            continue;
        }
        let texts: Vec<&str> = element.arguments.iter().map(Text::as_str).collect();
        let mut arguments = Arguments::new(spec, &texts);
        if let Some(name) = nf_elements::configure::device(&mut arguments)
            && !ports.iter().any(|port| port.name == name)
        {
            ports.push(Port { peer: Peer::Network(name.clone()), name, carries_chains: false });
        }
    }
    ports
}

/// A name for the VM of a Click file: the file's, with `_` for what a name cannot hold.
pub(crate) fn vm_name(file_name: &str) -> String {
    let stem = std::path::Path::new(file_name).file_stem().unwrap_or_default().to_string_lossy();
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.trim_matches('_').is_empty() || name.bytes().all(|c| c.is_ascii_digit()) {
        format!("vm{name}")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_kinds() {
        let renamed = |class: &str, argument: &str| {
            let mut arguments = [Text::literal(argument, 0)];
            Naming::of(class).rename(&mut arguments);
            arguments[0].as_str().to_string()
        };
        assert_eq!(renamed("FromDPDKDevice", "0"), "dpdk0");
        assert_eq!(renamed("ToDPDKDevice", "PORT 12"), "PORT dpdk12");
        assert_eq!(renamed("ToDPDKDevice", "0000:01:00.0"), "0000:01:00.0");
        assert_eq!(renamed("FromNetmapDevice", "netmap:eth1"), "eth1");
        assert_eq!(renamed("FromDevice", "0"), "0");
        assert_eq!([vm_name("a/my-nat.click"), vm_name("7.click"), vm_name("…")], ["my_nat", "vm7", "vm_"]);
    }
}
