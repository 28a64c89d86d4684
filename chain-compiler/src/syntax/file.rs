// SPDX-License-Identifier: Apache-2.0
//! The statements around Click's: `network`, `vm`, `chain`.

use super::ast::{Chain, Configuration, ElementUse, File, Name, Statement, Vm};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::arguments::split;
use crate::diagnostic::Diagnostic;
use crate::suggest;
use crate::text::Text;

const STATEMENTS: [&str; 3] = ["network", "vm", "chain"];

impl Parser<'_, '_> {
    /// The whole file.
    pub(crate) fn file(mut self) -> File {
        let mut file = File::default();
        while self.token.kind != Kind::End {
            if self.item(&mut file).is_err() {
                file.broken = true;
                self.recover();
                // A stray '}' would stop the recovery for ever.
                self.eat(Kind::CloseBrace);
            }
        }
        self.end();
        file.broken |= file.outside.broken;
        let chained = !file.vms.is_empty() || !file.networks.is_empty() || !file.chains.is_empty();
        if chained {
            self.only_definitions(&file.outside.statements);
        }
        file
    }

    fn item(&mut self, file: &mut File) -> Result<(), Failed> {
        let of_ours = self.token.kind == Kind::Word && self.peek() == Kind::Word;
        match self.word() {
            "network" if of_ours => self.network(file)?,
            "vm" if of_ours => file.vms.push(self.vm()?),
            "chain" if of_ours => self.chain(file)?,
            word if of_ours && suggest::nearest(word, STATEMENTS).is_some() => return Err(self.not_a_statement()),
            "}" => return Err(self.unexpected("a statement")),
            "network" | "vm" | "chain" if !matches!(self.peek(), Kind::DoubleColon | Kind::Arrow | Kind::FatArrow) => {
                self.bump();
                return Err(self.unexpected("a name"));
            }
            _ => self.statement_of(&mut file.outside),
        }
        Ok(())
    }

    fn not_a_statement(&mut self) -> Failed {
        let word = self.word();
        let error = Diagnostic::error(self.token.span(), format!("found '{word}'"));
        let hint = suggest::hint(word, STATEMENTS).unwrap_or_default();
        self.report(error.wanted("'network', 'vm' or 'chain'").hint(hint))
    }

    /// Around VMs only classes and variables are defined.
    fn only_definitions(&mut self, statements: &[Statement]) {
        for statement in statements {
            let span = match statement {
                Statement::Connection(connection) => {
                    let first = connection.sets.iter().flatten().next();
                    first.map_or(0..0, |hop| match &hop.element {
                        ElementUse::Declared { name, .. } => name.span.clone(),
                        element => element.span(),
                    })
                }
                Statement::Tunnel { from, .. } => from.span.clone(),
                Statement::Library(body) => return self.only_definitions(&body.statements),
                Statement::ElementClass { .. } | Statement::Define(_) => continue,
            };
            let found = format!("found '{}'", self.shared.sources.text(&span));
            let error = Diagnostic::error(span, found).wanted("'network', 'vm' or 'chain'");
            self.report(error.hint("beside VMs and chains, elements stand inside of a VM: vm NAME { … }"));
        }
    }

    /// `network a, b;`
    fn network(&mut self, file: &mut File) -> Result<(), Failed> {
        self.bump();
        loop {
            file.networks.push(self.plain_name("the network's name")?);
            if self.token.kind == Kind::OpenParen {
                let options = self.configuration()?;
                self.no_options(&options);
            }
            if !self.eat(Kind::Comma) {
                break;
            }
        }
        file.broken |= self.end_of_statement("';'").is_err();
        Ok(())
    }

    fn no_options(&mut self, options: &Configuration) {
        for option in split(&options.text) {
            let error = Diagnostic::error(option.place(), format!("no network option '{}'", option.as_str()));
            self.report(error.wanted("nothing: a network has no options"));
        }
    }

    /// `vm NAME(OPTIONS) { … }`
    fn vm(&mut self) -> Result<Vm, Failed> {
        self.bump();
        let name = self.plain_name("the VM's name")?;
        let mut memory_mib = None;
        if self.token.kind == Kind::OpenParen {
            for option in split(&self.configuration()?.text) {
                self.vm_option(&option, &mut memory_mib);
            }
        }
        self.expect(Kind::OpenBrace, "'{' and the VM's elements")?;
        let body = self.body(Kind::CloseBrace, (&format!("the block of '{}'", name.text), name.span.clone()));
        self.eat(Kind::CloseBrace);
        Ok(Vm { name, memory_mib, body })
    }

    fn vm_option(&mut self, option: &Text, memory_mib: &mut Option<u32>) {
        let (word, value) = option.as_str().split_once(char::is_whitespace).unwrap_or((option.as_str(), ""));
        if word != "memory" {
            let error = Diagnostic::error(option.place(), format!("no VM option '{word}'"));
            self.report(error.wanted("an option: memory 16M"));
            return;
        }
        *memory_mib = mebibytes(value.trim());
        if memory_mib.is_none() {
            let error = Diagnostic::error(option.place(), format!("'{}' is no size of memory", value.trim()));
            self.report(error.wanted("a whole number of mebibytes or gibibytes, as in memory 16M"));
        }
    }

    /// `chain a <-> b <-> c;`
    fn chain(&mut self, file: &mut File) -> Result<(), Failed> {
        self.bump();
        let mut hops = vec![self.name("a network or a VM")?];
        self.expect(Kind::BothWays, "'<->'")?;
        hops.push(self.name("a network or a VM")?);
        while self.eat(Kind::BothWays) {
            hops.push(self.name("a network or a VM")?);
        }
        file.chains.push(Chain { hops });
        file.broken |= self.end_of_statement("'<->' or ';'").is_err();
        Ok(())
    }

    /// A name that is good for a file, an interface and an element's argument: no `/`, no `@`, not only digits.
    fn plain_name(&mut self, wanted: &str) -> Result<Name, Failed> {
        let name = self.name(wanted)?;
        let only_digits = name.text.bytes().all(|byte| byte.is_ascii_digit());
        if only_digits || name.text.contains(['/', '@']) {
            let error = Diagnostic::error(name.span.clone(), format!("'{}' is no name for a network or VM", name.text));
            self.report(error.wanted("letters, digits and '_', and not digits only"));
        }
        Ok(name)
    }
}

/// `16M`, `1G`: in MiB, more than none.
fn mebibytes(text: &str) -> Option<u32> {
    let (digits, factor) = match text.strip_suffix('G') {
        Some(digits) => (digits, 1024),
        None => (text.strip_suffix('M')?, 1),
    };
    digits.parse::<u32>().ok()?.checked_mul(factor).filter(|size| *size > 0)
}
