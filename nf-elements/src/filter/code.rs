// SPDX-License-Identifier: Apache-2.0
//! A diagram as Rust code: what a packet costs is then the comparisons on its way, with constants, and nothing else.
//!
//! A node is a chain of comparisons, or where there are many a search and a `match`. What one place leads to stands at that
//! place; a node that several lead to is a labelled block's continuation, to which they `break`. Children have smaller
//! numbers than their parents, so the blocks nest.

use super::diagram::{LEAF, NARROW, SHIFTS, field};
use super::emit::Tables;
use super::field::NEAR;
use crate::configure::Instance;

/// More intervals than these together stay tables: the code takes more room than it saves time.
const MOST_INTERVALS: usize = 4096;
/// Up to so many bounds a value is compared with one after the other. A search instead does not mislead the processor's
/// prediction of branches at each step.
const FEW_BOUNDS: usize = 8;

impl Tables {
    /// An element of type `element` with so many rules or patterns that decides as these tables.
    pub fn instance(&self, element: &str, rules: usize) -> Instance {
        self.instance_with(element, rules, "")
    }

    /// The same, whose constructor takes `rest` behind the rules: `, EXPRESSION …`.
    pub fn instance_with(&self, element: &str, rules: usize, rest: &str) -> Instance {
        let diagram = self.expression();
        match self.code() {
            None => Instance::new(element, format!("{element}::new({rules}, &{diagram}{rest})")),
            Some(code) => {
                let items = ITEMS.replace("{diagram}", &diagram).replace("{code}", &code);
                Instance::new(format!("{element}<{{name}}>"), format!("{element}::new({rules}, {{name}}{rest})"))
                    .with_items(items)
            }
        }
    }

    /// The statements that decide; none if there is nothing to decide, or too much.
    fn code(&self) -> Option<String> {
        let intervals: usize = self.nodes.iter().map(|node| intervals(node[0])).sum();
        (self.root & LEAF == 0 && intervals <= MOST_INTERVALS).then(|| Writer::new(self, self.references()).whole())
    }

    /// How many places of the code lead to each node.
    fn references(&self) -> Vec<usize> {
        let count = self.nodes.len();
        let mut writer = Writer::new(self, vec![usize::MAX; count]);
        (0..count).for_each(|index| writer.node(index));
        writer.jumps
    }

    /// A node's head, bounds and targets.
    fn node(&self, index: usize) -> (u32, Vec<u32>, &[u16]) {
        let [head, bounds, targets] = self.nodes[index];
        let (bounds, targets, count) = (bounds as usize, targets as usize, intervals(head));
        let bounds = match head & NARROW {
            0 => self.wide[bounds..bounds + count - 1].to_vec(),
            _ => self.narrow[bounds..bounds + count - 1].iter().map(|&bound| bound.into()).collect(),
        };
        (head, bounds, &self.narrow[targets..targets + count])
    }
}

/// The items around the code.
const ITEMS: &str = r#"struct {name};

impl nf_elements::filter::Decide for {name} {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &{diagram}
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
{code}    }
}
"#;

/// How many intervals a node with this head has.
fn intervals(head: u32) -> usize {
    (head & (NARROW - 1)) as usize + 1
}

struct Writer<'t> {
    tables: &'t Tables,
    /// Per node, how many places lead to it.
    references: Vec<usize>,
    /// Per node, how many of these are written.
    jumps: Vec<usize>,
    text: String,
    depth: usize,
}

impl<'t> Writer<'t> {
    fn new(tables: &'t Tables, references: Vec<usize>) -> Self {
        Writer { tables, jumps: vec![0; references.len()], references, text: String::new(), depth: 2 }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(&"    ".repeat(self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn block(&mut self, head: &str, inside: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line("}");
    }

    /// The whole code.
    fn whole(mut self) -> String {
        if self.tables.nodes.iter().any(|node| usize::from(field(node[0]).word) < NEAR) {
            self.line("let near = words.near();");
        }
        let shared: Vec<usize> = (0..self.references.len()).filter(|&index| self.references[index] > 1).collect();
        for index in &shared {
            self.line(&format!("'n{index}: {{"));
        }
        self.node(self.tables.root.into());
        for index in shared.into_iter().rev() {
            self.line("}");
            self.node(index);
        }
        self.text
    }

    /// Statements that end at a target.
    fn target(&mut self, target: u16) {
        let index = usize::from(target);
        if target & LEAF != 0 {
            self.line(&format!("return {};", target & !LEAF));
        } else if self.references[index] == 1 {
            self.node(index);
        } else {
            self.jumps[index] += 1;
            self.line(&format!("break 'n{index};"));
        }
    }

    /// Statements that decide by a node's field, and go on with what that leads to.
    fn node(&mut self, index: usize) {
        let (head, bounds, targets) = self.tables.node(index);
        let value = self.value(head);
        self.line(&format!("let value = {value};"));
        if bounds.len() > FEW_BOUNDS { self.search(&bounds, targets) } else { self.compare(&bounds, targets) }
    }

    /// The field that a node with this head asks for.
    fn value(&self, head: u32) -> String {
        let field = field(head);
        let word = usize::from(field.word);
        let word = match word.checked_sub(NEAR) {
            None => format!("near[{word}]"),
            Some(index) => format!("words.far({})", self.tables.far[index]),
        };
        match (head & SHIFTS, field.left, field.right) {
            (0, ..) => word,
            (_, 0, right) => format!("{word} >> {right}"),
            (_, left, right) => format!("{word} << {left} >> {right}"),
        }
    }

    /// Comparisons with the bounds, the middle one first.
    fn compare(&mut self, bounds: &[u32], targets: &[u16]) {
        match (bounds, targets) {
            ([first, end], [outside, inside, also_outside]) if outside == also_outside => {
                let is_inside = if first + 1 == *end {
                    format!("if value == {first:#x}")
                } else {
                    format!("if ({first:#x}..{end:#x}).contains(&value)")
                };
                self.block(&is_inside, |writer| writer.target(*inside));
                self.target(*outside);
            }
            ([], _) => self.target(targets[0]),
            _ => {
                let middle = bounds.len() / 2;
                self.block(&format!("if value < {:#x}", bounds[middle]), |writer| {
                    writer.compare(&bounds[..middle], &targets[..=middle]);
                });
                self.compare(&bounds[middle + 1..], &targets[middle + 1..]);
            }
        }
    }

    /// A search among the bounds, then one arm for each target.
    fn search(&mut self, bounds: &[u32], targets: &[u16]) {
        let bounds: Vec<String> = bounds.iter().map(|bound| format!("{bound:#x}")).collect();
        let mut arms: Vec<(u16, Vec<String>)> = Vec::new();
        for (interval, target) in targets.iter().enumerate() {
            match arms.iter_mut().find(|(other, _)| other == target) {
                Some((_, intervals)) => intervals.push(interval.to_string()),
                None => arms.push((*target, vec![interval.to_string()])),
            }
        }
        arms.sort_by_key(|(_, intervals)| intervals.len());
        let last = arms.len() - 1;
        self.block(&format!("match nf_elements::filter::interval(&[{}], value)", bounds.join(", ")), |writer| {
            for (arm, (target, intervals)) in arms.iter().enumerate() {
                let intervals = if arm == last { "_".into() } else { intervals.join(" | ") };
                writer.block(&format!("{intervals} =>"), |writer| writer.target(*target));
            }
        });
    }
}
