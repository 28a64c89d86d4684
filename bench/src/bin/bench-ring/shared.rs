// SPDX-License-Identifier: Apache-2.0
//! A link in shared mode: the buffers change hands and come back, and nobody touches the frames.

use crate::pair::{Cores, Memory};
use ring::{End, Mode, Shape, SharedFrame, SharedLink, SharedRegion, Tag};
use std::hint::black_box;
use std::time::Duration;

const SHAPE: Shape = Shape { mode: Mode::Shared, slots: 4096 };

/// `frames` frames of `length` bytes from one core to the other, in bursts of up to `batch`.
pub fn run(cores: Cores, frames: usize, length: usize, batch: usize) -> Option<Duration> {
    let memory = Memory::new(SHAPE.words());
    let region = SharedRegion::format(memory.words(), SHAPE).expect("a good shape");
    let (from, to) = (region.attach(End::A), region.attach(End::B));
    // Each moves to its thread's stack: side by side on ours they would share a line.
    cores.time(move || put(from, frames, length, batch), move || take(to, frames, batch))
}

fn put(mut link: SharedLink, frames: usize, length: usize, batch: usize) {
    let mut left = frames;
    while left > 0 {
        for _ in 0..batch.min(left) {
            let Some(buffer) = link.allocate() else { break };
            let frame = SharedFrame { buffer, start: 128, length, tag: Tag { chain: 1, flow_hash: left as u32 } };
            link.put(frame).expect("there are as many slots as buffers");
            left -= 1;
        }
        link.publish();
        assert!(!link.wakeup_needed(), "the consumer polls");
    }
}

fn take(mut link: SharedLink, frames: usize, batch: usize) {
    let mut left = frames;
    while left > 0 {
        for _ in 0..batch {
            let Some(frame) = link.take() else { break };
            link.give_back(black_box(frame).buffer);
            left -= 1;
        }
        link.publish();
        assert!(!link.wakeup_needed(), "the producer polls");
    }
}
