// SPDX-License-Identifier: Apache-2.0
//! Rust names for Click names.

use std::collections::HashSet;

/// Words that Rust keeps for itself.
const KEYWORDS: &str = " abstract as async await become box break const continue crate do dyn else enum extern false \
    final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super \
    trait true try type typeof union unsafe unsized use virtual where while yield ";

/// Hands each name out once.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A set in which `taken` are taken.
    pub(super) fn without(taken: &[&str]) -> Self {
        Names(taken.iter().map(|name| name.to_string()).collect())
    }

    /// `wanted`, with a number behind it if it is taken.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_string();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }
}

/// A Click name as a Rust variable: `ToDevice@3` is `to_device_3`, `CheckIPHeader` is `check_ip_header`.
pub(super) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let lower_before = before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let word_starts =
            before.is_some_and(|c| c.is_ascii_uppercase()) && chars.get(at + 1).is_some_and(|c| c.is_ascii_lowercase());
        if c.is_ascii_uppercase() && (lower_before || word_starts) || !c.is_ascii_alphanumeric() {
            snake.push('_');
        }
        if c.is_ascii_alphanumeric() {
            snake.push(c.to_ascii_lowercase());
        }
    }
    let snake = snake.trim_matches('_').split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    let digit_first = snake.starts_with(|c: char| c.is_ascii_digit());
    if snake.is_empty() || digit_first || KEYWORDS.contains(&format!(" {snake} ")) {
        return format!("element_{snake}").trim_end_matches('_').into();
    }
    snake
}

/// A snake-case name as a Rust type: `to_device_3` is `ToDevice3`.
pub(super) fn camel_case(snake: &str) -> String {
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    snake.split('_').filter(|part| !part.is_empty()).map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn click_names_become_rust_names() {
        let names = ["CheckIPHeader@2", "strip", "ToDevice@13", "type", "a/b", "IPFilter", "2x", "_", "fromLAN", "é"];
        let expected = [
            "check_ip_header_2",
            "strip",
            "to_device_13",
            "element_type",
            "a_b",
            "ip_filter",
            "element_2x",
            "element",
            "from_lan",
            "element",
        ];
        assert_eq!(names.map(snake_case), expected);
        assert_eq!(camel_case("to_device_13"), "ToDevice13");
    }

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::without(&["io"]);
        assert_eq!(["io", "a", "a", "a_2"].map(|name| names.unique(name)), ["io_2", "a", "a_2", "a_2_2"]);
    }
}
