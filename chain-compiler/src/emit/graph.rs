// SPDX-License-Identifier: Apache-2.0
//! The file around the methods: imports, the struct, `Graph`.

use super::Emitter;
use super::code::Code;
use crate::plan::Port;
use std::path::Path;

/// Where rustfmt breaks lines here.
const LINE_WIDTH: usize = 120;

/// The whole source file.
pub(super) fn file(emitter: &Emitter, file_name: &str, vm: &str, ports: &[Port]) -> String {
    let mut code = Code::default();
    // The folder is left out: the same chain gives the same wiring wherever it lies.
    let base = Path::new(file_name).file_name().map_or("".into(), |name| name.to_string_lossy());
    code.line(format!("// The wiring of VM `{vm}`, emitted from {}.", printable(&base)));
    code.gap();
    imports(emitter, &mut code);
    emitter.statics(&mut code);
    emitter.items(&mut code);
    structure(emitter, vm, &mut code);
    code.gap();
    code.block("impl Wiring", |code| {
        constructor(emitter, code);
        methods(emitter, code);
    });
    graph(emitter, ports, &mut code);
    let mut outputs: Vec<_> = emitter.outputs.iter().collect();
    outputs.sort_by_key(|(element, _)| **element);
    for (element, outputs) in outputs {
        outputs.write(&mut code, &emitter.elements[*element].name);
    }
    code.into_text()
}

/// Text that can stand in a comment: one line, nothing invisible.
fn printable(text: &str) -> String {
    let one = |c: char| match c {
        c if c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ' => c.to_string(),
        c => c.escape_unicode().to_string(),
    };
    text.chars().map(one).collect()
}

fn imports(emitter: &Emitter, code: &mut Code) {
    code.line("use core::fmt;");
    let mut names: Vec<&str> = emitter.imports.iter().copied().collect();
    if !emitter.elements.is_empty() {
        code.line("use nf_elements::elements::*;");
        names.push("Element");
    }
    if emitter.lends() {
        names.push("ConstStaticCell");
    }
    names.sort_unstable();
    names.dedup();
    let line = format!("use nf_elements::{{{}}};", names.join(", "));
    if line.len() <= LINE_WIDTH {
        code.line(line);
    } else {
        code.open("use nf_elements::");
        code.line(format!("{},", names.join(", ")));
        code.close_with(";");
    }
    code.gap();
}

fn structure(emitter: &Emitter, vm: &str, code: &mut Code) {
    code.line(format!("/// The elements of `{vm}`."));
    if emitter.elements.is_empty() {
        code.line("pub struct Wiring {}");
        return;
    }
    code.block("pub struct Wiring", |code| {
        for (index, (element, field)) in emitter.elements.iter().zip(&emitter.fields).enumerate() {
            code.line(format!("/// `{} :: {}`", element.name, emitter.class(index)));
            code.line(format!("{field}: {},", emitter.field_type(index)));
            if emitter.waits(index) {
                code.line(format!("/// What `{}` has made and nobody has pulled.", element.name));
                code.line(format!("{}: Batch,", emitter.waiting(index)));
            }
        }
    });
}

fn constructor(emitter: &Emitter, code: &mut Code) {
    code.line("/// The elements as the chain file configures them.");
    if emitter.elements.is_empty() {
        return code.block("pub const fn new() -> Self", |code| code.line("Wiring {}"));
    }
    code.block("pub const fn new() -> Self", |code| {
        code.block("Wiring", |code| {
            for (index, field) in emitter.fields.iter().enumerate() {
                code.line(format!("{field}: {},", emitter.field_value(index)));
                if emitter.waits(index) {
                    code.line(format!("{}: Batch::new(),", emitter.waiting(index)));
                }
            }
        });
    });
}

fn methods(emitter: &Emitter, code: &mut Code) {
    for task in &emitter.tasks {
        code.gap();
        code.line("#[inline]");
        let head = format!("fn {}<M: PacketIo>(&mut self, io: &mut M) -> bool", task.method);
        code.block(head, |code| code.lines(&task.body));
    }
    if emitter.calls() {
        emitter.calls_method(code);
    }
    for pull in &emitter.pulls {
        code.gap();
        if pull.callers == 1 {
            code.line("#[inline]");
        }
        let head = format!("fn {}<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet>", pull.name);
        code.block(head, |code| code.lines(&pull.body));
    }
    for end in &emitter.order {
        let entry = &emitter.entries[end];
        code.gap();
        if entry.callers == 1 {
            code.line("#[inline]");
        }
        let batch = if entry.in_place { "mut batch" } else { "batch" };
        let head = format!("fn {}<M: PacketIo>(&mut self, io: &mut M, {batch}: Batch)", entry.method);
        code.block(head, |code| code.lines(&entry.body));
    }
}

fn graph(emitter: &Emitter, ports: &[Port], code: &mut Code) {
    code.gap();
    code.block("impl Graph for Wiring", |code| {
        let names: Vec<_> = ports.iter().map(|port| format!("{:?}", port.name)).collect();
        code.line(format!("const PORTS: &'static [&'static str] = &[{}];", names.join(", ")));
        let chain_ports = ports.iter().enumerate().filter(|(_, port)| port.carries_chains);
        let chain_ports = chain_ports.fold(0u64, |bits, (index, _)| bits | 1 << index);
        if chain_ports != 0 {
            code.line(format!("const CHAIN_PORTS: u64 = {chain_ports:#b};"));
        }
        let hosts: Vec<&str> = emitter.hosts().collect();
        if !hosts.is_empty() {
            code.line("const HOSTS: &'static [nf_elements::OwnHost] = &[");
            hosts.iter().for_each(|host| code.line(format!("    {host},")));
            code.line("];");
        }
        emitter.element_list(code);
        emitter.told(code);
        emitter.start(code);
        code.gap();
        round(emitter, code);
        emitter.deadlines(code);
        emitter.stops(code);
        emitter.handlers(code);
    });
}

fn round(emitter: &Emitter, code: &mut Code) {
    if emitter.tasks.is_empty() {
        return code.block("fn run<M: PacketIo>(&mut self, _: &mut M) -> bool", |code| code.line("false"));
    }
    code.block("fn run<M: PacketIo>(&mut self, io: &mut M) -> bool", |code| {
        code.line("let mut moved = false;");
        for task in &emitter.tasks {
            code.line(format!("moved |= self.{}(io);", task.method));
            if emitter.calls() {
                code.line("self.calls(io);");
            }
        }
        code.line("moved");
    });
}
