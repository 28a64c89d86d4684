// SPDX-License-Identifier: Apache-2.0
//! The routes, with what they have carried.

use super::{Place, Route};
use crate::wire::ethernet::Address;

/// Most routes that are told by their indices: where more fit best, the table is asked for each of them.
const MOST_CHOSEN: usize = 7;
/// No route.
const NOTHING: u16 = u16::MAX;

/// A place for a route.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The route, and how many frames it has carried.
    pub route: Option<(Route, u64)>,
}

/// The routes that fit a frame best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The first of them.
    indices: [u16; MOST_CHOSEN],
    /// Their priority, if there are more.
    more: Option<u8>,
}

impl Chosen {
    /// No route.
    pub const NONE: Chosen = Chosen { indices: [NOTHING; MOST_CHOSEN], more: None };

    /// Whether it is no route.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.indices[0] == NOTHING
    }

    #[inline]
    fn first(&self) -> impl Iterator<Item = usize> {
        self.indices.into_iter().take_while(|&index| index != NOTHING).map(usize::from)
    }
}

/// The routes. Their indices stay as they are while other routes come and go.
pub struct Table<const ROUTES: usize> {
    slots: [Slot; ROUTES],
    /// Changes with the routes; never 0.
    generation: u32,
}

impl<const ROUTES: usize> Table<ROUTES> {
    /// With `routes` at first, of which there are at most `ROUTES`.
    pub const fn new(routes: &[Route]) -> Self {
        assert!(ROUTES < NOTHING as usize, "indices fit");
        let mut slots = [Slot { route: None }; ROUTES];
        let mut index = 0;
        while index < routes.len() {
            slots[index].route = Some((routes[index], 0));
            index += 1;
        }
        Table { slots, generation: 1 }
    }

    /// The state of the routes: another number after each change.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    fn changed(&mut self) {
        self.generation = self.generation.checked_add(1).unwrap_or(1);
    }

    /// Adds a route and says its index; none if there is no room.
    pub fn add(&mut self, route: Route) -> Option<usize> {
        let index = self.slots.iter().position(|slot| slot.route.is_none())?;
        self.slots[index].route = Some((route, 0));
        self.changed();
        Some(index)
    }

    /// Removes the route at `index`: false if there is none.
    pub fn remove(&mut self, index: usize) -> bool {
        let removed = self.slots.get_mut(index).and_then(|slot| slot.route.take()).is_some();
        self.changed();
        removed
    }

    /// The routes with their indices and counts.
    pub fn routes(&self) -> impl Iterator<Item = (usize, &Route, u64)> {
        let routes = self.slots.iter().enumerate();
        routes.filter_map(|(index, slot)| slot.route.as_ref().map(|(route, count)| (index, route, *count)))
    }

    /// The routes that fit best: all of the highest priority.
    pub fn choose(&self, from: Place, source: Address, destination: Address) -> Chosen {
        let (mut chosen, mut count, mut best) = (Chosen::NONE, 0, 0);
        for (index, route, _) in self.routes() {
            let Some(fit) = route.fit(from, source, destination) else { continue };
            if fit > best {
                (chosen, count, best) = (Chosen::NONE, 0, fit);
            }
            if fit == best {
                match chosen.indices.get_mut(count) {
                    Some(place) => *place = index as u16,
                    None => chosen.more = Some(best),
                }
                count += 1;
            }
        }
        chosen
    }

    /// Counts a frame from `from` with these addresses on each of the `chosen` routes, and says where they lead.
    #[inline]
    pub fn take(
        &mut self,
        chosen: Chosen,
        (from, source, destination): (Place, Address, Address),
        mut to: impl FnMut(Place),
    ) {
        let mut carry = |(route, count): &mut (Route, u64)| {
            *count += 1;
            to(route.to);
        };
        match chosen.more {
            None => {
                for index in chosen.first() {
                    if let Some(Slot { route: Some(carrier) }) = self.slots.get_mut(index) {
                        carry(carrier);
                    }
                }
            }
            Some(best) => {
                let routes = self.slots.iter_mut().filter_map(|slot| slot.route.as_mut());
                routes.filter(|(route, _)| route.fit(from, source, destination) == Some(best)).for_each(carry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address::new([2, 0, 0, 0, 0, 1]);
    const B: Address = Address::new([2, 0, 0, 0, 0, 2]);

    fn chosen<const N: usize>(table: &Table<N>) -> Vec<usize> {
        table.choose(Place::Interface(0), A, B).first().collect()
    }

    #[test]
    fn all_of_the_best_are_chosen() {
        let mut table = Table::<4>::new(&["any any link 0".parse().unwrap()]);
        assert_eq!(chosen(&table), [0]);
        for (index, to) in ["link 1", "interface 2"].into_iter().enumerate() {
            assert_eq!(table.add(format!("any {B} {to}").parse().unwrap()), Some(index + 1));
        }
        assert_eq!(chosen(&table), [1, 2]);
        assert_eq!(table.add(format!("{A} {B} link 3").parse().unwrap()), Some(3));
        assert_eq!(chosen(&table), [3]);
        assert_eq!(table.add("any any link 0".parse().unwrap()), None, "full");
        let before = table.generation();
        assert!(table.remove(3) && !table.remove(3) && !table.remove(9));
        assert_ne!(table.generation(), before);
        assert_eq!(chosen(&table), [1, 2]);
        assert_eq!(table.add("none none link 0".parse().unwrap()), Some(3), "its place is free again");
    }

    #[test]
    fn none_is_for_what_is_left() {
        let mut table = Table::<2>::new(&["none none link 5".parse().unwrap()]);
        assert_eq!(chosen(&table), [0]);
        table.add("any any link 0".parse().unwrap());
        assert_eq!(chosen(&table), [1]);
        assert_eq!(Table::<0>::new(&[]).choose(Place::Link(0), A, B), Chosen::NONE);
    }

    #[test]
    fn more_than_can_be_told_get_the_frame_too() {
        let mut table = Table::<20>::new(&["none none link 99".parse().unwrap()]);
        assert!((0..19).all(|link| table.add(format!("any any link {link}").parse().unwrap()).is_some()));
        let from = (Place::Interface(0), A, B);
        let chosen = table.choose(from.0, from.1, from.2);
        let mut places = Vec::new();
        table.take(chosen, from, |place| places.push(place));
        assert_eq!(places, (0..19).map(Place::Link).collect::<Vec<_>>());
        assert!(table.routes().all(|(index, _, count)| count == u64::from(index != 0)));
    }
}
