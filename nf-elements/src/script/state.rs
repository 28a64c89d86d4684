// SPDX-License-Identifier: Apache-2.0
//! Where a script stands.

use super::{Ending, Instruction, Kind, Program};

/// Who makes a script go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One of its handlers.
    Handler,
    /// The clock.
    Timer,
    /// A request to stop the machine.
    Stop,
}

/// Where a script stands.
pub struct State {
    /// The instruction that comes next.
    pub position: usize,
    /// Steps made at the present `pause`.
    pub paused: u32,
    /// Steps made by its own `step` while it runs.
    pub more: i64,
    /// When the present wait ends.
    pub wake_ns: Option<u64>,
    /// A signal runs it (TYPE SIGNAL): not between that and its `end`.
    pub listens: bool,
    /// How it ended.
    pub ended: Option<Ending>,
    /// `$?`: what the last write handler said.
    pub status: i32,
    /// `$0`: the handler by which it runs.
    pub handler: heapless::String<64>,
    /// `$write`: whether that is a write handler.
    pub writing: bool,
    /// The clock, as last seen.
    pub now_ns: u64,
    /// The state of the random numbers.
    pub random: u64,
    /// Waits that it has gone past.
    pub(super) steps: i64,
    /// It has run its first instructions.
    pub(super) begun: bool,
}

impl State {
    /// At the beginning.
    pub const fn new() -> Self {
        State {
            position: 0,
            paused: 0,
            more: 0,
            wake_ns: None,
            listens: true,
            ended: None,
            status: 0,
            handler: heapless::String::new(),
            writing: false,
            now_ns: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            steps: 0,
            begun: false,
        }
    }

    /// Whether the first instructions are to be run without anybody asking.
    pub fn is_new(&self, program: &Program) -> bool {
        !self.begun
            && matches!(program.kind, Kind::Active | Kind::Driver)
            && matches!(program.instructions.first(), Some(Instruction::Begin))
    }
}

impl Default for State {
    fn default() -> Self {
        State::new()
    }
}
