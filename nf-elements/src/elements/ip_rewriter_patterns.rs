// SPDX-License-Identifier: Apache-2.0
//! # IPRewriterPatterns
//! `IPRewriterPatterns(NAME SADDR SPORT DADDR DPORT, …)` — gives patterns names for rewriters.
//!
//! **Description:** an `IPRewriter` and its kin, and mappers, may say `pattern NAME` in place of the pattern. A pattern has two
//! to four words, as for the rewriter that uses it.
//!
//! **Notes:** a name that is given twice means the first; Click refuses the second. A name is known in the whole
//! configuration. Each user has the pattern for itself: a range that is used in order begins anew in each, where in Click
//! all go on together.
//!
//! **Example:** `IPRewriterPatterns(out 192.0.2.1 1024-65535 - -);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> IPRewriter(pattern out 0 0) -> Discard;`
//!
//! **See also:** `IPRewriter`, `RoundRobinIPMapper`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
pub struct IpRewriterPatterns;

impl Element for IpRewriterPatterns {
    const SPEC: Spec = Spec {
        class: "IPRewriterPatterns",
        category: Category::Information,
        summary: "gives patterns names for rewriters",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument {
            name: "NAME PATTERN",
            kind: ArgumentKind::List,
            doc: "a name, then two to four words of a pattern",
        }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpRewriterPatterns {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        for (index, text) in arguments.rest() {
            let words: Vec<_> = text.value.split_ascii_whitespace().collect();
            if let Some(Err(error)) = words.split_first().map(|(_, words)| crate::flows::Pattern::parse(words)) {
                let (end, message) = (text.value.len(), format!("'{}': {error}", text.value));
                arguments.error_at(index, 0..end, message, Some("NAME SADDR SPORT DADDR DPORT".into()));
            }
        }
        Some(crate::configure::Instance::new("IpRewriterPatterns", "IpRewriterPatterns"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use crate::configure::{Information, Surroundings, configure};
    use crate::elements::{IpRewriter, IpRewriterPatterns};

    #[test]
    fn a_rewriter_finds_the_pattern_by_its_name() {
        let told = [Information {
            class: "IPRewriterPatterns",
            arguments: vec!["other 9.9.9.9 -", "pat 1.0.0.1 1024-65535# - -"],
        }];
        let around = Surroundings { inputs: 1, outputs: 1, information: &told, ..Default::default() };
        let by_name = configure::<IpRewriter>(&["pattern pat 0 0"], &around).unwrap();
        let spelt_out = configure::<IpRewriter>(&["pattern 1.0.0.1 1024-65535# - - 0 0"], &around).unwrap();
        assert_eq!(by_name, spelt_out);
        let errors = configure::<IpRewriter>(&["pattern pot 0 0"], &around).unwrap_err();
        assert_eq!(errors[0].message, "'pattern pot 0 0': no such pattern");
        assert!(configure::<IpRewriterPatterns>(&["pat 1.0.0.1 1024-65535# - -"], &around).is_ok());
        assert!(configure::<IpRewriterPatterns>(&["pat 1.0.0.1 - - - -"], &around).is_err());
    }
}
