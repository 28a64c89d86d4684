// SPDX-License-Identifier: Apache-2.0
//! Shows what the compiler makes of a chain file: the wiring of each VM, or the diagnostics.

fn main() {
    let file_name = std::env::args().nth(1).expect("usage: compile FILE.nf");
    let text = std::fs::read_to_string(&file_name).expect("the file can be read");
    match chain_compiler::compile(&file_name, &text, &chain_compiler::Options::default()) {
        Ok(plan) => {
            eprint!("{}", chain_compiler::Diagnostics(plan.warnings).render(&file_name, &text, false));
            plan.vms.iter().for_each(|vm| print!("{}", vm.wiring));
        }
        Err(found) => {
            eprint!("{}", found.render(&file_name, &text, false));
            std::process::exit(1);
        }
    }
}
