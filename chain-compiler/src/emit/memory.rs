// SPDX-License-Identifier: Apache-2.0
//! What is too big for a constant expression: memory that elements are lent, and files that the source includes.

use super::Emitter;
use super::code::Code;
use nf_elements::spec::Shape;

impl Emitter<'_> {
    /// An element's constant expression, with its data in place.
    pub(super) fn expression(&self, element: usize) -> String {
        let instance = &self.configured[element].instance;
        let expression = self.named(element, &instance.expression);
        if instance.data.is_empty() {
            return expression;
        }
        expression.replace("{data}", &format!("include_bytes!({:?})", self.data_file(element)))
    }

    /// `text` of an element's instance, with the name of its own type in place.
    pub(super) fn named(&self, element: usize, text: &str) -> String {
        match &self.own_types[element] {
            Some(name) => text.replace("{name}", name),
            None => text.into(),
        }
    }

    /// The items that elements need beside the wiring.
    pub(super) fn items(&self, code: &mut Code) {
        for (element, configured) in self.configured.iter().enumerate() {
            let items = &configured.instance.items;
            if !items.is_empty() {
                code.line(format!("/// Code of `{}` alone.", self.elements[element].name));
                self.named(element, items).lines().for_each(|line| code.line(line));
                code.gap();
            }
        }
    }

    fn data_file(&self, element: usize) -> String {
        format!("{}.bin", self.fields[element])
    }

    /// The files that the source includes.
    pub(super) fn data(&self) -> Vec<(String, Vec<u8>)> {
        let configured = self.configured.iter().enumerate();
        let with_data = configured.filter(|(_, configured)| !configured.instance.data.is_empty());
        with_data.map(|(element, configured)| (self.data_file(element), configured.instance.data.clone())).collect()
    }

    /// Whether any element is lent memory.
    pub(super) fn lends(&self) -> bool {
        self.configured.iter().any(|configured| configured.instance.memory.is_some())
    }

    /// Each element's name for its memory.
    fn lent(&self) -> impl Iterator<Item = (usize, String)> {
        let elements = (0..self.elements.len()).filter(|element| self.configured[*element].instance.memory.is_some());
        elements.map(|element| (element, format!("{}_MEMORY", self.fields[element].to_uppercase())))
    }

    /// The statics behind the memory: zeros, which take no room in a file.
    pub(super) fn statics(&self, code: &mut Code) {
        for (element, name) in self.lent() {
            if let Some(memory) = &self.configured[element].instance.memory {
                let (entry, empty, count) = (&memory.rust_type, &memory.empty, memory.count);
                code.line(format!("/// The memory of `{}`.", self.elements[element].name));
                code.line(format!("static {name}: ConstStaticCell<[{entry}; {count}]> ="));
                code.line(format!("    ConstStaticCell::new([const {{ {empty} }}; {count}]);"));
                code.gap();
            }
        }
    }

    /// `Graph::start`.
    pub(super) fn start(&self, code: &mut Code) {
        if !self.lends() {
            return;
        }
        code.gap();
        code.block("fn start(&mut self)", |code| {
            for (element, name) in self.lent() {
                let field = &self.fields[element];
                if self.shape(element) == Shape::Control {
                    code.line(format!("self.{field}.as_mut().expect(\"it does not run\").lend({name}.take());"));
                } else {
                    code.line(format!("self.{field}.lend({name}.take());"));
                }
            }
        });
    }
}
