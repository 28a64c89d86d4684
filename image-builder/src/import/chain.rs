// SPDX-License-Identifier: Apache-2.0
//! The text of the chain: a filter for each way. Where rules have limits, or count what goes on, it is several, and token buckets and counters
//! stand between them. What a rule counts, or rejects, leaves its filter by an output of its own.

use super::flatten::{Asks, Decision, Ending, Fate, Piece, Question};
use super::parse::{Limit, Reason};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write;
use std::hash::Hash;
use std::ops::RangeFrom;

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

/// Packets that leave by outputs from this number on are not left to another element by `StatefulFilter`.
const UNDECIDED_OUTPUTS: usize = 64;
/// The output by which packets leave a filter to be asked about. By 0 they pass.
const ASK: usize = 1;

/// Most packets of a second that are told that they were rejected: an attacker must not make the firewall flood others (RFC 1812 §4.3.2.8).
const ANSWERS: u32 = 1000;

/// A way through the firewall.
struct Way<'p> {
    name: &'static str,
    /// The tracker's output.
    input: usize,
    device: &'static str,
    /// Where its packets come from.
    back: &'static str,
    filters: Vec<Filter<'p>>,
}

/// A filter of a way.
struct Filter<'p> {
    rules: &'p [Decision],
    asks: Option<&'p Asks>,
    /// Whether there is a next one.
    goes_on: bool,
    /// How packets end that rules count, or reject: each has an output. Those that do not pass come first.
    endings: Vec<&'p Ending>,
}

/// A filter that asks a limit: by its way and its number there.
struct Asking<'p> {
    way: &'static str,
    filter: usize,
    limit: &'p Limit,
    ending: &'p Ending,
}

/// The chain whose rules for packets from `lan` to `wan` are `out`, and `back` for the others.
pub fn chain(language: &str, out: &[Piece], back: &[Piece]) -> String {
    let ways = [
        Way { name: "out", input: 0, device: "to_wan", back: "to_lan", filters: filters(out) },
        Way { name: "in", input: 1, device: "to_lan", back: "to_wan", filters: filters(back) },
    ];
    let mut text = HEAD.replace("{language}", language);
    ways.iter().for_each(|way| way.write(&mut text));
    let asking: Vec<Asking> = ways.iter().flat_map(Way::asking).collect();
    let numbers: BTreeSet<usize> = asking.iter().map(|asking| asking.limit.number).collect();
    for number in numbers {
        let of_it: Vec<_> = asking.iter().filter(|asking| asking.limit.number == number).collect();
        write_limit(&mut text, &of_it);
    }
    text + TAIL
}

/// A filter for each piece; several, if more of its rules count what they drop than there are outputs for.
fn filters(pieces: &[Piece]) -> Vec<Filter<'_>> {
    let mut filters = Vec::new();
    for Piece { rules, asks } in pieces {
        let mut rest = &rules[..];
        loop {
            let (rules, behind) = rest.split_at(rules_of_one(rest));
            let asks = asks.as_ref().filter(|_| behind.is_empty());
            filters.push(Filter::of(rules, asks, asks.is_some() || !behind.is_empty()));
            if behind.is_empty() {
                break;
            }
            rest = behind;
        }
    }
    filters
}

/// How many of the first rules one filter has outputs for.
fn rules_of_one(rules: &[Decision]) -> usize {
    /// By which packets pass, are asked about, or go on.
    const MOST_BEFORE_ENDINGS: usize = 3;
    let mut dropped = HashSet::new();
    rules
        .iter()
        .position(|rule| {
            rule.ending.has_output() && rule.ending.fate != Fate::Accept && {
                dropped.insert(&rule.ending);
                MOST_BEFORE_ENDINGS + dropped.len() > UNDECIDED_OUTPUTS
            }
        })
        .unwrap_or(rules.len())
}

impl Ending {
    /// Whether a filter has an output for it.
    fn has_output(&self) -> bool {
        self.counter.is_some() || matches!(self.fate, Fate::Reject(_))
    }

    /// The element of `way` that packets end at; those that are accepted go to `passes`.
    fn element(&self, way: &str, passes: &str) -> String {
        match &self.counter {
            Some(counter) => format!("{way}_{counter}"),
            None => self.fate.element(way, passes),
        }
    }
}

impl Fate {
    /// The same behind the counter.
    fn element(&self, way: &str, passes: &str) -> String {
        match self {
            Fate::Accept => passes.into(),
            Fate::Drop => "Discard".into(),
            Fate::Reject(reason) => rejecter(way, reason),
        }
    }
}

fn rejecter(way: &str, reason: &Reason) -> String {
    format!("{way}_{}", reason.name.replace('-', "_"))
}

/// Each but once, in their order.
fn unique<T: Clone + Eq + Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut known = HashSet::new();
    all.filter(|one| known.insert(one.clone())).collect()
}

/// The name of a way's filter: without a number if there is but one.
fn filter_name(way: &str, number: usize) -> String {
    if number == 0 { way.into() } else { format!("{way}{number}") }
}

impl<'p> Filter<'p> {
    fn of(rules: &'p [Decision], asks: Option<&'p Asks>, goes_on: bool) -> Filter<'p> {
        let mut endings = unique(rules.iter().map(|rule| &rule.ending).filter(|ending| ending.has_output()));
        endings.sort_by_key(|ending| ending.fate == Fate::Accept);
        Filter { rules, asks, goes_on, endings }
    }

    /// The output by which packets go on to the next filter.
    fn go_on(&self) -> usize {
        ASK + usize::from(self.asks.is_some())
    }

    /// The outputs of its endings.
    fn outputs(&self) -> RangeFrom<usize> {
        self.go_on() + usize::from(self.goes_on)..
    }

    /// Its rules, as arguments.
    fn rules(&self) -> impl Iterator<Item = String> {
        let outputs: HashMap<&Ending, usize> = self.endings.iter().copied().zip(self.outputs()).collect();
        self.rules.iter().map(move |Decision { pattern, ending }| match outputs.get(ending) {
            Some(output) => format!("{output} {pattern}"),
            None if ending.fate == Fate::Accept => format!("allow {pattern}"),
            None => format!("deny {pattern}"),
        })
    }

    /// Outputs by which packets are left to others.
    fn undecided(&self) -> Vec<String> {
        let dropped = self.endings.iter().filter(|ending| ending.fate != Fate::Accept).count();
        (ASK..self.outputs().start + dropped).map(|output| output.to_string()).collect()
    }
}

impl<'p> Way<'p> {
    fn asking(&self) -> impl Iterator<Item = Asking<'p>> {
        let way = self.name;
        let question = |filter: &Filter<'p>| filter.asks.map(|asks| &asks.question);
        self.filters.iter().enumerate().filter_map(move |(filter, found)| match question(found)? {
            Question::Limit(limit, ending) => Some(Asking { way, filter, limit, ending }),
            Question::Count(_) => None,
        })
    }

    /// Its filters, and what they lead to.
    fn write(&self, text: &mut String) {
        let Way { name, input, device, filters, .. } = self;
        self.write_endings(text);
        let _ = write!(text, "  ct[{input}] -> ");
        let (mut counters, mut counted) = (String::new(), HashMap::<&str, usize>::new());
        for (number, filter) in filters.iter().enumerate() {
            let (own, next) = (filter_name(name, number), filter_name(name, number + 1));
            let _ = writeln!(text, "{own} :: StatefulFilter(ct,");
            let mut arguments: Vec<String> = filter.rules().collect();
            arguments.extend(filter.asks.map(|asks| format!("{ASK} {}", asks.pattern)));
            arguments.extend(filter.goes_on.then(|| format!("{} all", filter.go_on())));
            let undecided = filter.undecided();
            arguments.extend((!undecided.is_empty()).then(|| format!("UNDECIDED {}", undecided.join(" "))));
            // Other rules can replace those of a filter that stands alone.
            arguments.extend((filters.len() == 1).then(|| "CAPACITY 4194304".into()));
            let _ = writeln!(text, "      {}) -> {device};", arguments.join(",\n      "));
            for (output, ending) in filter.outputs().zip(&filter.endings) {
                let _ = writeln!(text, "  {own}[{output}] -> {};", ending.element(name, device));
            }
            if let Some(Question::Count(counter)) = filter.asks.map(|asks| &asks.question) {
                let times = counted.entry(counter).and_modify(|times| *times += 1).or_insert(1);
                let again = if *times == 1 { String::new() } else { format!("_again{times}") };
                let _ = writeln!(counters, "  {own}[{ASK}] -> {name}_{counter}{again} :: Counter -> {next};");
            }
            if filter.goes_on {
                let _ = write!(text, "  {own}[{}] -> ", filter.go_on());
            }
        }
        *text += &counters;
        text.push('\n');
    }

    /// The counters and what rejects.
    fn write_endings(&self, text: &mut String) {
        let Way { name, device, back, .. } = self;
        let passes = format!("{name}_passes");
        let filtered = self.filters.iter().flat_map(|filter| filter.endings.iter().map(|ending| (*ending, *device)));
        let asked: Vec<&Ending> = self.asking().map(|asking| asking.ending).collect();
        if asked.iter().any(|ending| ending.fate == Fate::Accept) {
            let _ = writeln!(text, "  {passes} :: StatefulFilter(ct, allow all) -> {device};");
        }
        let endings = unique(filtered.chain(asked.into_iter().map(|ending| (ending, &*passes))));
        for (ending, passes) in &endings {
            if let Some(counter) = &ending.counter {
                let _ = writeln!(text, "  {name}_{counter} :: Counter -> {};", ending.fate.element(name, passes));
            }
        }
        let reasons = endings.iter().filter_map(|(ending, _)| match &ending.fate {
            Fate::Reject(reason) => Some((rejecter(name, reason), reason.name)),
            _ => None,
        });
        for (own, reason) in unique(reasons) {
            let _ = writeln!(text, "  {own} :: RatedSplitter({ANSWERS}) -> Reject({reason}) -> {back};");
        }
    }
}

/// A limit, and those who ask it: one bucket for all.
fn write_limit(text: &mut String, asking: &[&Asking]) {
    let Limit { number, packets, seconds, burst, .. } = asking[0].limit;
    let _ = writeln!(text, "  limit{number} :: RatedSplitter({packets}, PERIOD {seconds}, BURST_SIZE {burst});");
    let several = asking.len() > 1;
    for output in if several { 0..2 } else { 0..0 } {
        let _ = writeln!(text, "  limit{number}[{output}] -> limit{number}_{output} :: PaintSwitch;");
    }
    for (index, Asking { way, filter, limit, ending }) in asking.iter().enumerate() {
        let paint = if several { format!("Paint({index}) -> ") } else { String::new() };
        let _ = writeln!(text, "  {}[{ASK}] -> {paint}limit{number};", filter_name(way, *filter));
        let decided = ending.element(way, &format!("{way}_passes"));
        let next = filter_name(way, filter + 1);
        let [within, beyond] = if limit.over { [&next, &decided] } else { [&decided, &next] };
        for (output, to) in [within, beyond].into_iter().enumerate() {
            let from =
                if several { format!("limit{number}_{output}[{index}]") } else { format!("limit{number}[{output}]") };
            let _ = writeln!(text, "  {from} -> {to};");
        }
    }
    text.push('\n');
}
