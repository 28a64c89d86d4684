// SPDX-License-Identifier: Apache-2.0
//! Rules that are data, and that others replace while packets pass.
//!
//! A book is two trees one behind the other: of IPv4 packets, and of IPv6 packets. One is in the image; others come as text, in
//! pieces, into memory that was set aside: `begin WORDS`, then `AT CHARACTERS` for each piece, six characters a word, then `commit`. Each
//! piece is checked as it comes, so no request takes long. Until the commit, and if anything was wrong, the rules before stay.

use super::tree::{Checked, Fault, Tree, Word, words_of};
use super::{DENIED, Decide, Diagram, NO_MATCH, Words};
use crate::HandlerError;
use core::fmt;

/// Characters of a word, six bits each, from the lowest.
pub const WORD_CHARACTERS: usize = 6;
/// The character of six zeros; those of other values follow.
pub const FIRST_CHARACTER: u8 = b'0';

/// Rules that can be replaced.
pub struct Replaceable {
    baked: &'static [Word],
    outputs: u16,
    /// Two halves, each of which holds a book.
    memory: &'static mut [Word],
    active: Active,
    upload: Option<Upload>,
    /// What became of the last upload.
    outcome: Result<(), Refusal>,
    replaced: u64,
}

/// Which book is asked.
#[derive(Clone, Copy)]
enum Active {
    Baked,
    /// The half that begins there, and its book's words.
    Half(usize, usize),
}

/// A book that arrives.
struct Upload {
    words: usize,
    arrived: usize,
    /// The first tree's, then the second's, which begins at that word.
    checked: Option<Checked>,
    start: usize,
}

/// Why an upload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Room,
    Piece,
    Tree(Fault),
}

impl Replaceable {
    /// Rules for so many outputs that begin as the book `baked`, which was checked.
    pub const fn new(baked: &'static [u8], outputs: u16) -> Self {
        let memory = &mut [];
        Replaceable {
            baked: words_of(baked),
            outputs,
            memory,
            active: Active::Baked,
            upload: None,
            outcome: Ok(()),
            replaced: 0,
        }
    }

    /// Words that a book may have.
    fn room(&self) -> usize {
        self.memory.len() / 2
    }

    #[inline(always)]
    fn book(&self) -> &[Word] {
        match self.active {
            Active::Baked => self.baked,
            Active::Half(start, words) => self.memory.get(start..start + words).unwrap_or(&[]),
        }
    }

    /// Where the half that is not asked begins.
    fn spare(&self) -> usize {
        match self.active {
            Active::Half(0, _) => self.room(),
            _ => 0,
        }
    }

    /// The leaf, or that of no match if it names an output that is not there.
    #[inline(always)]
    fn known(&self, leaf: u16) -> u16 {
        if leaf < self.outputs || leaf == DENIED { leaf } else { NO_MATCH }
    }

    fn take(&mut self, request: &str) -> Result<(), Refusal> {
        let (word, rest) = request.trim().split_once(' ').unwrap_or((request.trim(), ""));
        match (word, self.upload.take()) {
            ("begin", _) => {
                let words = rest.parse().map_err(|_| Refusal::Piece)?;
                if words > self.room() {
                    return Err(Refusal::Room);
                }
                self.upload = Some(Upload { words, arrived: 0, checked: None, start: 0 });
            }
            ("commit", Some(upload)) => {
                let start = self.spare();
                upload.end(&self.memory[start..start + upload.words]).map_err(Refusal::Tree)?;
                self.active = Active::Half(start, upload.words);
                self.replaced += 1;
            }
            (at, Some(mut upload)) if at.parse() == Ok(upload.arrived) => {
                let start = self.spare();
                upload.piece(&mut self.memory[start..start + upload.words], rest)?;
                self.upload = Some(upload);
            }
            _ => return Err(Refusal::Piece),
        }
        Ok(())
    }
}

impl Upload {
    /// Takes a piece into `book`, and checks as much as is there.
    fn piece(&mut self, book: &mut [Word], text: &str) -> Result<(), Refusal> {
        let (words, rest) = text.as_bytes().as_chunks::<WORD_CHARACTERS>();
        if !rest.is_empty() || words.len() > book.len() - self.arrived {
            return Err(Refusal::Piece);
        }
        for characters in words {
            book[self.arrived] = decoded(characters).ok_or(Refusal::Piece)?.to_le_bytes();
            self.arrived += 1;
        }
        self.check(&book[..self.arrived]).map_err(Refusal::Tree)
    }

    fn check(&mut self, book: &[Word]) -> Result<(), Fault> {
        loop {
            let here = &book[self.start..];
            let checked = match &mut self.checked {
                Some(checked) => checked,
                None if here.len() < Checked::HEAD_WORDS => return Ok(()),
                none => none.insert(Checked::begin(here)?),
            };
            let length = checked.length;
            if here.len() < length || self.start > 0 {
                return checked.advance(here);
            }
            checked.advance(&here[..length])?;
            checked.end(&here[..length])?;
            (self.start, self.checked) = (length, None);
        }
    }

    /// Whether both trees are there and good.
    fn end(&self, book: &[Word]) -> Result<(), Fault> {
        match &self.checked {
            Some(checked) if self.start > 0 && self.arrived == self.words => checked.end(&book[self.start..]),
            _ => Err(Fault::Length),
        }
    }
}

/// The word that six characters stand for.
fn decoded(characters: &[u8; WORD_CHARACTERS]) -> Option<u32> {
    let mut value = 0u64;
    for &character in characters.iter().rev() {
        let bits = character.checked_sub(FIRST_CHARACTER).filter(|&bits| bits < 64)?;
        value = value << 6 | u64::from(bits);
    }
    u32::try_from(value).ok()
}

/// What stands for a diagram where there is none.
pub static NO_DIAGRAM: Diagram =
    Diagram { root: super::diagram::LEAF | NO_MATCH, transport: true, nodes: &[], wide: &[], narrow: &[], far: &[] };

impl Decide for Replaceable {
    fn diagram(&self) -> &'static Diagram {
        &NO_DIAGRAM
    }

    #[inline]
    fn leaf<W: Words>(&self, words: &W) -> u16 {
        self.known(Tree::of_checked(self.book()).walk(words))
    }

    fn leaf6<W: Words>(&self, _: &'static Diagram, words: &W) -> u16 {
        let book = self.book();
        let second = Tree::of_checked(book).words().min(book.len());
        self.known(Tree::of_checked(&book[second..]).walk(words))
    }

    fn lend(&mut self, memory: &'static mut [Word]) {
        self.memory = memory;
    }

    fn replace(&mut self, request: &str) -> Result<(), HandlerError> {
        self.outcome = self.take(request);
        self.outcome.map_err(|_| HandlerError::BadValue)
    }

    fn rules(&self, _: u32) -> u32 {
        Tree::of_checked(self.book()).rules()
    }

    fn describe(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(
            out,
            "outputs {}\nroom {}\nwords {}\nreplaced {}",
            self.outputs,
            self.room(),
            self.book().len(),
            self.replaced
        )?;
        match (&self.upload, self.outcome) {
            (Some(upload), _) => writeln!(out, "arrived {} of {}", upload.arrived, upload.words),
            (None, Ok(())) => Ok(()),
            (None, Err(Refusal::Room)) => writeln!(out, "refused: more than there is room for"),
            (None, Err(Refusal::Piece)) => writeln!(out, "refused: no piece of a book, or not the next one"),
            (None, Err(Refusal::Tree(fault))) => writeln!(out, "refused: {fault}"),
        }
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::filter::field::{DESTINATION_PORT, NEAR, PROTOCOL};
    use crate::filter::{book, requests, rules_of_file};

    struct Header([u32; NEAR]);

    impl Words for Header {
        fn near(&self) -> &[u32; NEAR] {
            &self.0
        }

        fn far(&self, _: u16) -> u32 {
            6 << 28
        }
    }

    /// A packet of TCP to that port.
    fn to(port: u32) -> Header {
        let mut words = [0; NEAR];
        words[usize::from(DESTINATION_PORT)] = port;
        words[usize::from(PROTOCOL)] = 6 << 8 | 20;
        Header(words)
    }

    fn book_of(text: &str) -> Vec<u8> {
        book(&rules_of_file(text, 3).unwrap()).unwrap()
    }

    /// Filters by "allow dst port 80", with room for so many words.
    fn filter(room: usize) -> Replaceable {
        let mut filter = Replaceable::new(book_of("allow dst port 80").leak(), 2);
        filter.lend(vec![[0; 4]; 2 * room].leak());
        filter
    }

    fn send(filter: &mut Replaceable, book: &[u8], most: usize) -> Result<(), HandlerError> {
        requests(book, most).try_for_each(|request| filter.replace(&request))
    }

    fn state(filter: &Replaceable) -> String {
        let mut text = String::new();
        filter.describe(&mut text).unwrap();
        text
    }

    #[test]
    fn other_rules_take_over_when_all_is_there() {
        let mut filter = filter(2000);
        let text = "# others\n1 dst port 81, // these\n\ndeny dst port 82\n";
        for most in [32, 100, 4000] {
            let book = book_of(text);
            let all: Vec<String> = requests(&book, most).collect();
            let (commit, before) = all.split_last().unwrap();
            for request in before {
                let leaf = filter.leaf(&to(80));
                filter.replace(request).unwrap();
                assert_eq!(filter.leaf(&to(80)), leaf, "not before the commit");
            }
            filter.replace(commit).unwrap();
            assert_eq!([80, 81, 82].map(|port| filter.leaf(&to(port))), [NO_MATCH, 1, DENIED]);
            assert_eq!([80, 81, 82].map(|port| filter.leaf6(&NO_DIAGRAM, &to(port))), [NO_MATCH, 1, DENIED]);
            assert_eq!(filter.rules(9), 2);
            send(&mut filter, &book_of("0 dst port 80\n2 dst port 81"), most).unwrap();
            assert_eq!([80, 81].map(|port| filter.leaf(&to(port))), [0, NO_MATCH], "output 2 is not there");
        }
        assert!(state(&filter).contains("replaced 6"), "{}", state(&filter));
    }

    #[test]
    fn what_is_wrong_changes_nothing() {
        let mut filter = filter(60);
        let good = book_of("1 dst port 81");
        let mut reasons = Vec::new();
        let mut refused = |filter: &mut Replaceable, requests: &[String]| {
            let result = requests.iter().try_for_each(|request| filter.replace(request));
            assert_eq!((result, filter.leaf(&to(80))), (Err(HandlerError::BadValue), 0), "{requests:?}");
            assert_eq!(filter.replace("commit"), Err(HandlerError::BadValue), "it is over");
            let _ = requests.iter().try_for_each(|request| filter.replace(request));
            reasons.push(state(filter).lines().last().unwrap_or_default().to_string());
        };
        for byte in 0..good.len() {
            let mut bad = good.clone();
            bad[byte] ^= 0x10;
            refused(&mut filter, &requests(&bad, 64).collect::<Vec<_>>());
        }
        let all: Vec<String> = requests(&good, 64).collect();
        let swapped = [all[0].clone(), all[2].clone()];
        refused(&mut filter, &swapped);
        refused(&mut filter, &[all[0].clone(), all[1].clone(), "commit".into()]);
        refused(&mut filter, &["begin 61".into()]);
        refused(&mut filter, &["begin 9".into(), "0 00000~".into()]);
        refused(&mut filter, &["begin 9".into(), "0 0000".into()]);
        refused(&mut filter, &["begin x".into()]);
        refused(&mut filter, &["".into()]);
        assert!(reasons.iter().all(|reason| reason.starts_with("refused: ")), "{reasons:?}");
        send(&mut filter, &good, 64).unwrap();
        assert_eq!(filter.leaf(&to(81)), 1);
    }
}
