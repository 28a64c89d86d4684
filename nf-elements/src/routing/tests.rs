// SPDX-License-Identifier: Apache-2.0
//! Tables against a linear search.

use super::bake::bake;
use super::sample::{Random, bgp, wild};
use super::*;

/// What a table must say, found the plain way.
#[derive(Default)]
struct Plain<K>(Vec<(Route<K>, Hop<K>)>);

impl<K: Key> Plain<K> {
    fn find(&self, address: K) -> Hop<K> {
        let best = self.0.iter().filter(|(route, _)| route.covers(address)).max_by_key(|(route, _)| route.length);
        best.map_or(Hop::NONE, |(_, hop)| *hop)
    }
}

fn table<K: Key + std::hash::Hash>(routes: &[(Route<K>, Hop<K>)], room: Option<usize>) -> Table<K> {
    let baked = bake(routes.to_vec(), room).unwrap();
    let mut table = Table::new(baked.data.leak());
    table.lend(vec![0; baked.memory].leak());
    table
}

/// Routes of which none has the same prefix as another.
fn distinct<K: Key>(mut routes: Vec<(Route<K>, Hop<K>)>) -> Vec<(Route<K>, Hop<K>)> {
    routes.sort_by_key(|(route, _)| *route);
    routes.dedup_by_key(|(route, _)| *route);
    routes
}

/// Addresses that could be decided wrongly: the first and last ones of the routes, their neighbours, and any.
fn addresses<K: Key>(routes: &[(Route<K>, Hop<K>)], count: usize, random: &mut Random) -> Vec<K> {
    let mut addresses = vec![K::ZERO, K::LAST];
    for _ in 0..count {
        let any = wild::<K>(1, 1, random)[0].0.prefix;
        addresses.push(any);
        if !routes.is_empty() {
            let route = routes[random.below(routes.len())].0;
            let last = route.prefix.filled(route.length.into());
            addresses.extend([route.prefix, route.prefix.before(), last, last.after().unwrap_or(last)]);
        }
    }
    addresses
}

fn agree<K: Key>(table: &Table<K>, plain: &Plain<K>, count: usize, random: &mut Random) {
    for address in addresses(&plain.0, count, random) {
        assert_eq!(table.find(address), plain.find(address), "{address:x?} among {} routes", plain.0.len());
    }
}

fn random_tables<K: Key + std::hash::Hash>(seed: u64) {
    let mut random = Random(seed);
    for round in 0..160 {
        let count = if round < 140 { random.below(70) } else { random.below(800) };
        let hops = 1 + random.below(if round % 2 == 0 { 3 } else { 300 });
        let routes = distinct(wild::<K>(count, hops, &mut random));
        let plain = Plain(routes);
        agree(&table(&plain.0, None), &plain, 30, &mut random);
    }
}

#[test]
fn random_tables_agree_with_a_linear_search() {
    random_tables::<u32>(1);
    random_tables::<u128>(2);
}

#[test]
fn a_table_like_the_internets_agrees_with_a_linear_search() {
    let mut random = Random(3);
    let plain = Plain(distinct(bgp(20_000, 40, &mut random)));
    let table = table(&plain.0, Some(10));
    assert_eq!(table.len(), 20_000);
    agree(&table, &plain, 50, &mut random);
}

/// Adds, replaces and removes at random, comparing all the way.
fn random_changes<K: Key + std::hash::Hash>(seed: u64, count: usize, room: usize, changes: usize) {
    let mut random = Random(seed);
    let mut plain = Plain(distinct(wild::<K>(count, 5, &mut random)));
    let most = plain.0.len() + room;
    let mut table = table(&plain.0, Some(room));
    for change in 0..changes {
        let (mut route, hop) = wild::<K>(1, 5, &mut random)[0];
        let near = (!plain.0.is_empty()).then(|| plain.0[random.below(plain.0.len())]);
        match random.below(5) {
            0 => route = near.map_or(route, |near| near.0),
            1..=3 => route = near.map_or(route, |near| Route::new(near.0.prefix, route.length)),
            _ => {}
        }
        let place = plain.0.iter().position(|(other, _)| *other == route);
        if random.below(2) == 0 {
            let expected = place.map(|index| plain.0.remove(index).1);
            assert_eq!(table.remove(route, None), expected.ok_or(Change::Missing));
        } else {
            let replace = random.below(2) == 0;
            match place {
                Some(index) if replace => {
                    assert_eq!(table.add(route, hop, true), Ok(Some(plain.0[index].1)));
                    plain.0[index].1 = hop;
                }
                Some(_) => assert_eq!(table.add(route, hop, false), Err(Change::Exists)),
                None if plain.0.len() == most => assert_eq!(table.add(route, hop, replace), Err(Change::Full)),
                None => {
                    assert_eq!(table.add(route, hop, replace), Ok(None));
                    plain.0.push((route, hop));
                }
            }
        }
        if change % 7 == 0 {
            agree(&table, &plain, 3, &mut random);
        }
    }
    agree(&table, &plain, 100, &mut random);
    plain.0.sort_by_key(|(route, _)| *route);
    assert!(table.routes().eq(plain.0.iter().copied()));
}

#[test]
fn random_changes_agree_with_a_linear_search() {
    for seed in 10..12 {
        random_changes::<u32>(seed, 0, 20, 300);
        random_changes::<u32>(seed, 30, 100, 800);
        random_changes::<u128>(seed, 30, 100, 800);
        random_changes::<u32>(seed, 400, 30, 800);
    }
    random_changes::<u128>(20, 400, 30, 800);
}

#[test]
fn a_big_table_changes_in_place() {
    let mut random = Random(4);
    let mut plain = Plain(distinct(bgp(17_000, 40, &mut random)));
    let mut table = table(&plain.0, Some(2000));
    for (route, hop) in wild::<u32>(1000, 9, &mut random) {
        if table.add(route, hop, false).is_ok() {
            plain.0.push((route, hop));
        }
    }
    agree(&table, &plain, 50, &mut random);
    for _ in 0..500 {
        let (route, _) = plain.0.swap_remove(random.below(plain.0.len()));
        assert!(table.remove(route, None).is_ok());
    }
    agree(&table, &plain, 50, &mut random);
}

#[test]
fn a_table_that_was_not_lent_memory_refuses() {
    let hop = Hop { gateway: 0u32, output: 1 };
    let mut fixed = table(&[(Route::new(0, 0), hop)], None);
    assert_eq!((fixed.find(7), fixed.add(Route::new(9, 32), hop, true)), (hop, Err(Change::Full)));
    assert_eq!((fixed.flush(), fixed.remove(Route::new(0, 0), None)), (Err(Change::Full), Err(Change::Full)));
    assert_eq!(fixed.find(7), hop);
    let mut empty = Table::<u32>::new(&[]);
    assert_eq!((empty.find(7), empty.add(Route::new(9, 32), hop, true)), (Hop::NONE, Err(Change::Full)));
}

#[test]
fn the_first_of_two_routes_for_a_prefix_counts() {
    let hop = |output| Hop { gateway: 0u32, output };
    let baked = bake(vec![(Route::new(0, 8), hop(1)), (Route::new(0, 8), hop(2))], None).unwrap();
    assert_eq!(baked.repeated, 1);
    let mut table = Table::new(baked.data.leak());
    table.lend(&mut []);
    assert_eq!((table.find(5), table.len()), (hop(1), 1));
}

#[test]
fn routes_are_read_as_clicks() {
    let read = |text| text::read::<u32>(text).map(|it| (it.route.prefix, it.route.length, it.gateway, it.output));
    assert_eq!(read("18.26.4.9/16 1.0.0.1 3"), Some((0x121a_0000, 16, 0x0100_0001, Some(3))));
    assert_eq!(read("18.26/255.255.0.0 - 3"), Some((0x121a_0000, 16, 0, Some(3))));
    assert_eq!((read("0/0 2"), read("1.2.3.4")), (Some((0, 0, 0, Some(2))), Some((0x0102_0304, 32, 0, None))));
    for wrong in
        ["", "18.26", "1.2.3.4.5/8 1", "1/8 x", "1/8 1.2.3.4 1 1", "1/33 1", "1/8 -1", "+1/8 1", "1/255.0.1.0 1"]
    {
        assert_eq!(read(wrong), None, "{wrong}");
    }
    let shown = |prefix, length, gateway| {
        let mut line = String::new();
        text::show(Route::new(prefix, length), Hop { gateway, output: 2 }, &mut line).unwrap();
        line
    };
    assert_eq!(shown(0u32, 0, 0), "0.0.0.0/0\t\t-\t\t2");
    assert_eq!(shown(0xffff_ffffu32, 32, 0x0100_0001), "255.255.255.255/32\t1.0.0.1\t\t2");
}
