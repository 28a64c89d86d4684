// SPDX-License-Identifier: Apache-2.0
//! `sluice logs --alerts`: what the IDS elements of a run have raised, as lines of EVE JSON.

use super::asking::{Respondent, choose, choose_vm};
use super::message::{Answer, Ask};
use super::state::State;
use crate::failure::usage;
use crate::signals::Stop;
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::io::{ErrorKind, Write};
use std::time::{Duration, SystemTime};

/// The class of the elements that raise alerts.
const IDS: &str = "IDS";
/// How often they are asked.
const EVERY: Duration = Duration::from_millis(100);
/// How EVE writes a time.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.6f%z";

/// The command: of the VM that is named, or of all VMs of the only run; what is kept, or with `follow` all that comes.
pub fn command(vm: Option<&str>, follow: bool) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    let (run, vm) = match vm {
        Some(vm) => choose_vm(vm).map(|(run, vm)| (run, Some(vm)))?,
        None => (choose(None)?, None),
    };
    let (name, mut feeds) = (run.name.clone(), feeds(&run.state, vm.as_deref()));
    if feeds.is_empty() {
        let place = vm.as_deref().unwrap_or(&name);
        return Err(usage(format!("there is no {IDS} in {place}, so nothing raises alerts")));
    }
    let mut respondent = Respondent::reach(run)?;
    while !stop.asked() {
        let (mut came, mut lost_one) = (false, false);
        for feed in &mut feeds {
            match feed.fetch(&mut respondent) {
                Ok(alerts) if !print(&alerts)? => return Ok(()),
                Ok(alerts) => came |= !alerts.is_empty(),
                Err(error) if vm.is_some() && !follow => return Err(error),
                Err(_) => lost_one = true,
            }
        }
        if came {
            continue;
        }
        if !follow {
            return Ok(());
        }
        std::thread::sleep(EVERY);
        if lost_one {
            // The VM may be started again, the manager may be gone, and so may the run.
            let Ok(again) = choose(Some(&name)).and_then(Respondent::reach) else { return Ok(()) };
            respondent = again;
        }
    }
    Ok(())
}

/// Prints lines. False if nobody reads on.
fn print(lines: &[String]) -> anyhow::Result<bool> {
    let mut out = std::io::stdout().lock();
    match lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).context("cannot write the alerts"),
    }
}

/// An element that raises alerts.
struct Feed {
    vm: String,
    element: String,
    /// The number of the first alert that was not fetched.
    next: u64,
    /// When the VM's kernel was entered, which its times count from; none if it has to be asked.
    entry: Option<SystemTime>,
}

/// The elements of `vm`, or of all VMs.
fn feeds(state: &State, vm: Option<&str>) -> Vec<Feed> {
    let vms = state.vms.iter().filter(|known| vm.is_none_or(|vm| vm == known.name));
    let elements = vms.flat_map(|vm| vm.elements.iter().map(move |element| (vm, element)));
    let alerting = elements.filter(|(_, element)| element.class == IDS);
    let feed = |(vm, element): (&super::state::Vm, &super::state::Element)| Feed {
        vm: vm.name.clone(),
        element: element.name.clone(),
        next: 0,
        entry: None,
    };
    alerting.map(feed).collect()
}

impl Feed {
    /// The alerts that have come, as many as an answer holds.
    fn fetch(&mut self, respondent: &mut Respondent) -> anyhow::Result<Vec<String>> {
        let (vm, element) = (self.vm.clone(), self.element.clone());
        let handler = format!("alerts {}", self.next);
        let Answer::Value(text) = respondent.ask(Ask::Read { vm, element, handler })? else {
            bail!("the answer cannot be understood");
        };
        let mut lines = text.lines();
        let first: u64 = lines.next().and_then(|line| line.parse().ok()).context("the answer has no number")?;
        if first < self.next {
            // The VM was started again.
            self.entry = None;
        } else if first > self.next {
            anstream::eprintln!("{}.{}: {} alerts came too fast to be kept", self.vm, self.element, first - self.next);
        }
        let entry = match self.entry {
            Some(entry) => entry,
            None => *self.entry.insert(respondent.entry(&self.vm)?),
        };
        let alerts: Vec<_> = lines.map(|line| self.complete(line, entry)).collect::<anyhow::Result<_>>()?;
        self.next = first + alerts.len() as u64;
        Ok(alerts)
    }

    /// An alert with the time of day in place of the VM's own, and where it comes from.
    fn complete(&self, line: &str, entry: SystemTime) -> anyhow::Result<String> {
        let mut alert: Map<String, Value> = serde_json::from_str(line).context("an alert is no JSON")?;
        let own = alert.get("timestamp").and_then(Value::as_str).unwrap_or_default();
        let own = DateTime::parse_from_str(own, TIME).context("an alert has no time")?;
        let time = DateTime::<Utc>::from(entry) + own.signed_duration_since(DateTime::UNIX_EPOCH);
        alert.insert("timestamp".into(), time.format(TIME).to_string().into());
        alert.insert("host".into(), format!("{}.{}", self.vm, self.element).into());
        Ok(serde_json::to_string(&alert)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_gets_the_time_of_day_and_keeps_the_rest() {
        let feed = Feed { vm: "fw".into(), element: "ids".into(), next: 0, entry: None };
        let entry = SystemTime::UNIX_EPOCH + Duration::from_secs(1_709_210_090);
        let line = r#"{"timestamp":"1970-01-01T00:00:06.000001+0000","event_type":"alert","alert":{"signature_id":7}}"#;
        let complete = r#"{"timestamp":"2024-02-29T12:34:56.000001+0000","event_type":"alert","alert":{"signature_id":7},"host":"fw.ids"}"#;
        assert_eq!(feed.complete(line, entry).unwrap(), complete);
        assert!(feed.complete("{}", entry).is_err() && feed.complete("{", entry).is_err());
    }
}
