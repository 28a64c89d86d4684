// SPDX-License-Identifier: Apache-2.0
//! Compound elements: `elementclass`, parameters, overloads.

use super::ast::{ClassName, ClassUse, Compound, Definition, Formal, Name, Statement};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::diagnostic::Diagnostic;
use std::rc::Rc;

impl Parser<'_, '_> {
    /// `elementclass NAME { … }` or `elementclass NAME CLASS`
    pub(super) fn element_class(&mut self) -> Result<Statement, Failed> {
        self.bump();
        let name = self.name("the name of the new class")?;
        let class = self.class_name("'{', or a class that gets a second name")?;
        Ok(Statement::ElementClass { name, class })
    }

    /// A class with its arguments.
    pub(super) fn class(&mut self) -> Result<ClassUse, Failed> {
        let class = self.class_name("an element class")?;
        let configuration = match self.token.kind {
            Kind::OpenParen => Some(self.configuration()?),
            _ => None,
        };
        Ok(ClassUse { class, configuration })
    }

    fn class_name(&mut self, wanted: &str) -> Result<ClassName, Failed> {
        match self.token.kind {
            Kind::OpenBrace => Ok(ClassName::Compound(Rc::new(self.compound()?))),
            Kind::Word if self.at_name() => self.name(wanted).map(ClassName::Named),
            _ => Err(self.unexpected(wanted)),
        }
    }

    /// `{ … || … }`
    pub(super) fn compound(&mut self) -> Result<Compound, Failed> {
        let span = self.bump().span();
        let mut compound = Compound { span: span.clone(), definitions: Vec::new(), extends: None };
        loop {
            if self.token.kind == Kind::Ellipsis {
                let dots = self.bump().span();
                if compound.definitions.is_empty() {
                    let error = Diagnostic::error(dots.clone(), "found '...'");
                    self.report(error.wanted("a definition before it, as in { … || ... }"));
                }
                compound.extends = Some(dots);
                break;
            }
            let formals = self.formals()?;
            let body = self.body(Kind::DoubleBar, ("this compound", span.clone()));
            compound.definitions.push(Definition { formals, body });
            if !self.eat(Kind::DoubleBar) {
                break;
            }
        }
        // A missing brace was reported where the body ended.
        let reported = compound.extends.is_none() && self.token.kind != Kind::CloseBrace;
        if !reported {
            self.expect(Kind::CloseBrace, "'}'")?;
        }
        Ok(compound)
    }

    /// `$a, KEYWORD $b |`, if the definition has parameters.
    fn formals(&mut self) -> Result<Vec<Formal>, Failed> {
        let mut formals: Vec<Formal> = Vec::new();
        if self.eat(Kind::Bar) {
            return Ok(formals);
        }
        loop {
            let kind = self.token.kind;
            let keyword = match kind {
                Kind::Variable => None,
                Kind::Word if self.peek() == Kind::Variable => Some(self.name("a keyword")?),
                _ if formals.is_empty() => return Ok(formals),
                _ => return Err(self.unexpected("a parameter, as in $x or KEYWORD $x")),
            };
            let text = self.word()[1..].to_string();
            let variable = Name { text, span: self.bump().span() };
            let formal = Formal { keyword, variable };
            self.check_formal(&formals, &formal);
            formals.push(formal);
            if self.eat(Kind::Bar) {
                return Ok(formals);
            }
            self.expect(Kind::Comma, "',' or '|'")?;
        }
    }

    fn check_formal(&mut self, before: &[Formal], formal: &Formal) {
        let keyword = |formal: &Formal| formal.keyword.as_ref().map(|name| name.text.clone());
        let span = formal.variable.span.clone();
        if let Some(first) = before.iter().find(|first| first.variable.text == formal.variable.text) {
            let error = Diagnostic::error(span, format!("a second parameter ${}", formal.variable.text));
            self.report(error.wanted("another name").related(first.variable.span.clone(), "the first one"));
        } else if let Some(word) = &formal.keyword
            && let Some(first) = before.iter().find(|first| keyword(first).as_ref() == Some(&word.text))
        {
            let error = Diagnostic::error(word.span.clone(), format!("a second parameter with keyword {}", word.text));
            self.report(error.wanted("another keyword").related(first.variable.span.clone(), "the first one"));
        } else if let Some(last) = before.last()
            && (keyword(last).as_deref() == Some("__REST__") || (formal.keyword.is_none() && last.keyword.is_some()))
        {
            let error = Diagnostic::error(span, "parameters out of order");
            self.report(error.wanted("those by position first, then keywords, __REST__ at the end"));
        }
    }
}
