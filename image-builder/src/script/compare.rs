// SPDX-License-Identifier: Apache-2.0
//! What came out beside what should have.

use regex::Regex;

/// Lines around a difference that are shown.
const CONTEXT: usize = 2;

/// The differences for people; none if `found` is what was `expected`. Empty lines at the end do not count.
pub fn differences(name: &str, expected: &str, found: &str) -> Result<(), String> {
    let (expected, found) = (lines(expected), lines(found));
    let same = |(expected, found): (&&str, &&str)| matches(expected, found);
    let first = expected.iter().zip(&found).take_while(|pair| same((pair.0, pair.1))).count();
    if first == expected.len() && first == found.len() {
        return Ok(());
    }
    let rest = expected[first..].iter().rev().zip(found[first..].iter().rev());
    let last = rest.take_while(|pair| same((pair.0, pair.1))).count();
    let mut shown = format!("{name}, from line {} on (- wanted, + found):\n", first + 1);
    let mut show = |sign: char, lines: &[&str]| lines.iter().for_each(|line| shown += &format!("{sign} {line}\n"));
    show(' ', &expected[first.saturating_sub(CONTEXT)..first]);
    show('-', &expected[first..expected.len() - last]);
    show('+', &found[first..found.len() - last]);
    show(' ', &found[found.len() - last..][..last.min(CONTEXT)]);
    Err(shown)
}

fn lines(text: &str) -> Vec<&str> {
    text.trim_end_matches('\n').lines().collect()
}

/// Whether `found` is the line `expected`, in which a regular expression may stand between `{{` and `}}`.
fn matches(expected: &str, found: &str) -> bool {
    if !expected.contains("{{") {
        return expected == found;
    }
    let (mut pattern, mut rest) = (String::from("^"), expected);
    while let Some((before, behind)) = rest.split_once("{{") {
        let (expression, after) = behind.split_once("}}").unwrap_or((behind, ""));
        pattern += &format!("{}(?:{expression})", regex::escape(before));
        rest = after;
    }
    pattern += &format!("{}$", regex::escape(rest));
    Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_but_for_empty_lines_at_the_end() {
        assert_eq!(differences("stdout", "a\nb\n\n", "a\nb\n"), Ok(()));
        assert_eq!(differences("stdout", "", "\n"), Ok(()));
        assert!(differences("stdout", "\na", "a").is_err());
    }

    #[test]
    fn a_difference_is_shown_with_its_surroundings() {
        let shown = differences("stderr", "a\nb\nc\nd\ne\nf\n", "a\nb\nc\nx\ny\ne\nf\n").unwrap_err();
        assert_eq!(shown, "stderr, from line 4 on (- wanted, + found):\n  b\n  c\n- d\n+ x\n+ y\n  e\n  f\n");
        let shown = differences("stderr", "a\n", "a\na\n").unwrap_err();
        assert_eq!(shown, "stderr, from line 2 on (- wanted, + found):\n  a\n+ a\n");
    }

    #[test]
    fn regular_expressions() {
        assert!(matches("n: {{\\d+}} (of {{a|b}})", "n: 12 (of b)"));
        assert!(!matches("n: {{\\d+}} (of {{a|b}})", "n: 12 (of c)"));
        assert!(!matches("n.{{x}}", "nyx"));
        assert!(!matches("{{(}}", "("), "an unsound one matches nothing");
    }
}
