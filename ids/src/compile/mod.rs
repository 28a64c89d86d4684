// SPDX-License-Identifier: Apache-2.0
//! The compiler, on the host: rule files in, one table of bytes and a report out.
use std::fmt;
use std::string::{String, ToString};
use std::vec::Vec;

mod automaton;
mod bytes;
mod classes;
mod content;
mod draft;
mod expression;
mod fields;
mod groups;
mod header;
mod lines;
mod options;
mod sets;
mod variant;

use crate::code::Op;
use crate::rule::condition;
use crate::table::{HEAD_BYTES, MAGIC, RULE_WORDS, SECTIONS, VERSION};
use draft::Draft;
use options::Shared;
use sets::{Kind, Pool, Variables};
use variant::Variant;

/// What a compilation can be told.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Variables (`HOME_NET`) and what they stand for; these come before Suricata's stock ones.
    pub variables: Vec<(String, String)>,
    /// A rule that cannot be compiled is an error, not a message.
    pub strict: bool,
    /// The rules whose flows are diverted: sids and classtypes.
    pub divert: Vec<String>,
}

impl Options {
    /// Those of [`Self::divert`] that name this rule.
    fn diverters<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = usize> + 'a {
        let names = |name: &String| draft.class.as_ref() == Some(name) || name.parse() == Ok(draft.sid);
        self.divert.iter().enumerate().filter(move |(_, name)| names(name)).map(|(index, _)| index)
    }
}

/// Why a rule was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The rule's sid, if it could be read.
    pub sid: Option<u32>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, sid, message } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        match sid {
            Some(sid) => write!(f, "rule {sid} is left out: {message}"),
            None => write!(f, "a rule is left out: {message}"),
        }
    }
}

/// What a compilation did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many rules are in.
    pub rules: usize,
    /// Those that are not, and why.
    pub left_out: Vec<Problem>,
    /// How many groups of rules there are.
    pub groups: usize,
    /// Bytes of each part of the table.
    pub memory: Vec<(&'static str, usize)>,
    /// What of [`Options::divert`] names no rule that is in.
    pub unknown: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.left_out.iter().try_for_each(|problem| writeln!(f, "{problem}"))?;
        let total: usize = self.memory.iter().map(|(_, bytes)| bytes).sum();
        write!(f, "{} rules in, {} left out; {} groups, {total} bytes:", self.rules, self.left_out.len(), self.groups)?;
        self.memory.iter().try_for_each(|(part, bytes)| write!(f, " {part} {bytes}"))
    }
}

/// Compiled rules.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// The table, for [`crate::Rules::read`].
    pub data: Vec<u8>,
    /// What was done.
    pub report: Report,
}

/// Compiles the rules of `files`: names and texts.
///
/// # Errors
/// With [`Options::strict`], if any rule had to be left out: all problems.
pub fn compile(files: &[(&str, &str)], options: &Options) -> Result<Compiled, Vec<Problem>> {
    let variables = Variables::new(options);
    let mut shared = Shared::default();
    let (mut variants, mut report, mut order) = (Vec::new(), Report::default(), 0);
    let mut diverting = std::vec![false; options.divert.len()];
    for (file, text) in files {
        for rule in lines::rules(text) {
            order += 1;
            match read(&rule.text, &variables, &mut shared, order) {
                Ok(mut found) => {
                    report.rules += 1;
                    divert(&mut found, options, &mut diverting);
                    variants.extend(found);
                }
                Err((offset, message)) => {
                    let (line, column) = rule.place(offset);
                    let sid = sid_of(&rule.text);
                    report.left_out.push(Problem { file: (*file).to_string(), line, column, sid, message });
                }
            }
        }
    }
    if options.strict && !report.left_out.is_empty() {
        return Err(report.left_out);
    }
    let names = options.divert.iter().zip(diverting);
    report.unknown = names.filter(|(_, known)| !known).map(|(name, _)| name.clone()).collect();
    variants.sort_by_key(rank);
    Ok(assemble(&variants, shared, report))
}

/// Marks the variants of a rule that diverts, and what named it.
fn divert(variants: &mut [Variant], options: &Options, diverting: &mut [bool]) {
    for variant in variants {
        for index in options.diverters(&variant.draft) {
            variant.conditions |= condition::DIVERT;
            diverting[index] = true;
        }
    }
}

/// The variants of one rule; an error has its place in the text.
fn read(text: &str, variables: &Variables, shared: &mut Shared, order: usize) -> Result<Vec<Variant>, (usize, String)> {
    let parts = lines::parts(text)?;
    let mut draft = Draft::new();
    header::read(&parts.header, variables, &mut draft)?;
    for setting in &parts.settings {
        options::option(setting.name, setting.value, &mut draft, shared)
            .map_err(|message| (setting.offset, message))?;
    }
    options::finish(&mut draft).map_err(|message| (0, message))?;
    if let Some(class) = &draft.class {
        let priority = classes::class(class).map_or(3, |(_, priority)| priority);
        draft.priority = draft.priority.or(Some(priority));
    }
    variant::variants(&draft, order).map_err(|message| (0, message))
}

fn sid_of(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("sid:")?;
    let digits = rest.trim_start();
    digits.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// The order of evaluation: by action, then those that set flowbits before those that read them, then by priority.
fn rank(variant: &Variant) -> (u8, u8, u32, usize) {
    let draft = &variant.draft;
    let sets = draft.after.iter().any(|op| matches!(op, Op::Mark { .. }));
    let reads = draft.packet.iter().any(|op| matches!(op, Op::FlowBit { .. }));
    let bits = match (sets, reads) {
        (true, false) => 0,
        (true, true) => 1,
        (false, false) => 2,
        (false, true) => 3,
    };
    (draft.action as u8, bits, draft.priority.unwrap_or(3), variant.order)
}

/// The sections that rules' records point into.
#[derive(Default)]
struct Parts {
    records: Vec<u8>,
    code: Vec<u8>,
    text: Vec<u8>,
    sets: Pool,
}

fn assemble(variants: &[Variant], shared: Shared, mut report: Report) -> Compiled {
    let mut parts = Parts::default();
    // Offset 0 of the sets is taken, so that no set stands there.
    parts.sets.bytes.extend_from_slice(&[0; 8]);
    variants.iter().for_each(|variant| parts.record(variant));
    let groups = groups::build(variants);
    report.groups = groups.count;
    let expressions = shared.expressions.bytes;
    let sections: [(&'static str, Vec<u8>); SECTIONS] = [
        ("rules", parts.records),
        ("tests", parts.code),
        ("text", parts.text),
        ("addresses and ports", parts.sets.bytes),
        ("groups", groups.bytes),
        ("automata", groups.automata),
        ("expressions", expressions),
    ];
    let mut data = Vec::new();
    let mut word =
        |value: usize| data.extend_from_slice(&u32::try_from(value).expect("a table of less than 4 GiB").to_le_bytes());
    [MAGIC as usize, VERSION as usize, variants.len(), shared.flowbits.len(), 0].into_iter().for_each(&mut word);
    let mut start = HEAD_BYTES;
    for (_, bytes) in &sections {
        word(start);
        word(bytes.len());
        start += bytes.len().next_multiple_of(4);
    }
    for (name, bytes) in sections {
        report.memory.push((name, bytes.len()));
        data.extend_from_slice(&bytes);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    Compiled { data, report }
}

impl Parts {
    fn record(&mut self, variant: &Variant) {
        let draft = &variant.draft;
        let kind =
            u32::from_le_bytes([draft.action as u8, variant.protocols(), variant.stage as u8, variant.app() as u8]);
        let class = draft.class.as_deref().map_or("", |name| classes::class(name).map_or(name, |(words, _)| words));
        let (packet, lists, after) = (variant.packet_code(), variant.lists_code(), variant.after_code());
        let mut record =
            std::vec![draft.sid, draft.gid, draft.revision, draft.priority.unwrap_or(3), kind, variant.conditions];
        record.extend(draft.addresses.iter().map(|set| self.sets.place(set, Kind::Addresses)));
        record.extend(draft.ports.iter().map(|set| self.sets.place(set, Kind::Ports)));
        for part in [packet, lists, after] {
            record.extend(append(&mut self.code, &part));
        }
        for text in [draft.message.as_str(), class] {
            record.extend(append(&mut self.text, text.as_bytes()));
        }
        debug_assert_eq!(record.len(), RULE_WORDS);
        record.iter().for_each(|word| self.records.extend_from_slice(&word.to_le_bytes()));
    }
}

/// Appends `part`; where it begins, and its length.
fn append(section: &mut Vec<u8>, part: &[u8]) -> [u32; 2] {
    let place = section.len();
    section.extend_from_slice(part);
    [place, part.len()].map(|value| u32::try_from(value).expect("sections of less than 4 GiB"))
}
