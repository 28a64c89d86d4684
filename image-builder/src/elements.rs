// SPDX-License-Identifier: Apache-2.0
//! `sluice elements`: what each element's SPEC says.

use crate::cli::ElementsArgs;
use crate::failure::usage;
use nf_elements::Spec;
use nf_elements::configure::ElementClass;
use nf_elements::elements::{class, registry};
use nf_elements::spec::{ArgumentKind, Category, HandlerKind};
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
            let _ = writeln!(text, "{gap}{HEAD}{}{HEAD:#}", title(spec.category));
        }
        let _ = writeln!(text, "  {:width$}  {}", spec.class, spec.summary);
    }
    text
}

fn title(category: Category) -> &'static str {
    match category {
        Category::Device => "Devices",
        Category::SourceSink => "Sources and sinks",
        Category::Basic => "Basic",
        Category::Classification => "Classification",
        Category::Ethernet => "Ethernet",
        Category::Ip => "IP",
        Category::Storage => "Storage",
        Category::Scheduling => "Scheduling",
        Category::Arp => "ARP and neighbour discovery",
        Category::Ip6 => "IPv6",
        Category::Icmp => "ICMP",
        Category::Transport => "TCP and UDP",
        Category::Routing => "Routing",
        Category::Rewriting => "Address and port translation",
        Category::Measurement => "Measurement",
        Category::Control => "Control",
        Category::Information => "Information",
    }
}

fn describe(spec: &Spec) -> String {
    const HEAD: anstyle::Style = anstyle::Style::new().bold();
    let mut text = format!("{HEAD}{}{HEAD:#}: {}\n", spec.class, spec.summary);
    let _ = writeln!(text, "\n  ports {}   processing {}   {}", spec.ports, spec.processing, title(spec.category));
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
        "class": spec.class, "category": title(spec.category), "summary": spec.summary,
        "ports": spec.ports, "processing": spec.processing,
        "arguments": arguments.map(|a| json!({ "name": a.name, "kind": kind(a.kind), "doc": a.doc })).collect::<Vec<_>>(),
        "handlers": handlers.map(|h| json!({ "name": h.name, "kind": access(h.kind), "doc": h.doc })).collect::<Vec<_>>(),
    })
}
