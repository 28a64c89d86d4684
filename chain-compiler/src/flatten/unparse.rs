// SPDX-License-Identifier: Apache-2.0
//! A flat graph in Click's language, as Click's driver writes it.

use super::{End, Flat, FlatElement};
use crate::text::Text;
use std::collections::HashMap;

impl FlatElement<'_> {
    /// Its arguments as they stand between the parentheses.
    pub(crate) fn configuration(&self) -> String {
        let arguments: Vec<&str> = self.arguments.iter().map(Text::as_str).collect();
        arguments.join(", ")
    }
}

impl Flat<'_> {
    /// Each element declared, then the connections: chains as long as possible, each connection once.
    pub(crate) fn to_click(&self) -> String {
        let mut text = String::new();
        for element in &self.elements {
            let class = element.class.map_or("Error", |class| class.spec.class);
            let arguments = element.configuration();
            let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
            text += &format!("{} :: {class}{arguments};\n", element.name);
        }
        if !self.elements.is_empty() && !self.links.is_empty() {
            text += "\n";
        }
        let next = self.continuations();
        let mut begins = vec![true; self.links.len()];
        next.iter().flatten().for_each(|link| begins[*link] = false);
        let mut written = vec![false; self.links.len()];
        // What is left after the chains with a beginning are circles.
        let links = 0..self.links.len();
        for first in links.clone().filter(|link| begins[*link]).chain(links) {
            if !written[first] {
                self.chain(first, &next, &mut written, &mut text);
            }
        }
        text
    }

    /// The link that goes on from where each link ends, if that is input 0: one that itself ends at an input 0, or the last.
    fn continuations(&self) -> Vec<Option<usize>> {
        let mut from: HashMap<End, Vec<usize>> = HashMap::new();
        for (index, link) in self.links.iter().enumerate() {
            from.entry(link.from).or_default().push(index);
        }
        let next = self.links.iter().enumerate().map(|(index, link)| {
            let mut onward =
                from.get(&link.to).filter(|_| link.to.port == 0)?.iter().copied().filter(|next| *next != index);
            onward.clone().find(|next| self.links[*next].to.port == 0).or_else(|| onward.next_back())
        });
        next.collect()
    }

    /// Writes the chain that begins with the link `first`.
    fn chain(&self, first: usize, next: &[Option<usize>], written: &mut [bool], text: &mut String) {
        let name = |end: End| &self.elements[end.element].name;
        let from = self.links[first].from;
        *text += name(from);
        if from.port != 0 {
            *text += &format!(" [{}]", from.port);
        }
        let (mut arrow, mut link) = (" -> ", Some(first));
        while let Some(index) = link.filter(|index| !std::mem::replace(&mut written[*index], true)) {
            let to = self.links[index].to;
            let input = if to.port == 0 { String::new() } else { format!("[{}] ", to.port) };
            *text += &format!("{arrow}{input}{}", name(to));
            (arrow, link) = ("\n    -> ", next[index]);
        }
        *text += ";\n";
    }
}
