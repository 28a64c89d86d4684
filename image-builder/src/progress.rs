// SPDX-License-Identifier: Apache-2.0
//! What is going on, on standard error: a spinner on a terminal, plain lines elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// The line about what is going on.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// Begins with `step`, which is told elsewhere than on a terminal only if it is `announced`.
    pub fn begin(step: &str, announced: bool) -> Progress {
        if !std::io::stderr().is_terminal() {
            if announced {
                eprintln!("{step}");
            }
            return Progress(None);
        }
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is sound"));
        bar.set_message(step.to_string());
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(Some(bar))
    }

    /// A detail of the step: shown on a terminal only.
    pub fn detail(&self, detail: String) {
        if let Some(bar) = &self.0 {
            bar.set_message(detail);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
