// SPDX-License-Identifier: Apache-2.0
//! Frames for all of a network: a copy for each member, in as many rounds as it takes.

use super::{Origin, Vtep};
use crate::overlay::{Place, Vni};
use crate::{Outputs, Packet, PacketIo};

/// Frames that wait for more room.
const MOST_WAITING: usize = 8;
/// Members that are looked up at once.
const STEP: usize = 16;

/// A frame for all of a network.
pub struct Flood {
    packet: Packet,
    vni: Vni,
    from: Place,
    /// Whether it is for a group: the router wants no frames for others.
    to_group: bool,
    /// Members that have got it.
    served: usize,
}

impl Flood {
    /// A frame that nobody has got yet.
    pub fn new(packet: Packet, vni: Vni, from: Place, to_group: bool) -> Self {
        Flood { packet, vni, from, to_group, served: 0 }
    }
}

/// The frames that wait.
pub struct Floods(heapless::Deque<Flood, MOST_WAITING>);

impl Floods {
    pub const fn new() -> Self {
        Floods(heapless::Deque::new())
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Vtep {
    /// Sends a frame to all of its network but where it came from. What finds no room waits.
    pub(super) fn flood<M: PacketIo, O: Outputs>(&mut self, io: &mut M, flood: Flood, out: &mut O) {
        // Behind those that wait, so that the order stays.
        let rest = if self.floods.is_empty() { self.spread(io, flood, out) } else { Some(flood) };
        if let Some(rest) = rest
            && self.floods.0.push_back(rest).is_err()
        {
            self.counts.no_room += 1;
        }
    }

    /// Goes on with the frames that wait.
    #[cold]
    pub(super) fn go_on_flooding<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) {
        while let Some(flood) = self.floods.0.pop_front() {
            if let Some(rest) = self.spread(io, flood, out) {
                // It was there a moment ago.
                let _ = self.floods.0.push_front(rest);
                return;
            }
        }
    }

    /// Sends a frame to members that have not got it, until there is no room for the next. What is left, if any.
    fn spread<M: PacketIo, O: Outputs>(&mut self, io: &mut M, mut flood: Flood, out: &mut O) -> Option<Flood> {
        let Some(network) = self.networks.find(flood.vni) else {
            // It was taken out while the frame waited.
            self.counts.nobody += 1;
            return None;
        };
        let from = Origin { vni: flood.vni, network, place: flood.from };
        loop {
            let places = self.next_members(network, &flood);
            let ends = places.len() < STEP;
            for (index, place) in places.iter().enumerate() {
                if out.room(self.output(*place)) == 0 {
                    return Some(flood);
                }
                if ends && index + 1 == places.len() {
                    self.forward(io, from, *place, flood.packet, out);
                    return None;
                }
                match io.allocate() {
                    Some(mut copy) => {
                        flood.packet.copy_into(&mut copy);
                        self.forward(io, from, *place, copy, out);
                    }
                    None => self.counts.no_buffer += 1,
                }
                flood.served += 1;
            }
            if ends {
                self.counts.nobody += u64::from(flood.served == 0);
                return None;
            }
        }
    }

    /// Members that have not got the frame, and shall.
    fn next_members(&self, network: u32, flood: &Flood) -> heapless::Vec<Place, STEP> {
        let trunk = self.settings.trunk.filter(|_| flood.to_group).map(|_| Place::Trunk);
        let members = trunk.into_iter().chain(self.networks.members_of(network));
        let shall = |place: &Place| *place != flood.from && !(place.is_remote() && flood.from.is_remote());
        members.filter(shall).skip(flood.served).take(STEP).collect()
    }
}
