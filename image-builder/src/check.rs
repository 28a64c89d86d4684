// SPDX-License-Identifier: Apache-2.0
//! `sluice check`: what is wrong with a chain file.

use crate::chain;
use crate::cli::CheckArgs;
use crate::failure::Ending;
use chain_compiler::Diagnostics;

/// Checks; as JSON the diagnostics go to standard output, else to standard error.
pub fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let (chain, text) = chain::compile(&args.file)?;
    let (found, sound) = match &chain {
        Ok(chain) => (Diagnostics(chain.plan.warnings.clone()), true),
        Err(found) => (found.clone(), false),
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else if !found.0.is_empty() {
        chain::show(&found, &args.file.display().to_string(), &text);
    }
    match chain {
        Ok(chain) if !args.json => println!("{}: sound; {}", args.file.display(), summary(&chain)),
        _ => {}
    }
    if sound { Ok(()) } else { Err(Ending::Reported.into()) }
}

fn summary(chain: &chain::Chain) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let elements = chain.plan.vms.iter().map(|vm| vm.elements.len()).sum();
    [count(chain.plan.vms.len(), "VM"), count(chain.plan.networks.len(), "network"), count(elements, "element")]
        .join(", ")
}
