// SPDX-License-Identifier: Apache-2.0
//! What came back: times, duplicates and losses, as `ping` sums them up.

use crate::HandlerError;
use core::fmt;

/// How many times are kept: one for each sequence number.
#[cfg(any(feature = "host", test))]
pub const TIMES: usize = 65536;
/// Marks a time whose reply has come.
const ANSWERED: u64 = 1 << 63;

/// See the module's documentation. Times of replies are in microseconds.
pub struct Receiver {
    times: &'static mut [u64],
    received: u64,
    duplicates: u64,
    least: u64,
    most: u64,
    sum: u64,
    squares: u64,
}

impl Receiver {
    /// Nothing has come.
    pub const fn new() -> Self {
        Receiver { times: &mut [], received: 0, duplicates: 0, least: 0, most: 0, sum: 0, squares: 0 }
    }

    /// Takes the memory for the times.
    pub fn lend(&mut self, memory: &'static mut [u64]) {
        self.times = memory;
    }

    /// Notes when a request was sent.
    pub fn sent(&mut self, sequence: u16, now_ns: u64) {
        if let Some(time) = self.times.get_mut(usize::from(sequence)) {
            *time = now_ns.clamp(1, ANSWERED - 1);
        }
    }

    /// Notes a reply: how long it took; none if nothing of that number was sent.
    pub fn received(&mut self, sequence: u16, now_ns: u64) -> Option<u64> {
        let time = self.times.get_mut(usize::from(sequence)).filter(|time| **time != 0)?;
        self.duplicates += u64::from(*time & ANSWERED != 0);
        let took_us = now_ns.saturating_sub(*time & !ANSWERED) / 1000;
        *time |= ANSWERED;
        if self.received == 0 {
            (self.least, self.most) = (took_us, took_us);
        }
        (self.least, self.most) = (self.least.min(took_us), self.most.max(took_us));
        self.received += 1;
        self.sum = self.sum.saturating_add(took_us);
        self.squares = self.squares.saturating_add(took_us.saturating_mul(took_us));
        Some(took_us)
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        let times = core::mem::take(&mut self.times);
        times.fill(0);
        *self = Receiver { times, ..Receiver::new() };
    }

    /// Reads `summary`, of `count` requests, or `rtt_min`, `rtt_avg` or `rtt_max`.
    pub fn read_handler(&self, name: &str, count: u64, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let average = self.sum / self.received.max(1);
        match name {
            "summary" => self.summary(count, average, out)?,
            "rtt_min" => write!(out, "{}", Seconds(self.least))?,
            "rtt_avg" => write!(out, "{}", Seconds(average))?,
            "rtt_max" => write!(out, "{}", Seconds(self.most))?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn summary(&self, count: u64, average: u64, out: &mut dyn fmt::Write) -> fmt::Result {
        let (received, duplicates) = (self.received, self.duplicates);
        write!(out, "{count} packets transmitted, {} received", received - duplicates)?;
        if duplicates != 0 {
            write!(out, ", +{duplicates} duplicates")?;
        }
        if count != 0 {
            let lost = i128::from(count) - i128::from(received) - i128::from(duplicates);
            writeln!(out, ", {}% packet loss", lost * 100 / i128::from(count))?;
        }
        if let Some(squares) = self.squares.checked_div(received) {
            let deviation = squares.saturating_sub(average.saturating_mul(average)).isqrt();
            let times = [self.least, average, self.most, deviation].map(Milliseconds);
            let [least, average, most, deviation] = times;
            writeln!(out, "rtt min/avg/max/mdev = {least}/{average}/{most}/{deviation}")?;
        }
        Ok(())
    }
}

/// Microseconds, shown in milliseconds.
struct Milliseconds(u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// Microseconds, shown in seconds with as many digits as tell all.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1_000_000)?;
        let (mut rest, mut digits) = (self.0 % 1_000_000, 6);
        while rest != 0 && rest.is_multiple_of(10) {
            (rest, digits) = (rest / 10, digits - 1);
        }
        if rest != 0 { write!(f, ".{rest:0digits$}") } else { Ok(()) }
    }
}
