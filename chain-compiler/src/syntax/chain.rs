// SPDX-License-Identifier: Apache-2.0
//! The statements that join VMs: `service`, `chain`, `director`.

use super::ast::{Chain, Director, File, Name, Path, Rule, Service};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::arguments::split;
use crate::diagnostic::Diagnostic;
use crate::text::Text;

impl Parser<'_, '_> {
    /// `service NAME = a, b;`
    pub(super) fn service(&mut self, file: &mut File) -> Result<(), Failed> {
        self.bump();
        let name = self.plain_name("the service's name")?;
        self.sign("=", "'=' and the VM behind the service")?;
        let mut vms = vec![self.name("a VM")?];
        while self.eat(Kind::Comma) {
            vms.push(self.name("a VM")?);
        }
        file.services.push(Service { name, vms });
        file.broken |= self.end_of_statement("',' or ';'").is_err();
        Ok(())
    }

    /// `chain a <-> b <-> c;` or `chain NAME: a -> b -> c;`
    pub(super) fn chain(&mut self, file: &mut File) -> Result<(), Failed> {
        self.bump();
        let first = self.name("the chain's name, or a network or a VM")?;
        if self.token.kind == Kind::OpenParen || self.word() == ":" {
            return self.path(first, file);
        }
        let mut hops = vec![first];
        self.expect(Kind::BothWays, "'<->', or ':' and the chain of that name")?;
        hops.push(self.name("a network or a VM")?);
        while self.eat(Kind::BothWays) {
            hops.push(self.name("a network or a VM")?);
        }
        file.chains.push(Chain { hops });
        file.broken |= self.end_of_statement("'<->' or ';'").is_err();
        Ok(())
    }

    fn path(&mut self, name: Name, file: &mut File) -> Result<(), Failed> {
        let (mut one_way, mut shared) = (false, false);
        if self.token.kind == Kind::OpenParen {
            for option in split(&self.configuration()?.text) {
                match option.as_str() {
                    "oneway" => one_way = true,
                    "shared" => shared = true,
                    other => {
                        let error = Diagnostic::error(option.place(), format!("no chain option '{other}'"));
                        self.report(error.wanted("oneway, shared, or both"));
                    }
                }
            }
        }
        self.sign(":", "':' and the chain")?;
        let mut hops = vec![self.name("a network")?];
        self.expect(Kind::Arrow, "'->'")?;
        hops.push(self.name("a service, VM or network")?);
        while self.eat(Kind::Arrow) {
            hops.push(self.name("a service, VM or network")?);
        }
        file.paths.push(Path { name, one_way, shared, hops });
        file.broken |= self.end_of_statement("'->' or ';'").is_err();
        Ok(())
    }

    /// `director at NAME { PATTERN: CHAIN; … }`
    pub(super) fn director(&mut self, file: &mut File) -> Result<(), Failed> {
        self.bump();
        if self.word() != "at" {
            return Err(self.unexpected("'at' and the VM or network where packets come in"));
        }
        self.bump();
        let at = self.name("a VM or a network")?;
        let mut flows = None;
        if self.token.kind == Kind::OpenParen {
            for option in split(&self.configuration()?.text) {
                flows = self.director_option(&option);
            }
        }
        self.expect(Kind::OpenBrace, "'{' and the rules")?;
        let mut rules = Vec::new();
        while !matches!(self.token.kind, Kind::CloseBrace | Kind::End) {
            rules.extend(self.rule());
        }
        self.expect(Kind::CloseBrace, "'}'")?;
        file.directors.push(Director { at, flows, rules });
        Ok(())
    }

    fn director_option(&mut self, option: &Text) -> Option<usize> {
        let words: Vec<_> = option.as_str().split_whitespace().collect();
        let flows = match words[..] {
            ["flows", count] => count.parse().ok().filter(|count| (1..=1 << 24).contains(count)),
            _ => None,
        };
        if flows.is_none() {
            let error = Diagnostic::error(option.place(), format!("no director option '{}'", option.as_str()));
            self.report(error.wanted("how many flows it can hold, as in flows 100000"));
        }
        flows
    }

    /// `PATTERN: CHAIN;` or `default: CHAIN;`: the chain stands behind the last colon.
    fn rule(&mut self) -> Option<Rule> {
        let (start, mut end) = (self.token.start, self.token.start);
        while !matches!(self.token.kind, Kind::Semicolon | Kind::CloseBrace | Kind::End) {
            end = self.bump().end;
        }
        self.eat(Kind::Semicolon);
        let text = Text::literal(&self.lexer.text[start..end], start);
        let parts = text.as_str().rfind(':').map(|colon| {
            let (pattern, chain) = (text.slice(0..colon).trim(), text.slice(colon + 1..end - start).trim());
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            (pattern, chain.as_str().chars().all(is_name) && !chain.as_str().is_empty(), chain)
        });
        let Some((pattern, true, chain)) = parts else {
            let error = Diagnostic::error(text.place(), "a rule without a chain");
            self.report(error.wanted("PATTERN: CHAIN; as in tcp port 80: web; or default: web;"));
            return None;
        };
        let chain = Name { text: chain.as_str().into(), span: chain.place() };
        Some(Rule { pattern: (pattern.as_str() != "default").then_some(pattern), chain })
    }

    /// Takes a sign that means something to us only.
    fn sign(&mut self, sign: &str, wanted: &str) -> Result<(), Failed> {
        if self.word() != sign {
            return Err(self.unexpected(wanted));
        }
        self.bump();
        Ok(())
    }
}
