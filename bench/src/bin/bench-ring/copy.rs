// SPDX-License-Identifier: Apache-2.0
//! A link in copy mode, with all that a caller does: bursts, publication, wake-ups asked for on both sides.

use crate::pair::{Cores, Memory};
use ring::{Consumer, End, FRAME_BYTES, Producer, Region, Shape, Tag};
use std::hint::black_box;
use std::time::Duration;

/// `frames` frames of `length` bytes from one core to the other, in bursts of up to `batch`.
pub fn run(cores: Cores, frames: usize, length: usize, batch: usize) -> Option<Duration> {
    let memory = Memory::new(Shape::COPY.words());
    let region = Region::format(memory.words(), Shape::COPY).expect("a good shape");
    let (from, to) = (region.attach(End::A).producer, region.attach(End::B).consumer);
    // Each moves to its thread's stack: side by side on ours they would share a line.
    cores.time(move || put(from, frames, length, batch), move || take(to, frames, batch))
}

fn put(mut producer: Producer, frames: usize, length: usize, batch: usize) {
    let frame = vec![0x5a; length];
    let mut left = frames;
    while left > 0 {
        for _ in 0..batch.min(left) {
            let tag = Tag { chain: 1, flow_hash: left as u32 };
            if producer.put(tag, black_box(&frame)).is_err() {
                break;
            }
            left -= 1;
        }
        producer.publish();
        assert!(!producer.wakeup_needed(), "the consumer polls");
    }
}

fn take(mut consumer: Consumer, frames: usize, batch: usize) {
    let mut buffer = [0; FRAME_BYTES];
    let mut left = frames;
    while left > 0 {
        for _ in 0..batch {
            let Some(frame) = consumer.take(black_box(&mut buffer)) else { break };
            black_box(frame);
            left -= 1;
        }
        consumer.release();
        assert!(!consumer.wakeup_needed(), "the producer polls");
    }
}
