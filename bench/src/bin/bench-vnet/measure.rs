// SPDX-License-Identifier: Apache-2.0
//! One measurement: pings, or iperf3's stream.

use super::Options;
use super::hosts::{Path, Site};
use anyhow::{Context, Result, ensure};
use bench::results::median;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long iperf3's server may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// The shortest segments that Linux sends: TCP_MIN_MSS.
const LEAST_SEGMENT: u32 = 88;

/// What a measurement shows: microseconds, or Mbit/s.
pub type Sample = f64;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The median round trip of a ping, in microseconds.
    Latency,
    /// What TCP carries in segments of that size, in Mbit/s.
    Tcp,
    /// The most that arrives of UDP datagrams of that size at any of several rates, in Mbit/s: RFC 2285 §3.6.2's maximum forwarding rate.
    Udp,
    /// What arrives of a flood of them, whose sender takes a processor for itself, in Mbit/s.
    Flood,
}

/// Whether the programs are there.
pub fn check() -> Result<()> {
    for (program, flag, package) in [("ping", "-V", "iputils-ping"), ("iperf3", "--version", "iperf3")] {
        let there = Command::new(program).arg(flag).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ensure!(there.is_ok(), "there is no {program} on the PATH: apt-get install {package}");
    }
    Ok(())
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Latency, Kind::Tcp, Kind::Udp, Kind::Flood];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Latency => "round trip, µs",
            Kind::Tcp => "TCP, Mbit/s",
            Kind::Udp => "UDP, Mbit/s",
            Kind::Flood => "flood, Mbit/s",
        }
    }

    /// Whether there are such payloads.
    pub fn has(self, payload: u32) -> bool {
        self != Kind::Tcp || payload >= LEAST_SEGMENT
    }

    /// How often a round measures it.
    pub fn turns(self, options: &Options) -> usize {
        if self == Kind::Latency { options.turns.into() } else { options.streams.into() }
    }

    /// Measures `path` with payloads of so many bytes.
    pub fn measure(self, site: &Site, path: Path, payload: u32, options: &Options) -> Result<Sample> {
        let (far, size, seconds) = (path.far(), payload.to_string(), options.seconds.to_string());
        match self {
            Kind::Latency => pings(&far, &size, &options.pings.to_string()),
            Kind::Tcp => stream(site, &far, &["--time", &seconds, "--set-mss", &size]),
            Kind::Udp => most(site, &far, &["--udp", "--length", &size]),
            Kind::Flood => {
                let flags = ["--time", &seconds, "--udp", "--bitrate", "0", "--length", &size];
                stream(site, &far, &flags)
            }
        }
    }
}

/// The median round trip.
fn pings(far: &str, size: &str, count: &str) -> Result<Sample> {
    let output = Command::new("ping").args(["-A", "-c", count, "-W", "5", "-s", size, far]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "ping: {}", text.trim());
    median(&round_trips(&text)).context("ping tells no times")
}

/// Microseconds of each answer.
fn round_trips(text: &str) -> Vec<f64> {
    let times =
        text.lines().filter_map(|line| line.split_once("time=")?.1.split_whitespace().next()?.parse::<f64>().ok());
    times.map(|milliseconds| milliseconds * 1e3).collect()
}

/// The most that arrives, in Mbit/s, at rates around what arrives in a flood: there the sender takes processor time from everybody else, and
/// more may arrive if less is sent.
fn most(site: &Site, far: &str, flags: &[&str]) -> Result<Sample> {
    const RATES: [f64; 8] = [0.6, 0.75, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6];
    let at = |bitrate: &str| stream(site, far, &[&["--time", "1", "--bitrate", bitrate], flags].concat());
    let flood = at("0")?;
    RATES.into_iter().try_fold(flood, |most, rate| Ok(most.max(at(&format!("{:.1}M", flood * rate))?)))
}

/// What iperf3 says arrived.
fn stream(site: &Site, far: &str, flags: &[&str]) -> Result<Sample> {
    let mut server = site.far()?.args(["iperf3", "--server", "--one-off"]).stdout(Stdio::null()).spawn()?;
    let deadline = Instant::now() + PATIENCE;
    let result = loop {
        let output = Command::new("iperf3").args(["--client", far, "--json"]).args(flags).output()?;
        let told: Value = serde_json::from_slice(&output.stdout).context("iperf3 tells no JSON")?;
        let refused = told["error"].as_str().is_some_and(|error| error.contains("unable to connect"));
        // Where nobody listens yet.
        if !refused || Instant::now() > deadline {
            break megabits(&told);
        }
        sleep(Duration::from_millis(20));
    };
    // It has ended by itself, if the client came.
    let _ = server.kill();
    server.wait()?;
    result
}

/// Mbit/s that arrived.
fn megabits(told: &Value) -> Result<Sample> {
    if let Some(error) = told["error"].as_str() {
        anyhow::bail!("iperf3: {error}");
    }
    let end = &told["end"];
    let arrived = end["sum_received"]["bits_per_second"].as_f64();
    let sent = || {
        let (rate, lost) = (end["sum"]["bits_per_second"].as_f64()?, end["sum"]["lost_percent"].as_f64()?);
        Some(rate * (1.0 - lost / 100.0))
    };
    arrived.filter(|rate| *rate > 0.0).or_else(sent).map(|rate| rate / 1e6).context("iperf3 tells no rate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn round_trips_are_microseconds() {
        let text = "PING 10.9.0.2\n64 bytes from 10.9.0.2: icmp_seq=1 ttl=64 time=0.303 ms\n72 bytes: time=1 ms\n";
        assert_eq!(round_trips(text), [303.0, 1000.0]);
    }

    #[test]
    fn what_arrived_counts() {
        let tcp = json!({"end": {"sum_received": {"bits_per_second": 2e6}, "sum_sent": {"bits_per_second": 3e6}}});
        let udp = json!({"end": {"sum": {"bits_per_second": 4e6, "lost_percent": 25.0}}});
        assert_eq!((megabits(&tcp).unwrap(), megabits(&udp).unwrap()), (2.0, 3.0));
        assert!(megabits(&json!({"error": "no route"})).is_err() && megabits(&json!({})).is_err());
    }
}
