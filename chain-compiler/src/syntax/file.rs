// SPDX-License-Identifier: Apache-2.0
//! The statements around Click's: `network`, `vm`, `chain`.

use super::ast::{Argument, Chain, Configuration, File, Name, Vm};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::diagnostic::Diagnostic;
use crate::suggest;

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
        if let Some(span) = self.lexer.unclosed_comment.take() {
            self.report(Diagnostic::error(span, "a comment begins here and does not end").wanted("a '*/' below"));
        }
        file
    }

    fn item(&mut self, file: &mut File) -> Result<(), Failed> {
        match self.word() {
            ";" => drop(self.bump()),
            "network" => self.network(file)?,
            "vm" => file.vms.push(self.vm()?),
            "chain" => self.chain(file)?,
            _ => return Err(self.not_a_statement()),
        }
        Ok(())
    }

    fn not_a_statement(&mut self) -> Failed {
        let word = self.word();
        let hint = match suggest::hint(word, STATEMENTS) {
            Some(hint) => hint,
            None if matches!(self.peek(), Kind::Arrow | Kind::DoubleColon | Kind::OpenParen) => {
                "elements stand inside of a VM: vm NAME { … }".into()
            }
            None => return self.unexpected("'network', 'vm' or 'chain'"),
        };
        let error = Diagnostic::error(self.token.span(), format!("found '{word}'"));
        self.report(error.wanted("'network', 'vm' or 'chain'").hint(hint))
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
        for option in &options.arguments {
            let error = Diagnostic::error(option.span.clone(), format!("no network option '{}'", option.text));
            self.report(error.wanted("nothing: a network has no options"));
        }
    }

    /// `vm NAME(OPTIONS) { … }`
    fn vm(&mut self) -> Result<Vm, Failed> {
        self.bump();
        let name = self.plain_name("the VM's name")?;
        let mut memory_mib = None;
        if self.token.kind == Kind::OpenParen {
            for option in self.configuration()?.arguments {
                self.vm_option(&option, &mut memory_mib);
            }
        }
        self.expect(Kind::OpenBrace, "'{' and the VM's elements")?;
        let body = self.body(&name);
        Ok(Vm { name, memory_mib, body })
    }

    fn vm_option(&mut self, option: &Argument, memory_mib: &mut Option<u32>) {
        let (word, value) = option.text.split_once(char::is_whitespace).unwrap_or((&option.text, ""));
        if word != "memory" {
            let error = Diagnostic::error(option.span.clone(), format!("no VM option '{word}'"));
            self.report(error.wanted("an option: memory 16M"));
            return;
        }
        *memory_mib = mebibytes(value.trim());
        if memory_mib.is_none() {
            let error = Diagnostic::error(option.span.clone(), format!("'{}' is no size of memory", value.trim()));
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
