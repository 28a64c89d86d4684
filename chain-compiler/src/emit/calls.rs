// SPDX-License-Identifier: Apache-2.0
//! Calls of handlers that elements of the data path make: between tasks, when nothing is borrowed.

use super::Emitter;
use super::code::Code;

impl Emitter<'_> {
    /// The elements that may want a call.
    fn calling(&self) -> impl Iterator<Item = usize> {
        (0..self.elements.len()).filter(|element| self.configured[*element].instance.calling)
    }

    /// Whether there is a method `calls`.
    pub(super) fn calls(&self) -> bool {
        !self.tasks.is_empty() && self.calling().next().is_some()
    }

    /// The method `calls`, which makes all calls that are due.
    pub(super) fn calls_method(&self, code: &mut Code) {
        code.gap();
        code.line("#[inline]");
        code.block("fn calls<M: PacketIo>(&mut self, io: &mut M)", |code| {
            for element in self.calling() {
                let (field, name) = (&self.fields[element], &self.elements[element].name);
                code.block(format!("while let Some(call) = self.{field}.due_call()"), |code| {
                    code.line(format!("call.perform({name:?}, io, self);"));
                });
            }
        });
    }
}
