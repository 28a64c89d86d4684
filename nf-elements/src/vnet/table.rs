// SPDX-License-Identifier: Apache-2.0
//! The routes, with what they have carried.

use super::{Place, Route};
use crate::wire::ethernet::Address;

/// Most routes that fit one frame best: more are left out.
const MOST_CHOSEN: usize = 8;
/// No route.
const NOTHING: u16 = u16::MAX;

/// A place for a route.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The route, and how many frames it has carried.
    pub route: Option<(Route, u64)>,
}

/// The routes that fit a frame best, by their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen([u16; MOST_CHOSEN]);

impl Chosen {
    /// No route.
    pub const NONE: Chosen = Chosen([NOTHING; MOST_CHOSEN]);

    /// Their indices, in order.
    #[inline]
    pub fn indices(&self) -> impl Iterator<Item = usize> {
        self.0.into_iter().take_while(|&index| index != NOTHING).map(usize::from)
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
            if fit == best && count < MOST_CHOSEN {
                chosen.0[count] = index as u16;
                count += 1;
            }
        }
        chosen
    }

    /// Counts a frame on the route at `index` and says where it leads.
    #[inline]
    pub fn take(&mut self, index: usize) -> Option<Place> {
        let (route, count) = self.slots.get_mut(index)?.route.as_mut()?;
        *count += 1;
        Some(route.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address::new([2, 0, 0, 0, 0, 1]);
    const B: Address = Address::new([2, 0, 0, 0, 0, 2]);

    fn chosen<const N: usize>(table: &Table<N>) -> Vec<usize> {
        table.choose(Place::Interface(0), A, B).indices().collect()
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
        assert_eq!((chosen(&table), table.take(3)), (vec![3], Some(Place::Link(3))));
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
    fn more_than_can_be_told_are_left_out() {
        let mut table = Table::<20>::new(&[]);
        assert!((0..20).all(|_| table.add("any any link 0".parse().unwrap()).is_some()));
        assert_eq!(chosen(&table).len(), MOST_CHOSEN);
    }
}
