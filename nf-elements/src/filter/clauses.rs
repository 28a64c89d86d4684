// SPDX-License-Identifier: Apache-2.0
//! The Classifier's patterns: bytes at offsets, in hexadecimal.

use super::data_words::LENGTH;
use super::interval::Intervals;
use super::{Field, Formulas, Id, PatternError};

/// Greatest offset of a byte that a clause can name: the last in a buffer is less.
const MAX_OFFSET: usize = 4096;

/// One clause of a pattern: `12/0800`, `!0/ff%0f`, `30/4?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether a packet matches if these bytes are not there.
    pub negated: bool,
    /// Where the bytes begin.
    pub offset: usize,
    /// Bytes wanted; bits outside of the mask are 0.
    pub value: Vec<u8>,
    /// Which of their bits count.
    pub mask: Vec<u8>,
}

/// Reads a pattern: clauses, all of which must match; none stand for `-`.
pub fn parse_clauses(text: &str) -> Result<Vec<Clause>, Vec<PatternError>> {
    if text == "-" {
        return Ok(Vec::new());
    }
    let mut clauses = Vec::new();
    let mut errors = Vec::new();
    for word in text.split_whitespace() {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        match clause(word) {
            Ok(clause) => clauses.push(clause),
            Err((message, wanted)) => {
                errors.push(PatternError { span: start..start + word.len(), message, wanted: Some(wanted.into()) });
            }
        }
    }
    if clauses.is_empty() && errors.is_empty() {
        let wanted = Some("OFFSET/VALUE, as in '12/0800', or '-' for every packet".into());
        errors.push(PatternError { span: 0..text.len(), message: "empty pattern".into(), wanted });
    }
    if errors.is_empty() { Ok(clauses) } else { Err(errors) }
}

/// Reads one clause; the error is what was found and what was wanted.
fn clause(word: &str) -> Result<Clause, (String, &'static str)> {
    let (negated, rest) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
    let Some((offset, rest)) = rest.split_once('/') else {
        return Err((format!("no such clause: '{word}'"), "OFFSET/VALUE or OFFSET/VALUE%MASK, as in '12/0800'"));
    };
    let offset = offset.parse().ok().filter(|&offset| offset <= MAX_OFFSET);
    let offset = offset.ok_or((
        format!("a clause without an offset: '{word}'"),
        "a decimal number of bytes up to 4096 before the '/'",
    ))?;
    let (digits, mask_digits) = rest.split_once('%').map_or((rest, None), |(digits, mask)| (digits, Some(mask)));
    let hexadecimal = "an even number of hexadecimal digits behind the '/', '?' where any digit will do";
    let wrong = || (format!("a clause without a value: '{word}'"), hexadecimal);
    let (value, known) = hex_bytes(digits).ok_or_else(wrong)?;
    let given = match mask_digits {
        None => vec![0xff; value.len()],
        Some(digits) => {
            let wrong =
                || (format!("a mask that does not fit: '{word}'"), "as many hexadecimal digits as the value has");
            let mask = hex_bytes(digits).filter(|mask| !digits.contains('?') && mask.0.len() == value.len());
            mask.ok_or_else(wrong)?.0
        }
    };
    let mask: Vec<u8> = known.iter().zip(&given).map(|(known, given)| known & given).collect();
    let value = value.iter().zip(&mask).map(|(value, mask)| value & mask).collect();
    Ok(Clause { negated, offset, value, mask })
}

/// The bytes that `digits` spell, and which of their bits are not `?`.
fn hex_bytes(digits: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    if digits.is_empty() || digits.len() % 2 == 1 {
        return None;
    }
    let nibble = |digit: u8| match digit {
        b'?' => Some((0, 0)),
        _ => Some((char::from(digit).to_digit(16)? as u8, 15)),
    };
    let byte = |pair: &[u8]| {
        let (high, low) = (nibble(pair[0])?, nibble(pair[1])?);
        Some((high.0 << 4 | low.0, high.1 << 4 | low.1))
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

impl Formulas {
    /// The formula of a pattern.
    pub fn clauses(&mut self, clauses: &[Clause]) -> Id {
        let parts: Vec<_> = clauses.iter().map(|clause| self.clause(clause)).collect();
        self.all(&parts)
    }

    fn clause(&mut self, clause: &Clause) -> Id {
        let end = clause.offset + clause.value.len();
        let length = Field::new(self.coded_word(LENGTH), 0, 32);
        let mut parts = vec![self.test(length, Intervals::range(end as u32, u32::MAX))];
        for word in clause.offset / 4..end.div_ceil(4) {
            let at = |bytes: &[u8], byte: usize| bytes.get(byte.wrapping_sub(clause.offset)).copied().unwrap_or(0);
            let big_endian = |bytes| u32::from_be_bytes([0, 1, 2, 3].map(|byte| at(bytes, 4 * word + byte)));
            let (value, mask) = (big_endian(&clause.value), big_endian(&clause.mask));
            if mask != 0 {
                let field = Field::new(self.coded_word(4 * word as u16), 0, 32);
                parts.push(self.masked_equal(field, mask, value));
            }
        }
        let all = self.all(&parts);
        if clause.negated { self.not(all) } else { all }
    }
}

/// Whether a packet of these bytes matches: read off the clauses, for tests.
pub fn clauses_match(clauses: &[Clause], data: &[u8]) -> bool {
    clauses.iter().all(|clause| {
        let bytes = data.get(clause.offset..clause.offset + clause.value.len());
        let equal = |bytes: &[u8]| (0..bytes.len()).all(|i| bytes[i] & clause.mask[i] == clause.value[i]);
        bytes.is_some_and(equal) != clause.negated
    })
}
