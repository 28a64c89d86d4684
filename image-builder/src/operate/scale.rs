// SPDX-License-Identifier: Apache-2.0
//! `sluice scale`: more or fewer VMs for a service.

use super::asking::{Respondent, choose_service};
use super::message::{Answer, Ask};
use crate::cli::ScaleArgs;
use crate::signals::Stop;
use anyhow::bail;
use std::time::Duration;

/// How often we look whether a VM has left.
const EVERY: Duration = Duration::from_millis(50);

/// The command.
pub fn command(args: &ScaleArgs) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    let (run, service) = choose_service(&args.service)?;
    let mut respondent = Respondent::reach(run)?;
    let mut told = false;
    loop {
        let ask = Ask::Scale { service: service.clone(), replicas: args.replicas };
        let Answer::Scaled { vms, leaving } = respondent.ask(ask)? else { bail!("the answer cannot be understood") };
        if leaving.is_empty() || args.no_wait {
            println!("{service}: {}", vms.join(", "));
            return Ok(());
        }
        if !told {
            anstream::eprintln!("waiting for the last flows of {}", leaving.join(", "));
            told = true;
        }
        std::thread::sleep(EVERY);
        stop.check()?;
    }
}
