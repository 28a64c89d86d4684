// SPDX-License-Identifier: Apache-2.0
//! `sluice top`: what happens in a run, again and again.

use super::asking::{Respondent, choose};
use super::message::{Answer, Ask};
use super::sample::Sample;
use super::state::State;
use super::view::View;
use crate::cli::TopArgs;
use crate::signals::Stop;
use anyhow::bail;
use console::Term;
use std::time::{Duration, Instant};

/// How soon Ctrl-C is noticed.
const NAP: Duration = Duration::from_millis(20);

/// The command.
pub fn command(args: &TopArgs) -> anyhow::Result<()> {
    let (stop, screen) = (Stop::listen()?, Screen::new(Term::stdout()));
    let name = choose(args.run.as_deref())?.name;
    let (_, mut earlier) = sample(&name)?;
    while wait(Duration::from_secs_f64(args.interval), &stop) {
        let (state, later) = sample(&name)?;
        let view = View::between(&state, &earlier, &later);
        match (args.json, args.once) {
            (true, true) => println!("{}", serde_json::to_string_pretty(&view)?),
            (true, false) => println!("{}", serde_json::to_string(&view)?),
            (false, _) => screen.show(&view)?,
        }
        if args.once {
            return Ok(());
        }
        earlier = later;
    }
    Ok(())
}

/// The counters now. The run is looked up each time: it may be started again, or orphaned, meanwhile.
fn sample(name: &str) -> anyhow::Result<(State, Sample)> {
    let run = choose(Some(name))?;
    let state = run.state.clone();
    match Respondent::reach(run)?.ask(Ask::Sample)? {
        Answer::Sample(sample) => Ok((state, sample)),
        _ => bail!("the manager's answer cannot be understood"),
    }
}

/// Whether nobody stopped us meanwhile.
fn wait(time: Duration, stop: &Stop) -> bool {
    let deadline = Instant::now() + time;
    while !stop.asked() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(NAP));
    }
    false
}

/// Where views are shown: on a terminal each over the last one, elsewhere one below the other.
pub struct Screen {
    term: Term,
    lines: std::cell::Cell<usize>,
}

impl Screen {
    /// Shows views on `term`.
    pub fn new(term: Term) -> Screen {
        Screen { term, lines: 0.into() }
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.term.is_term()
    }

    /// Takes the last view away, so that something else can be printed.
    pub fn clear(&self) -> std::io::Result<()> {
        self.term.clear_last_lines(self.lines.take())
    }

    /// Shows `view` on one line.
    pub fn tell(&self, view: &View) -> std::io::Result<()> {
        self.term.write_line(&view.line())
    }

    /// Shows `view`.
    pub fn show(&self, view: &View) -> std::io::Result<()> {
        let text = view.text();
        if !self.is_terminal() {
            return self.term.write_line(&text);
        }
        self.clear()?;
        let (height, width) = self.term.size();
        let fitting = text.lines().take(usize::from(height).saturating_sub(1));
        let fitting: Vec<String> = fitting.map(|line| line.chars().take(width.into()).collect()).collect();
        self.term.write_line(&fitting.join("\n"))?;
        self.lines.set(fitting.len());
        Ok(())
    }
}
