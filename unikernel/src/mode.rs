// SPDX-License-Identifier: Apache-2.0
//! What drives the run loop: interrupts, which cost least while little comes, or polling, which carries more while much does.
//!
//! This is the adaptive operation of VNET/P (HPDC 2012), whose guest-driven and VMM-driven modes differ in the same way. The rate at
//! which frames come is taken over windows of `window_ns`: from `upper_pps` on the loop polls, below `lower_pps` interrupts drive it, and
//! between these it stays as it is.
//!
//! The rates are those that Palacios has (palacios/src/devices/lnx_virtio_nic.c: 1,000 and 10,000 frames a second). The window is ours: there it is
//! 10 ms. `bench-vnet --mode` measures what each way costs.

use crate::idle::Patience;
use core::fmt;
use nf_elements::HandlerError;

/// What the loop is told to be driven by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// What fits the rate.
    Adaptive,
    /// Polling: it never sleeps.
    Poll,
    /// Interrupts: it sleeps as soon as there is nothing to do.
    Interrupt,
}

impl Mode {
    const ALL: [(Mode, &str); 3] = [(Mode::Adaptive, "adaptive"), (Mode::Poll, "poll"), (Mode::Interrupt, "interrupt")];
}

/// What drives the run loop.
pub struct Drive {
    mode: Mode,
    polls: bool,
    patience: Patience,
    lower_pps: u64,
    upper_pps: u64,
    window_ns: u64,
    /// When the window began, and the frames that had come until then.
    began_ns: u64,
    frames: u64,
    rate_pps: u64,
    switches: u64,
}

impl Drive {
    /// Adaptive; interrupts first, as in Palacios.
    pub fn new() -> Drive {
        Drive {
            mode: Mode::Adaptive,
            polls: false,
            patience: Patience::new(),
            lower_pps: 1_000,
            upper_pps: 10_000,
            window_ns: 5_000_000,
            began_ns: 0,
            frames: 0,
            rate_pps: 0,
            switches: 0,
        }
    }

    /// Whether the window is over, and [`Drive::take`] is to be called.
    #[inline]
    pub fn is_due(&self, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.began_ns) >= self.window_ns
    }

    /// Takes the number of frames that have come so far, and decides what drives the loop in the next window.
    #[cold]
    pub fn take(&mut self, now_ns: u64, frames: u64) {
        let elapsed_ns = now_ns.wrapping_sub(self.began_ns).max(1);
        let came = frames.wrapping_sub(self.frames);
        self.rate_pps = (u128::from(came) * 1_000_000_000 / u128::from(elapsed_ns)) as u64;
        (self.began_ns, self.frames) = (now_ns, frames);
        self.decide();
    }

    fn decide(&mut self) {
        let polls = match self.mode {
            Mode::Poll => true,
            Mode::Interrupt => false,
            Mode::Adaptive if self.rate_pps >= self.upper_pps => true,
            Mode::Adaptive => self.polls && self.rate_pps >= self.lower_pps,
        };
        self.switches += u64::from(polls != self.polls);
        self.polls = polls;
    }

    /// Takes a round's result: whether it is time to sleep.
    #[inline]
    pub fn may_sleep(&mut self, busy: bool) -> bool {
        if self.polls { self.patience.is_over(busy) && self.mode != Mode::Poll } else { !busy }
    }

    /// Reads one of its handlers.
    pub fn read(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let value = match name {
            "mode" => {
                let name = Mode::ALL.iter().find(|(mode, _)| *mode == self.mode).map_or("", |(_, name)| name);
                return Ok(out.write_str(name)?);
            }
            "polls" => u64::from(self.polls),
            "mode_switches" => self.switches,
            "rate_pps" => self.rate_pps,
            "lower_pps" => self.lower_pps,
            "upper_pps" => self.upper_pps,
            "window_ns" => self.window_ns,
            _ => return Err(HandlerError::Unknown),
        };
        Ok(write!(out, "{value}")?)
    }

    /// Gives one of its handlers a value.
    pub fn write(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let value = value.trim();
        let number = || value.parse::<u64>().map_err(|_| HandlerError::BadValue);
        match name {
            "mode" => {
                let named = Mode::ALL.iter().find(|(_, name)| *name == value);
                self.mode = named.ok_or(HandlerError::BadValue)?.0;
            }
            "lower_pps" => self.lower_pps = number().and_then(|rate| checked(rate, rate <= self.upper_pps))?,
            "upper_pps" => self.upper_pps = number().and_then(|rate| checked(rate, rate >= self.lower_pps))?,
            "window_ns" => self.window_ns = number().and_then(|window| checked(window, window > 0))?,
            _ => return Err(HandlerError::Unknown),
        }
        self.decide();
        Ok(())
    }
}

fn checked(value: u64, good: bool) -> Result<u64, HandlerError> {
    if good { Ok(value) } else { Err(HandlerError::BadValue) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    const WINDOW_NS: u64 = 5_000_000;

    fn read(drive: &Drive, name: &str) -> String {
        let mut value = String::new();
        drive.read(name, &mut value).unwrap();
        value
    }

    /// A drive and the frames of a window after another: what drives the loop behind each.
    fn windows(drive: &mut Drive, frames: &[u64]) -> Vec<bool> {
        let polls = frames.iter().map(|more| {
            assert!(drive.is_due(drive.began_ns + WINDOW_NS) && !drive.is_due(drive.began_ns + WINDOW_NS - 1));
            drive.take(drive.began_ns + WINDOW_NS, drive.frames + more);
            drive.polls
        });
        polls.collect()
    }

    #[test]
    fn between_the_rates_it_stays_as_it_is() {
        let mut drive = Drive::new();
        // 200 windows a second: 1,000 and 10,000 frames a second are 5 and 50 in each.
        let polls = windows(&mut drive, &[0, 49, 50, 49, 5, 4, 49, 1000, 0]);
        assert_eq!(polls, [false, false, true, true, true, false, false, true, false]);
        assert_eq!((read(&drive, "mode_switches"), read(&drive, "rate_pps")), ("4".into(), "0".into()));
    }

    #[test]
    fn a_long_sleep_makes_no_burst_look_like_a_stream() {
        let mut drive = Drive::new();
        drive.take(1_000_000_000, 500);
        assert_eq!((read(&drive, "rate_pps"), drive.polls), ("500".into(), false));
    }

    #[test]
    fn interrupts_let_it_sleep_at_once_and_polling_when_looking_on_does_not_pay() {
        let mut drive = Drive::new();
        assert!(!drive.may_sleep(true) && drive.may_sleep(false) && drive.may_sleep(false));
        drive.write("mode", "poll").unwrap();
        assert!((0..1000).all(|_| !drive.may_sleep(false)), "polling never sleeps");
        drive.write("mode", "adaptive").unwrap();
        windows(&mut drive, &[1000]);
        assert!((0..100).any(|_| drive.may_sleep(false)), "but where it is chosen for its rate it does");
    }

    #[test]
    fn what_is_told_counts_at_once() {
        let mut drive = Drive::new();
        windows(&mut drive, &[20]);
        for (handler, value, polls) in [
            ("mode", "poll", "1"),
            ("mode", "interrupt\n", "0"),
            ("mode", "adaptive", "0"),
            ("lower_pps", "10", "0"),
            ("upper_pps", "4000", "1"),
            ("lower_pps", "4000", "1"),
        ] {
            drive.write(handler, value).unwrap();
            assert_eq!(
                (read(&drive, handler).as_str(), read(&drive, "polls").as_str()),
                (value.trim(), polls),
                "{handler}"
            );
        }
        for (handler, value, error) in [
            ("mode", "fast", HandlerError::BadValue),
            ("lower_pps", "4001", HandlerError::BadValue),
            ("upper_pps", "3999", HandlerError::BadValue),
            ("window_ns", "0", HandlerError::BadValue),
            ("window_ns", "-1", HandlerError::BadValue),
            ("polls", "1", HandlerError::Unknown),
        ] {
            assert_eq!(drive.write(handler, value), Err(error), "{handler} {value}");
        }
        assert_eq!(read(&drive, "window_ns"), "5000000");
        assert_eq!(drive.read("sleeps", &mut String::new()), Err(HandlerError::Unknown));
    }
}
