// SPDX-License-Identifier: Apache-2.0
//! The statements around Click's: `network`, `vm`, and those of `chain.rs`.

use super::ast::{Body, Configuration, ElementUse, File, Name, Statement, Vm};
use super::lexer::Kind;
use super::parser::{Failed, Parser};
use crate::arguments::split;
use crate::diagnostic::Diagnostic;
use crate::suggest;
use crate::text::Text;

const STATEMENTS: [&str; 5] = ["network", "vm", "service", "chain", "director"];
/// The same for people.
const WANTED: &str = "'network', 'vm', 'service', 'chain' or 'director'";

/// The one MTU that a VM can have beside the usual one.
const JUMBO_MTU: &str = "9000";

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
        if file.has_chains() {
            self.only_definitions(&file.outside.statements);
        }
        file
    }

    fn item(&mut self, file: &mut File) -> Result<(), Failed> {
        let of_ours = self.token.kind == Kind::Word && self.peek() == Kind::Word;
        match self.word() {
            "network" if of_ours => self.network(file)?,
            "vm" if of_ours => file.vms.push(self.vm()?),
            "service" if of_ours => self.service(file)?,
            "chain" if of_ours => self.chain(file)?,
            "director" if of_ours => self.director(file)?,
            word if of_ours && suggest::nearest(word, STATEMENTS).is_some() => return Err(self.not_a_statement()),
            "}" => return Err(self.unexpected("a statement")),
            word if STATEMENTS.contains(&word)
                && !matches!(self.peek(), Kind::DoubleColon | Kind::Arrow | Kind::FatArrow) =>
            {
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
        self.report(error.wanted(WANTED).hint(hint))
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
            let error = Diagnostic::error(span, found).wanted(WANTED);
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
        let mut vm =
            Vm { name, memory_mib: None, jumbo: false, replicas: None, stateful: false, body: Body::default() };
        if self.token.kind == Kind::OpenParen {
            for option in split(&self.configuration()?.text) {
                self.vm_option(&option, &mut vm);
            }
        }
        self.expect(Kind::OpenBrace, "'{' and the VM's elements")?;
        vm.body = self.body(Kind::CloseBrace, (&format!("the block of '{}'", vm.name.text), vm.name.span.clone()));
        self.eat(Kind::CloseBrace);
        Ok(vm)
    }

    fn vm_option(&mut self, option: &Text, vm: &mut Vm) {
        let (word, value) = option.as_str().split_once(char::is_whitespace).unwrap_or((option.as_str(), ""));
        let value = value.trim();
        let wanted = match word {
            "memory" => {
                vm.memory_mib = mebibytes(value);
                vm.memory_mib.is_none().then_some((
                    format!("'{value}' is no size of memory"),
                    "a whole number of mebibytes or gibibytes, as in memory 16M",
                ))
            }
            "replicas" => {
                vm.replicas = replicas(value);
                vm.replicas.is_none().then_some((
                    format!("'{value}' is no number of replicas"),
                    "one or more, at most 64, as in replicas 2 or replicas 2 to 4",
                ))
            }
            "mtu" => {
                vm.jumbo = value == JUMBO_MTU;
                (value != JUMBO_MTU).then_some((
                    format!("'{value}' is no MTU that a VM can have"),
                    "mtu 9000, for jumbo frames; 1500 without the option",
                ))
            }
            "stateful" if value.is_empty() => {
                vm.stateful = true;
                None
            }
            _ => Some((
                format!("no VM option '{word}'"),
                "an option: memory 16M, mtu 9000, replicas 2 to 4, or stateful",
            )),
        };
        if let Some((found, wanted)) = wanted {
            self.report(Diagnostic::error(option.place(), found).wanted(wanted));
        }
    }

    /// A name that is good for a file, an interface and an element's argument: no `/`, no `@`, not only digits.
    pub(super) fn plain_name(&mut self, wanted: &str) -> Result<Name, Failed> {
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

/// `2`, `2 to 4`: how many run at the start, and at most.
fn replicas(text: &str) -> Option<[usize; 2]> {
    const MOST: usize = 64;
    let words: Vec<_> = text.split_whitespace().collect();
    let (start, most) = match words[..] {
        [start] => (start, start),
        [start, "to", most] => (start, most),
        _ => return None,
    };
    let [start, most] = [start.parse().ok()?, most.parse().ok()?];
    (1 <= start && start <= most && most <= MOST).then_some([start, most])
}
