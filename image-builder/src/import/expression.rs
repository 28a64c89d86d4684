// SPDX-License-Identifier: Apache-2.0
//! Conditions, and their text in the pattern language.

/// When a rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always, or never.
    Constant(bool),
    /// A test as it is written in a pattern.
    Test(String),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

use Condition::*;

impl Condition {
    /// A test.
    pub fn test(text: impl Into<String>) -> Condition {
        Test(text.into())
    }

    /// The contrary.
    pub fn not(self) -> Condition {
        match self {
            Constant(value) => Constant(!value),
            Not(inner) => *inner,
            other => Not(Box::new(other)),
        }
    }

    /// All of `parts`.
    pub fn all(parts: impl IntoIterator<Item = Condition>) -> Condition {
        joined(parts, true)
    }

    /// Any of `parts`.
    pub fn any(parts: impl IntoIterator<Item = Condition>) -> Condition {
        joined(parts, false)
    }

    /// Its text.
    pub fn text(&self) -> String {
        match self {
            Constant(true) => "all".into(),
            Constant(false) => "none".into(),
            Test(text) => text.clone(),
            Not(inner) => format!("!({})", inner.text()),
            All(parts) => parts.iter().map(Self::enclosed).collect::<Vec<_>>().join(" && "),
            Any(parts) => parts.iter().map(Self::enclosed).collect::<Vec<_>>().join(" || "),
        }
    }

    fn enclosed(&self) -> String {
        match self {
            All(_) | Any(_) | Test(_) => format!("({})", self.text()),
            _ => self.text(),
        }
    }
}

/// Parts joined by "and" if `all`, else by "or".
fn joined(parts: impl IntoIterator<Item = Condition>, all: bool) -> Condition {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Constant(value) if value == all => {}
            Constant(value) => return Constant(value),
            All(inner) if all => kept.extend(inner),
            Any(inner) if !all => kept.extend(inner),
            part if kept.contains(&part) => {}
            part => kept.push(part),
        }
    }
    match kept.len() {
        0 => Constant(all),
        1 => kept.remove(0),
        _ if all => All(kept),
        _ => Any(kept),
    }
}
