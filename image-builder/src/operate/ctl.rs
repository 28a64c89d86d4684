// SPDX-License-Identifier: Apache-2.0
//! `sluice ctl`: a handler of a running VM.

use super::asking::{Respondent, choose_vm};
use super::message::{Answer, Ask};
use super::rules;
use crate::cli::{CtlAction, CtlArgs};
use crate::failure::usage;
use std::path::Path;

/// The command.
pub fn command(args: &CtlArgs) -> anyhow::Result<()> {
    // Elements' names have no dots; a handler's parameter may.
    let Some((element, handler)) = args.handler.split_once('.') else {
        return Err(usage(format!("'{}' is no handler: wanted ELEMENT.HANDLER", args.handler)));
    };
    let (run, vm) = choose_vm(&args.vm)?;
    let file = args.value.first().filter(|_| args.value.len() == 1).and_then(|value| value.strip_prefix('@'));
    if let (CtlAction::Write, rules::HANDLER, Some(file)) = (args.action, handler, file) {
        return rules::replace(&mut Respondent::reach(run)?, &vm, element, Path::new(file));
    }
    let (element, handler, value) = (element.into(), handler.into(), args.value.join(" "));
    let ask = match args.action {
        CtlAction::Read if !args.value.is_empty() => return Err(usage("read takes no value")),
        CtlAction::Read => Ask::Read { vm, element, handler },
        CtlAction::Write => Ask::Write { vm, element, handler, value },
    };
    if let Answer::Value(value) = Respondent::reach(run)?.ask(ask)? {
        println!("{}", value.strip_suffix('\n').unwrap_or(&value));
    }
    Ok(())
}
