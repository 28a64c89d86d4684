// SPDX-License-Identifier: Apache-2.0
//! How a flow begins.

use super::{Entry, FlowId, Kind, Mappers, Pattern, Rewriter, Specification};

impl<K: Kind, const N: usize> Rewriter<K, N> {
    /// What packets `id` become: in their flow, which begins now as the input says if there is none.
    pub fn ensure(&mut self, now_ns: u64, protocol: u8, input: usize, id: &FlowId, annotation: u8) -> Option<FlowId> {
        self.tell_time(now_ns);
        let map = K::map(protocol)?;
        let entry = match self.table.find(map, id) {
            Some(entry) => entry,
            None => self.begin((), input, map, protocol, id, annotation).ok()?,
        };
        let flow = self.table.flow(entry.flow());
        (flow.protocol == protocol).then(|| flow.rewritten(entry.direction()))
    }

    /// Begins a flow as the input says; or where its packet goes instead, if anywhere.
    #[cold]
    #[inline(never)]
    pub(super) fn begin<P: Mappers>(
        &mut self,
        mappers: P,
        input: usize,
        map: u8,
        protocol: u8,
        id: &FlowId,
        annotation: u8,
    ) -> Result<Entry, Option<usize>> {
        // Numbers of flows that ended may soon mean others.
        self.guesses.forget();
        let id = &K::name(*id);
        let (table, random) = (&self.table, &mut self.random);
        let taken = |new: &FlowId| table.find(map, &K::complete(*new).reversed()).is_some();
        let mut attempt = |pattern: &mut Pattern| pattern.rewrite(id, random, taken);
        let target = match self.inputs.get_mut(input) {
            None | Some(Specification::Drop) => {
                self.dropped += 1;
                return Err(None);
            }
            Some(Specification::Pass(output)) => return Err(Some(usize::from(*output))),
            Some(Specification::Keep(outputs)) => Some((*id, *outputs)),
            Some(Specification::Pattern(pattern, outputs)) => attempt(pattern).map(|new| (new, *outputs)),
            Some(Specification::Mapper(number)) => mappers.map(*number, id, attempt),
        };
        let entry = target.and_then(|(new, outputs)| {
            let fits = |output: u8| usize::from(output) < self.outputs;
            let new = K::complete(new);
            if !K::accepts(&new) || !fits(outputs[0]) || !fits(outputs[1]) {
                return None;
            }
            let mut flow = K::flow(map, protocol, *id, new);
            (flow.input, flow.outputs, flow.reply_annotation) = (input as u8, outputs, annotation);
            self.table.add(flow, self.now_ms, &self.timing)
        });
        entry.ok_or_else(|| {
            if let Some(failures) = self.failures.get_mut(input) {
                *failures += 1;
            }
            None
        })
    }
}
