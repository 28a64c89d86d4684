// SPDX-License-Identifier: Apache-2.0
//! `sluice graph`: a picture of a chain file, its networks, services, replicas and chains.

mod layout;
mod svg;

use crate::chain;
use crate::cli::GraphArgs;
use crate::place::Pending;

/// The command: the picture as SVG, on standard output or into a file.
pub fn command(args: &GraphArgs) -> anyhow::Result<()> {
    let picture = svg::draw(&layout::Picture::of(&chain::load(&args.file)?.plan));
    match &args.output {
        Some(path) => Pending::with(path, picture.as_bytes())?.place(),
        None => {
            print!("{picture}");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chain_compiler::{Options, compile};
    use std::path::Path;

    /// The picture of an example.
    fn picture(example: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
        let text = std::fs::read_to_string(path).unwrap();
        svg::draw(&layout::Picture::of(&compile(example, &text, &Options::default()).unwrap()))
    }

    #[test]
    fn pictures_are_as_they_were() {
        for (example, golden) in [("directed.nf", "directed.svg"), ("two-vms.nf", "two-vms.svg")] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/graph").join(golden);
            let now = picture(example);
            if std::env::var_os("SLUICE_BLESS").is_some() {
                std::fs::write(&path, &now).unwrap();
            }
            assert!(
                std::fs::read_to_string(path).is_ok_and(|then| then == now),
                "{golden}; SLUICE_BLESS=1 rewrites it"
            );
        }
    }

    #[test]
    fn every_vm_and_chain_is_in_it() {
        let directed = picture("directed.nf");
        for name in [">lan<", ">wan<", ">fw<", ">inspect<", ">ids_0<", ">ids_2<", ">web<", ">bulk<", ">wan_gate<"] {
            assert!(directed.contains(name), "{name}");
        }
    }
}
