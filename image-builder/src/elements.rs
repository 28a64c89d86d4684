// SPDX-License-Identifier: Apache-2.0
//! `sluice elements`: what each element's SPEC says.

use crate::cli::ElementsArgs;
use crate::failure::usage;
use nf_elements::Spec;
use nf_elements::configure::ElementClass;
use nf_elements::elements::{ALIASES, class, registry};
use nf_elements::spec::{ArgumentKind, HandlerKind};
use serde_json::{Value, json};
use std::fmt::Write;

/// Lists or describes.
pub fn command(args: &ElementsArgs) -> anyhow::Result<()> {
    let specs: Vec<&Spec> = match &args.name {
        Some(name) => vec![find(name)?],
        None => all().map(|class| class.spec).collect(),
    };
    if args.json {
        let described: Vec<_> = specs.iter().map(|spec| as_json(spec)).collect();
        println!("{}", serde_json::to_string_pretty(&described)?);
    } else if args.name.is_some() {
        anstream::print!("{}", describe(specs[0]));
    } else {
        anstream::print!("{}", list(specs));
    }
    Ok(())
}

/// Those of images and processes, and those that only a process has.
fn all() -> impl Iterator<Item = &'static ElementClass> {
    registry().iter().chain(native::elements::registry())
}

fn find(name: &str) -> anyhow::Result<&'static Spec> {
    let alike = || all().find(|class| class.spec.class.eq_ignore_ascii_case(name));
    let process_only = || native::elements::registry().iter().find(|class| class.spec.class == name);
    class(name).or_else(process_only).map(|class| class.spec).ok_or_else(|| {
        let hint = alike().map_or_else(
            || "`sluice elements` lists them".into(),
            |class| format!("did you mean {}?", class.spec.class),
        );
        usage(format!("no element is called '{name}'; {hint}"))
    })
}

fn list(mut specs: Vec<&Spec>) -> String {
    const HEAD: anstyle::Style = anstyle::Style::new().bold();
    specs.sort_by_key(|spec| (spec.category, spec.class));
    let width = specs.iter().map(|spec| spec.class.len()).max().unwrap_or_default();
    let (mut text, mut category) = (String::new(), None);
    for spec in specs {
        if category.replace(spec.category) != Some(spec.category) {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{HEAD}{}{HEAD:#}", spec.category.title());
        }
        let others = aliases(spec);
        let others = if others.is_empty() { others } else { format!(" (also {others})") };
        let _ = writeln!(text, "  {:width$}  {}{others}", spec.class, spec.summary);
    }
    text
}

/// The other names of a class.
fn aliases(spec: &Spec) -> String {
    let names = ALIASES.iter().filter(|(_, class)| *class == spec.class).map(|(alias, _)| *alias);
    names.collect::<Vec<_>>().join(", ")
}

fn describe(spec: &Spec) -> String {
    const HEAD: anstyle::Style = anstyle::Style::new().bold();
    let mut text = format!("{HEAD}{}{HEAD:#}: {}\n", spec.class, spec.summary);
    let (category, shape) = (spec.category.title(), spec.shape);
    let _ = writeln!(text, "\n  ports {}   processing {}   shape {shape:?}   {category}", spec.ports, spec.processing);
    let others = aliases(spec);
    if !others.is_empty() {
        let _ = writeln!(text, "  also called {others}");
    }
    let arguments = spec.arguments.iter().map(|argument| (argument.name, kind(argument.kind), argument.doc));
    section(&mut text, "Arguments", arguments.collect());
    let handlers = spec.handlers.iter().map(|handler| (handler.name, access(handler.kind), handler.doc));
    section(&mut text, "Handlers", handlers.collect());
    text
}

fn section(text: &mut String, title: &str, rows: Vec<(&str, &str, &str)>) {
    if rows.is_empty() {
        return;
    }
    let widest = |part: fn(&(&str, &str, &str)) -> usize| rows.iter().map(part).max().unwrap_or_default();
    let (first, second) = (widest(|row| row.0.len()), widest(|row| row.1.len()));
    let _ = writeln!(text, "\n{title}");
    for (name, kind, doc) in &rows {
        let _ = writeln!(text, "  {name:first$}  {kind:second$}  {doc}");
    }
}

fn kind(kind: ArgumentKind) -> &'static str {
    match kind {
        ArgumentKind::Required => "required",
        ArgumentKind::Optional => "optional",
        ArgumentKind::Keyword => "keyword",
        ArgumentKind::List => "list",
    }
}

fn access(kind: HandlerKind) -> &'static str {
    match kind {
        HandlerKind::Read => "read",
        HandlerKind::Drops => "drops",
        HandlerKind::Write => "write",
        HandlerKind::ReadWrite => "read/write",
    }
}

fn as_json(spec: &Spec) -> Value {
    let arguments = spec.arguments.iter();
    let handlers = spec.handlers.iter();
    json!({
        "class": spec.class, "category": spec.category.title(), "summary": spec.summary,
        "aliases": ALIASES.iter().filter(|(_, class)| *class == spec.class).map(|(alias, _)| *alias).collect::<Vec<_>>(),
        "ports": spec.ports, "processing": spec.processing, "shape": format!("{:?}", spec.shape),
        "arguments": arguments.map(|a| json!({ "name": a.name, "kind": kind(a.kind), "doc": a.doc })).collect::<Vec<_>>(),
        "handlers": handlers.map(|h| json!({ "name": h.name, "kind": access(h.kind), "doc": h.doc })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::path::Path;

    /// nf-elements/ELEMENTS.md as it must be.
    fn table() -> String {
        let mut text = String::from(
            "# Elements\n\nMade from each element's SPEC; `SLUICE_BLESS=1 cargo test -p image-builder elements` renews it. \
             Ports are inputs / outputs, and how\npackets go there: h push, l pull, a either. `sluice elements NAME` says more.\n",
        );
        let only_process: HashSet<_> = native::elements::registry().iter().map(|class| class.spec.class).collect();
        let mut specs: Vec<&Spec> = all().map(|class| class.spec).collect();
        specs.sort_by_key(|spec| (spec.category, spec.class));
        let mut category = None;
        for spec in specs {
            if category.replace(spec.category) != Some(spec.category) {
                let _ =
                    write!(text, "\n## {}\n\n| element | ports | it |\n| --- | --- | --- |\n", spec.category.title());
            }
            let others = aliases(spec);
            let others = if others.is_empty() { others } else { format!("; also {others}") };
            let place = if only_process.contains(spec.class) { "; in processes only" } else { "" };
            let ports = format!("{} {}", spec.ports, spec.processing);
            let _ = writeln!(text, "| {} | {ports} | {}{others}{place} |", spec.class, spec.summary);
        }
        text
    }

    #[test]
    fn the_table_of_elements_is_that_of_their_specs() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nf-elements/ELEMENTS.md");
        if std::env::var_os("SLUICE_BLESS").is_some() {
            std::fs::write(&path, table()).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap();
        let wanted = table();
        let differs = wanted.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
        assert!(
            found == wanted,
            "ELEMENTS.md is old ({differs:?}): SLUICE_BLESS=1 cargo test -p image-builder elements"
        );
    }

    #[test]
    fn aliases_are_shown_and_found() {
        assert!(describe(find("MSQueue").unwrap()).contains("also called FullNoteQueue, MSQueue, ThreadSafeQueue"));
        assert!(describe(find("Strip").unwrap()).contains("shape Action"));
        assert_eq!(as_json(find("Null3").unwrap())["aliases"][0], "Null1");
    }
}
