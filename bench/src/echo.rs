// SPDX-License-Identifier: Apache-2.0
//! Round trips: ICMP echo from a packet socket on one TAP, answered by this kernel behind the other one.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::frame::{ECHO_REPLY, Ends, ICMP_SEQUENCE, ICMP_TYPE, echo_request};
use crate::lab::{self, IN, IN_STATION, OUT_STATION};
use crate::port::Port;
use crate::stop;

/// Between two pings: long enough for an idle VM to fall asleep.
const INTERVAL: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_millis(100);
const ENDS: Ends = Ends { from: IN_STATION, to: OUT_STATION, source: [10, 0, 0, 1], destination: [10, 0, 0, 2] };

/// The round trips of `count` pings, in microseconds, without those that got lost.
pub fn round_trips_us(count: u16) -> Result<Vec<f64>> {
    lab::answer_pings()?;
    let trips = ping(count);
    lab::stop_answering()?;
    let trips = trips?;
    ensure!(trips.len() * 2 > usize::from(count), "of {count} pings only {} came back", trips.len());
    Ok(trips)
}

fn ping(count: u16) -> Result<Vec<f64>> {
    let mut sender = Port::sender(IN)?;
    let mut receiver = Port::receiver(IN, PATIENCE)?;
    let mut trips = Vec::new();
    for sequence in 0..count {
        stop::check()?;
        let frame = echo_request(&ENDS, sequence);
        let start = Instant::now();
        sender.send_one(&frame)?;
        if wait_for_reply(&mut receiver, &frame, start)? {
            trips.push(start.elapsed().as_secs_f64() * 1e6);
        }
        sleep(INTERVAL);
    }
    Ok(trips)
}

fn wait_for_reply(receiver: &mut Port, request: &[u8], start: Instant) -> Result<bool> {
    let sequence = ICMP_SEQUENCE..ICMP_SEQUENCE + 2;
    let mut buffer = [0; 2048];
    while start.elapsed() < PATIENCE {
        let Some(frame) = receiver.receive(&mut buffer)? else { return Ok(false) };
        let is_reply = frame.len() >= request.len() && frame[ICMP_TYPE] == ECHO_REPLY;
        if is_reply && frame[..6] == IN_STATION && frame[sequence.clone()] == request[sequence.clone()] {
            return Ok(true);
        }
    }
    Ok(false)
}
