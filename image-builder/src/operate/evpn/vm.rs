// SPDX-License-Identifier: Apache-2.0
//! A VM's tables, reached as other commands reach its handlers.

use crate::operate::asking::{Refusal, Respondent, choose};
use crate::operate::message::{Answer, Ask};
use evpn::{Vtep, VtepError, Write};
use std::cell::OnceCell;

/// A VM of a run, with the element that has the tables.
pub struct Vm<'a> {
    run: String,
    vm: String,
    element: String,
    /// The run's manager, kept for the next time.
    manager: Option<Respondent>,
    /// Why there will be no next time.
    ended: &'a OnceCell<String>,
}

impl<'a> Vm<'a> {
    /// The element `element` of the VM `vm`; `ended` is set when the run is no more.
    pub fn new(run: &str, vm: &str, element: &str, ended: &'a OnceCell<String>) -> Self {
        Vm { run: run.into(), vm: vm.into(), element: element.into(), manager: None, ended }
    }

    fn ask(&mut self, ask: Ask) -> Result<Answer, VtepError> {
        let mut respondent = match self.manager.take() {
            Some(manager) => manager,
            None => self.reach()?,
        };
        let result = respondent.ask(ask).map_err(|error| match error.downcast_ref::<Refusal>() {
            Some(refusal) => VtepError::Refused(refusal.to_string()),
            None => VtepError::Gone(format!("{error:#}")),
        });
        // Who stands in for a manager keeps others from it, and so does not stay.
        let stays = matches!(respondent, Respondent::Manager(_)) && !matches!(result, Err(VtepError::Gone(_)));
        self.manager = stays.then_some(respondent);
        result
    }

    fn reach(&self) -> Result<Respondent, VtepError> {
        let gone = |error: anyhow::Error| VtepError::Gone(format!("{error:#}"));
        let run = choose(Some(&self.run)).map_err(|_| {
            let why = format!("the run {} has ended", self.run);
            VtepError::Gone(self.ended.get_or_init(|| why).clone())
        })?;
        Respondent::reach(run).map_err(gone)
    }

    fn read_of(&mut self, element: String, handler: &str) -> Result<String, VtepError> {
        let (vm, handler) = (self.vm.clone(), handler.into());
        match self.ask(Ask::Read { vm, element, handler })? {
            Answer::Value(value) => Ok(value),
            _ => Err(VtepError::Gone("the manager's answer makes no sense".into())),
        }
    }
}

impl Vtep for Vm<'_> {
    fn read(&mut self, handler: &str) -> Result<String, VtepError> {
        self.read_of(self.element.clone(), handler)
    }

    fn write(&mut self, write: &Write) -> Result<(), VtepError> {
        let (vm, element) = (self.vm.clone(), self.element.clone());
        let (handler, value) = (write.handler.into(), write.value.clone());
        self.ask(Ask::Write { vm, element, handler, value }).map(drop)
    }

    fn uptime_ns(&mut self) -> Result<u64, VtepError> {
        let value = self.read_of(control::MACHINE.into(), "now_ns")?;
        value.trim().parse().map_err(|_| VtepError::Gone(format!("the VM's time is no number: '{value}'")))
    }
}
