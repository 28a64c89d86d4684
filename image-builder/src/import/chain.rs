// SPDX-License-Identifier: Apache-2.0
//! The text of the chain: a filter for each way. Where rules have limits it is several, and the token buckets stand between them.

use super::flatten::{Asks, Piece};
use super::parse::Limit;
use std::fmt::Write;

const HEAD: &str = "\
// Made by `sluice import {language}`.
network lan;
network wan;

vm fw {
  ct :: ConnTrack(LOOSE true);

  FromDevice(lan) -> lan_kind :: Classifier(12/0800, 12/86dd, -);
  lan_kind[0] -> CheckIPHeader(14) -> [0] ct;
  lan_kind[1] -> CheckIP6Header(OFFSET 14) -> [0] ct;
  lan_kind[2] -> to_wan :: ToDevice(wan);

  FromDevice(wan) -> wan_kind :: Classifier(12/0800, 12/86dd, -);
  wan_kind[0] -> CheckIPHeader(14) -> [1] ct;
  wan_kind[1] -> CheckIP6Header(OFFSET 14) -> [1] ct;
  wan_kind[2] -> to_lan :: ToDevice(lan);

";
const TAIL: &str = "\
}

chain lan <-> fw <-> wan;
";

/// A way through the firewall.
struct Way<'p> {
    name: &'static str,
    /// The tracker's output.
    input: usize,
    device: &'static str,
    pieces: &'p [Piece],
}

/// A piece that asks a limit: by its way and its number.
struct Asking<'p> {
    way: &'static str,
    piece: usize,
    asks: &'p Asks,
}

/// The chain whose rules for packets from `lan` to `wan` are `out`, and `back` for the others.
pub fn chain(language: &str, out: &[Piece], back: &[Piece]) -> String {
    let ways = [
        Way { name: "out", input: 0, device: "to_wan", pieces: out },
        Way { name: "in", input: 1, device: "to_lan", pieces: back },
    ];
    let mut text = HEAD.replace("{language}", language);
    ways.iter().for_each(|way| write_way(&mut text, way));
    let asking: Vec<Asking> = ways.iter().flat_map(asking).collect();
    let mut numbers: Vec<usize> = asking.iter().map(|asking| asking.asks.limit.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let of_it: Vec<_> = asking.iter().filter(|asking| asking.asks.limit.number == number).collect();
        write_limit(&mut text, &of_it);
    }
    text + TAIL
}

/// The name of a way's filter: without a number if there is but one.
fn filter(way: &str, piece: usize) -> String {
    if piece == 0 { way.into() } else { format!("{way}{piece}") }
}

fn asking<'p>(way: &Way<'p>) -> impl Iterator<Item = Asking<'p>> {
    let name = way.name;
    way.pieces
        .iter()
        .enumerate()
        .filter_map(move |(piece, found)| found.asks.as_ref().map(|asks| Asking { way: name, piece, asks }))
}

/// The filters of a way: by output 0 packets pass, by output 1 they are asked about the limit, by output 2 they go on.
fn write_way(text: &mut String, way: &Way) {
    let Way { name, input, device, pieces } = way;
    let limited = pieces.len() > 1;
    // Other rules can replace those of a filter that stands alone.
    let capacity = if limited { "" } else { "      CAPACITY 4194304" };
    let _ = write!(text, "  ct[{input}] -> ");
    for (number, piece) in pieces.iter().enumerate() {
        let own = filter(name, number);
        let _ = writeln!(text, "{own} :: StatefulFilter(ct,\n{}", piece.rules.trim_end_matches('\n'));
        match &piece.asks {
            Some(asks) => {
                let _ = writeln!(text, "      1 {},\n      2 all,\n      UNDECIDED 1 2) -> {device};", asks.pattern);
                let _ = write!(text, "  {own}[2] -> ");
            }
            None => {
                // The last rule's comma, unless the capacity is behind it.
                if capacity.is_empty() {
                    text.truncate(text.trim_end_matches([',', '\n']).len());
                }
                let _ = writeln!(text, "{capacity}) -> {device};");
            }
        }
    }
    if pieces.iter().filter_map(|piece| piece.asks.as_ref()).any(|asks| asks.accepts) {
        let _ = writeln!(text, "  {name}_passes :: StatefulFilter(ct, allow all) -> {device};");
    }
    text.push('\n');
}

/// A limit, and those who ask it: one bucket for all.
fn write_limit(text: &mut String, asking: &[&Asking]) {
    let Limit { number, packets, seconds, burst, .. } = asking[0].asks.limit;
    let _ = writeln!(text, "  limit{number} :: RatedSplitter({packets}, PERIOD {seconds}, BURST_SIZE {burst});");
    let several = asking.len() > 1;
    for output in if several { 0..2 } else { 0..0 } {
        let _ = writeln!(text, "  limit{number}[{output}] -> limit{number}_{output} :: PaintSwitch;");
    }
    for (index, Asking { way, piece, asks }) in asking.iter().enumerate() {
        let paint = if several { format!("Paint({index}) -> ") } else { String::new() };
        let _ = writeln!(text, "  {}[1] -> {paint}limit{number};", filter(way, *piece));
        let decided = if asks.accepts { format!("{way}_passes") } else { "Discard".into() };
        let next = filter(way, piece + 1);
        let [within, beyond] = if asks.limit.over { [&next, &decided] } else { [&decided, &next] };
        for (output, to) in [within, beyond].into_iter().enumerate() {
            let from =
                if several { format!("limit{number}_{output}[{index}]") } else { format!("limit{number}[{output}]") };
            let _ = writeln!(text, "  {from} -> {to};");
        }
    }
    text.push('\n');
}
