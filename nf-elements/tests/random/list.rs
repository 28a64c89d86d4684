// SPDX-License-Identifier: Apache-2.0
//! The list of instances, and the code that `Configure` gives for it.

use nf_elements::configure::{Arguments, Instance, Surroundings};
use nf_elements::elements;
use std::fmt::Write;

const LIST: &str = include_str!("list.txt");

/// One line of the list.
struct Line {
    text: &'static str,
    name: &'static str,
    class: &'static str,
    outputs: usize,
    instance: Instance,
}

fn line(text: &'static str) -> Result<Line, String> {
    let (ports, declaration) = text.split_once(' ').expect("ports, then a declaration");
    let (name, what) = declaration.split_once(" :: ").unwrap_or(("", declaration));
    let (class, arguments) = what.split_once('(').unwrap_or((what, ")"));
    let arguments = arguments.strip_suffix(')').expect("a configuration ends with a parenthesis");
    let arguments: Vec<&str> = if arguments.is_empty() { Vec::new() } else { arguments.split(", ").collect() };
    let (inputs, outputs) = ports.split_once('/').expect("ports");
    let (inputs, outputs) = (inputs.parse().expect("inputs"), outputs.parse().expect("outputs"));
    let (ports, hosts) = (["p0".to_string(), "p1".to_string()], ["fake0".to_string()]);
    let around =
        Surroundings { name: "x", inputs, outputs, ports: &ports, hosts: &hosts, information: &[], stores: &[] };
    let found = elements::class(class).unwrap_or_else(|| panic!("{class} is no class"));
    let mut taken = Arguments::new(found.spec, &arguments);
    let instance = (found.configure)(&mut taken, &around);
    let errors = taken.finish();
    let instance = instance.filter(|_| errors.is_empty()).ok_or_else(|| format!("{text}: {errors:?}"))?;
    Ok(Line { text, name, class, outputs, instance })
}

/// An element as the macro `instances` takes it: its type, its expression, the memory that it is lent. `name` is that of
/// a type of its own.
fn element(instance: &Instance, name: &str) -> String {
    let data: String = instance.data.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let expression = instance.expression.replace("{data}", &format!("b\"{data}\"")).replace("{name}", name);
    let memory = instance.memory.as_ref();
    let memory = memory.map_or(String::new(), |lent| format!("{} = {}; {}", lent.rust_type, lent.empty, lent.count));
    format!("{} = {expression}, [{memory}]", instance.rust_type.replace("{name}", name))
}

/// The text of `instances.rs`.
pub fn source() -> String {
    let (lines, wrong): (Vec<_>, Vec<_>) =
        LIST.lines().filter(|line| !line.starts_with('#')).map(line).partition(Result::is_ok);
    let wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    let all = elements::registry().iter().map(|entry| entry.spec.class);
    let missing: Vec<_> =
        all.filter(|class| *class != "Error" && lines.iter().all(|line| line.class != *class)).collect();
    assert!(missing.is_empty(), "list.txt has no instance of {missing:?}");
    let mut source = String::from(
        "// SPDX-License-Identifier: Apache-2.0\n// What `Configure` makes of list.txt: see the README.\n\ninstances! {\n",
    );
    let mut items = String::new();
    for (number, line) in lines.iter().enumerate() {
        let shape = elements::class(line.class).expect("it was found before").spec.shape;
        let mut peers = String::new();
        for (peer, wanted) in line.instance.peers.iter().enumerate() {
            let found = lines[..number].iter().find(|line| line.name == wanted.name).expect("the peer stands before");
            write!(peers, "p{peer}: {}; ", element(&found.instance, "")).expect("a string takes text");
        }
        let (most, outputs) = (line.instance.most, line.outputs.max(1));
        let name = format!("Code{number}");
        items += &line.instance.items.replace("{name}", &name);
        let element = element(&line.instance, &name);
        writeln!(source, "    {:?}, {shape:?}, {outputs}, {most}, {element}, [{peers}];", line.text)
            .expect("a string takes text");
    }
    source + "}\n\n" + &items
}
