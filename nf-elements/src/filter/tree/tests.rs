// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::filter::{Formulas, NO_MATCH, Words, parse_tracked_rule};
use crate::testing::rule_sets::{Flavour, Random, RuleSet, Trace};

const OUTPUTS: usize = 1000;
const FLAVOURS: [Flavour; 3] = [Flavour::Acl, Flavour::Fw, Flavour::Ipc];

/// The tree of rules as texts.
fn grown(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Grown {
    let mut formulas = Formulas::default();
    let rules: Vec<_> = texts
        .into_iter()
        .map(|text| {
            let rule =
                parse_tracked_rule(text.as_ref(), OUTPUTS).unwrap_or_else(|e| panic!("{}: {e:?}", text.as_ref()));
            (formulas.pattern(&rule.pattern), rule.action.leaf())
        })
        .collect();
    grow_tree(&formulas, &rules).unwrap()
}

fn words(bytes: &[u8]) -> Vec<u32> {
    words_of(bytes).iter().map(|word| u32::from_le_bytes(*word)).collect()
}

#[test]
fn trees_decide_as_all_rules_asked_one_by_one() {
    for flavour in FLAVOURS {
        for (count, seed) in [(1, 1), (7, 2), (100, 3), (3000, 4)] {
            let set = RuleSet::generate(flavour, count, seed);
            let grown = grown(set.texts(OUTPUTS));
            let tree = Tree::new(words_of(&grown.bytes)).unwrap();
            assert_eq!((tree.rules(), tree.bytes()), (count as u32, grown.bytes.len()));
            let other = RuleSet::generate(flavour, count, seed + 9);
            let near = set.trace(Trace::Uniform, 1500, seed).into_iter().chain(other.trace(Trace::Flows, 500, seed));
            for header in near {
                let wanted = set.first(&header).map_or(NO_MATCH, |index| set.leaf(index, OUTPUTS));
                assert_eq!(tree.walk(&header), wanted, "{flavour:?} {count}: {header:?}");
            }
        }
    }
}

#[test]
fn memory_is_bounded() {
    for flavour in FLAVOURS {
        let set = RuleSet::generate(flavour, 10_000, 5);
        let grown = grown(set.texts(OUTPUTS));
        assert!(grown.bytes.len() < 120 * set.rules.len(), "{flavour:?}: {} bytes", grown.bytes.len());
    }
}

#[test]
fn patterns_of_any_shape_become_ranges() {
    let texts = [
        "1 not (tcp or udp)",
        "2 src port 9 and not dst port 80",
        "3 src net 10.0.0.0/8 or dst net 10.0.0.0/8",
        "4 tcp[13] & 0x12 == 2 and dst port 1-1023",
        "5 ip ttl < 5",
        "6 state established|related",
    ];
    let rules: Vec<_> = texts.iter().map(|text| parse_tracked_rule(text, 9).unwrap()).collect();
    let tables =
        crate::filter::compile_rules(rules.iter().map(|rule| (&rule.pattern, rule.action.leaf()))).unwrap().leak();
    let grown = grown(texts);
    let tree = Tree::new(words_of(&grown.bytes)).unwrap();
    let mut random = Random::new(3);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20_000 {
        let header = AnyHeader(
            std::array::from_fn(|word| match word {
                0 | 1 => random.between(9, 11) << 24,
                2 | 3 => [9, 80, 81, 2000][random.between(0, 3) as usize],
                4 => [1, 6, 17][random.between(0, 2) as usize] << 8 | 20,
                5 => random.between(0, 0x1f) << 16,
                _ => random.between(0, 5),
            }),
            random.between(0, 9) << 24,
        );
        assert_eq!(tree.walk(&header), tables.walk(&header), "{header:?}");
        seen.insert(tables.walk(&header));
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
}

/// Words at hand, and one for all that are not.
#[derive(Debug)]
struct AnyHeader([u32; 8], u32);

impl Words for AnyHeader {
    fn near(&self) -> &[u32; 8] {
        &self.0
    }

    fn far(&self, _: u16) -> u32 {
        self.1
    }
}

#[test]
fn no_rule_and_too_many_ranges() {
    let none = grown([""; 0]);
    assert_eq!(Tree::new(words_of(&none.bytes)).unwrap().walk(&AnyHeader([0; 8], 0)), NO_MATCH);
    let all = grown(["7 all"]);
    assert_eq!(Tree::new(words_of(&all.bytes)).unwrap().walk(&AnyHeader([0; 8], 0)), 7);
    let ports: Vec<String> = (0..300).map(|port| format!("port {}", 2 * port)).collect();
    let text = format!(
        "({}) and ({})",
        ports.join(" or ").replace("port", "src port"),
        ports.join(" or ").replace("port", "dst port")
    );
    let mut formulas = Formulas::default();
    let rule = parse_tracked_rule(&format!("allow {text}"), 1).unwrap();
    let rules = [(formulas.pattern(&rule.pattern), 0)];
    assert_eq!(grow_tree(&formulas, &rules).unwrap_err(), TooMany::Boxes(0));
}

#[test]
fn damaged_words_are_refused_and_do_no_harm() {
    let set = RuleSet::generate(Flavour::Fw, 200, 7);
    let grown = grown(set.texts(OUTPUTS));
    let headers = set.trace(Trace::Uniform, 3, 7);
    let mut random = Random::new(8);
    for _ in 0..300 {
        let mut bytes = grown.bytes.clone();
        let at = random.between(0, bytes.len() as u32 - 1) as usize;
        bytes[at] ^= random.between(1, 255) as u8;
        assert!(check(words_of(&bytes)).is_err(), "byte {at}");
        // Even if it had passed: a walk ends and does not panic.
        headers.iter().for_each(|header| {
            Tree::of_checked(words_of(&bytes)).walk(header);
        });
    }
    for length in [0, 3, 40, grown.bytes.len() - 4] {
        assert!(check(words_of(&grown.bytes[..length])).is_err());
    }
}

#[test]
fn nodes_are_checked_even_if_the_checksum_is_right() {
    let set = RuleSet::generate(Flavour::Acl, 100, 7);
    let good = words(&grown(set.texts(OUTPUTS)).bytes);
    let far = good[5] as usize;
    let mut bad = 0;
    for at in 6 + far..good.len() {
        let mut words = good.clone();
        words[at] = 0xffff_fff0;
        words[2] = words[3..].iter().fold(format::SUM, |before, &word| format::sum(before, word));
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bad += usize::from(matches!(check(words_of(&bytes)), Err(Fault::Node(_))));
        set.trace(Trace::Uniform, 5, 1).iter().for_each(|header| {
            Tree::of_checked(words_of(&bytes)).walk(header);
        });
    }
    assert!(bad > good.len() / 4, "{bad} of {}", good.len());
}

#[test]
fn pieces_are_checked_as_they_come() {
    let grown = grown(RuleSet::generate(Flavour::Ipc, 300, 7).texts(OUTPUTS));
    let words = words_of(&grown.bytes);
    let mut checked = Checked::begin(&words[..20]).unwrap();
    for end in (20..words.len()).step_by(333) {
        checked.advance(&words[..end]).unwrap();
        assert_eq!(checked.end(&words[..end]), Err(Fault::Length));
    }
    checked.advance(words).unwrap();
    checked.end(words).unwrap();
}
