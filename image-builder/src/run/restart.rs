// SPDX-License-Identifier: Apache-2.0
//! How often VMs may be started again.

use std::time::{Duration, Instant};

/// Most restarts of all VMs within [`WINDOW`]: an image that fails at once would be started forever.
const MOST: usize = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// The restarts of a run.
#[derive(Default)]
pub struct Restarts(Vec<Instant>);

impl Restarts {
    /// Notes that VM `name` ended with `error` and is to be started again; an error if that was too often.
    pub fn note(&mut self, name: &str, error: &anyhow::Error) -> anyhow::Result<()> {
        self.0.retain(|time| time.elapsed() < WINDOW);
        if self.0.len() >= MOST {
            let seconds = WINDOW.as_secs();
            anyhow::bail!("{error:#}; VMs were started again {MOST} times within {seconds} s, so it is given up");
        }
        self.0.push(Instant::now());
        anstream::eprintln!("{error:#}; {name} is started again");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_up_in_the_end() {
        let mut restarts = Restarts::default();
        let error = anyhow::anyhow!("broken");
        assert!((0..MOST).all(|_| restarts.note("fw", &error).is_ok()));
        let error = restarts.note("fw", &error).unwrap_err().to_string();
        assert!(error.contains("broken") && error.contains("given up"), "{error}");
    }
}
