// SPDX-License-Identifier: Apache-2.0
//! Click's codes in a SPEC: port counts (`1/1-2`) and processing (`a/ah`).

use super::Flow;
use nf_elements::Spec;

/// How many ports one side may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) least: usize,
    pub(super) most: Option<usize>,
}

impl Count {
    fn parse(code: &str) -> Self {
        match code.split_once('-') {
            Some((least, most)) => Count { least: least.parse().unwrap_or(0), most: most.parse().ok() },
            None => Count { least: code.parse().unwrap_or(0), most: code.parse().ok() },
        }
    }

    /// In words: "1 output", "1 or 2 outputs".
    pub(super) fn words(self, port: &str) -> String {
        let plural = if self.most == Some(1) { "" } else { "s" };
        match (self.least, self.most) {
            (_, Some(0)) => format!("no {port}"),
            (least, Some(most)) if least == most => format!("{most} {port}{plural}"),
            (least, Some(most)) if least + 1 == most => format!("{least} or {most} {port}{plural}"),
            (least, Some(most)) => format!("{least} to {most} {port}{plural}"),
            (0, None) => format!("any number of {port}s"),
            (least, None) => format!("at least {least} {port}{}", if least == 1 { "" } else { "s" }),
        }
    }
}

/// The two sides of a code; one side stands for both.
fn sides(code: &str) -> (&str, &str) {
    code.split_once('/').unwrap_or((code, code))
}

/// Numbers of inputs and outputs that a class may have.
pub(super) fn counts(spec: &Spec) -> (Count, Count) {
    let (inputs, outputs) = sides(spec.ports);
    (Count::parse(inputs), Count::parse(outputs))
}

/// How a class treats input `port`; none is agnostic.
pub(super) fn input_flow(spec: &Spec, port: usize) -> Option<Flow> {
    flow(sides(spec.processing).0, port)
}

/// How a class treats output `port`; none is agnostic.
pub(super) fn output_flow(spec: &Spec, port: usize) -> Option<Flow> {
    flow(sides(spec.processing).1, port)
}

/// The last letter counts for all further ports.
fn flow(side: &str, port: usize) -> Option<Flow> {
    match side.as_bytes().get(port).or(side.as_bytes().last()) {
        Some(b'h') => Some(Flow::Push),
        Some(b'l') => Some(Flow::Pull),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_codes() {
        let counts = ["1", "0", "1-2", "1-", "-"].map(Count::parse);
        assert_eq!(
            counts.map(|count| (count.least, count.most)),
            [(1, Some(1)), (0, Some(0)), (1, Some(2)), (1, None), (0, None)]
        );
        let words = counts.map(|count| count.words("output"));
        assert_eq!(words, ["1 output", "no output", "1 or 2 outputs", "at least 1 output", "any number of outputs"]);
    }

    #[test]
    fn processing_codes() {
        assert_eq!(sides("a/ah"), ("a", "ah"));
        assert_eq!((flow("ah", 0), flow("ah", 1), flow("ah", 7)), (None, Some(Flow::Push), Some(Flow::Push)));
        assert_eq!((flow("l", 0), flow("", 3)), (Some(Flow::Pull), None));
    }

    #[test]
    fn every_class_has_codes_that_mean_something() {
        for class in nf_elements::elements::registry() {
            let spec = class.spec;
            let known = |code: &str, letters: &str| code.contains('/') && code.chars().all(|c| letters.contains(c));
            assert!(known(spec.ports, "0123456789-/"), "{}: ports {:?}", spec.class, spec.ports);
            assert!(known(spec.processing, "hla/"), "{}: processing {:?}", spec.class, spec.processing);
        }
    }
}
