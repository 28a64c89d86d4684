// SPDX-License-Identifier: Apache-2.0

use super::*;
use nf_elements::PacketIo;
use std::fmt;

/// Two counters and a queue, each with the handlers `count` and `empty`.
struct Three;

impl Graph for Three {
    const PORTS: &'static [&'static str] = &[];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[("c1", "Counter"), ("c2", "Counter"), ("q", "Queue")];

    fn run<M: PacketIo>(&mut self, _: &mut M) -> bool {
        false
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match (element, handler) {
            ("c1" | "c2", "count") => Ok(write!(out, "{}", element.len())?),
            ("c1", "lines") => Ok(writeln!(out, "a\nb")?),
            ("c1" | "c2" | "q", "empty") => Ok(()),
            ("c1" | "c2" | "q", _) => Err(HandlerError::Unknown),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, _: &str, _: &str, value: &str) -> Result<(), HandlerError> {
        if value == "good" { Ok(()) } else { Err(HandlerError::BadValue) }
    }
}

fn printed(wanted: &[&str]) -> (String, Vec<String>) {
    read_all(&mut Three, &wanted.iter().map(|handler| handler.to_string()).collect::<Vec<_>>())
}

fn text(wanted: &[&str]) -> String {
    let (text, errors) = printed(wanted);
    assert!(errors.is_empty(), "{errors:?}");
    text
}

#[test]
fn one_handler_prints_its_value_several_their_names_too() {
    assert_eq!(text(&["c1.count"]), "2\n");
    assert_eq!(text(&["c1.lines"]), "a\nb\n");
    assert_eq!(text(&["c1.empty"]), "");
    assert_eq!(text(&["c1.count", "c1.empty"]), "c1.count:\n2\n\nc1.empty:\n\n");
}

#[test]
fn patterns_and_classes_name_several() {
    let both = "c1.count:\n2\n\nc2.count:\n2\n\n";
    assert_eq!(text(&["Counter.count"]), both);
    for pattern in ["c*.count", "c?.count", "c[12].count", "[a-c]?.count", "*.count", "c[!3].count"] {
        assert_eq!(text(&[pattern]), both, "{pattern}");
    }
    assert_eq!(text(&["*2.count"]), "c2.count:\n2\n\n");
}

#[test]
fn every_element_tells_its_class_and_the_router_its_list() {
    assert_eq!((text(&["q.class"]), text(&["q.name"])), ("Queue\n".into(), "q\n".into()));
    assert_eq!(text(&["list"]), "3\nc1\nc2\nq\n");
}

#[test]
fn what_does_not_exist_is_told() {
    let error = |handler| printed(&[handler]).1.concat();
    assert_eq!(error("c1.none"), "no 'c1.none' handler");
    assert_eq!(error("x.count"), "no element 'x'");
    assert_eq!(error("x*.count"), "no element matching 'x*'");
    assert_eq!(error("none"), "no 'none' handler");
    assert_eq!(write_one(&mut Three, "q.reset", "good"), Ok(()));
    assert_eq!(write_one(&mut Three, "q.reset", "bad"), Err("'q.reset' does not take this value".into()));
}
