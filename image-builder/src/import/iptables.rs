// SPDX-License-Identifier: Apache-2.0
//! What iptables-save(8) writes, as tables, chains and rules: only what FORWARD reaches has to be understood.

use super::matches::Subject;
use super::parse::{Chain, Limit, Match, Reason, Rule, Ruleset, Statement, Verdict, Verdicts};
use super::{Found, Problem, problem};
use std::collections::HashSet;

/// The table whose chains filter.
const FILTER: &str = "filter";
/// Verdicts that are no chains.
const DROPS: [&str; 2] = ["DROP", "REJECT"];
/// Targets in front of FORWARD that change where packets go, and so what its rules see.
const READDRESSES: [&str; 4] = ["DNAT", "REDIRECT", "NETMAP", "TPROXY"];
/// Targets behind which a packet goes on as it was.
const NOTES: [&str; 5] = ["LOG", "NFLOG", "ULOG", "AUDIT", "TRACE"];

/// Reads a file.
pub fn ruleset(text: &str) -> Found<Ruleset> {
    let mut reader = Reader::default();
    for (number, line) in (1..).zip(text.lines()) {
        reader.line(number, line.trim())?;
    }
    if !reader.complete {
        return problem(
            text.lines().count().max(1),
            "no COMMIT behind a table: the file is cut off, or not of iptables-save",
        );
    }
    Ok(reader.ruleset)
}

#[derive(Default)]
struct Reader {
    ruleset: Ruleset,
    table: String,
    complete: bool,
    limits: usize,
    /// What is said once.
    said: HashSet<String>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Found<()> {
        match line.chars().next() {
            None | Some('#') => Ok(()),
            Some('*') => {
                (self.table, self.complete) = (line[1..].to_string(), false);
                if self.table != FILTER {
                    self.say(number, format!("the table {} is left out", self.table));
                }
                Ok(())
            }
            Some(':') => self.chain(number, &line[1..]),
            Some(_) if line == "COMMIT" => {
                self.complete = true;
                Ok(())
            }
            // Counters of packets and bytes stand in brackets.
            Some('[') => match line.split_once(']') {
                Some((_, rest)) => self.rule(number, rest.trim()),
                None => problem(number, "counters without ']'"),
            },
            Some('-') => self.rule(number, line),
            Some(_) => problem(number, format!("'{}' is no line of iptables-save", line.escape_debug())),
        }
    }

    fn say(&mut self, line: usize, message: String) {
        if self.said.insert(message.clone()) {
            self.ruleset.warnings.push(Problem { line, message });
        }
    }

    fn key(&self, chain: &str) -> (String, String) {
        (self.table.clone(), chain.into())
    }

    /// `NAME POLICY [PACKETS:BYTES]`.
    fn chain(&mut self, number: usize, rest: &str) -> Found<()> {
        let mut words = rest.split_whitespace();
        let (Some(name), Some(policy)) = (words.next(), words.next()) else {
            return problem(number, "a chain without its policy");
        };
        if self.table == FILTER {
            let chain = Chain { family: "ip".into(), rules: Vec::new() };
            self.ruleset.chains.insert(self.key(name), chain);
            if name == "FORWARD" {
                self.ruleset.forward = Some((FILTER.into(), name.into(), policy == "ACCEPT"));
            }
        }
        Ok(())
    }

    /// `-A CHAIN MATCHES -j TARGET`.
    fn rule(&mut self, number: usize, line: &str) -> Found<()> {
        let words = words(number, line)?;
        let [append, chain, rest @ ..] = &words[..] else { return problem(number, "a rule without its chain") };
        if append != "-A" {
            return problem(number, format!("'{append}' is not supported; -A is"));
        }
        if self.table != FILTER {
            let target = rest.windows(2).find(|pair| pair[0] == "-j").map_or("", |pair| &pair[1]);
            return match DROPS.contains(&target) || READDRESSES.contains(&target) {
                true => problem(
                    number,
                    format!("{target} in the table {} is not supported: {FILTER} would see other packets", self.table),
                ),
                false => Ok(()),
            };
        }
        let rule = self.read(number, rest);
        match self.ruleset.chains.get_mut(&(self.table.clone(), chain.clone())) {
            Some(chain) => chain.rules.push(rule),
            None => return problem(number, format!("there is no chain '{chain}'")),
        }
        Ok(())
    }

    /// A rule's words behind its chain.
    fn read(&mut self, line: usize, words: &[String]) -> Found<Rule> {
        let mut options = Options { words, at: 0, line, negated: false, protocol: String::new() };
        let name = format!("line{line}");
        let mut rule = Rule { line, name, matches: Vec::new(), statements: Vec::new(), verdicts: Verdicts::None };
        let mut limit: Option<Limit> = None;
        while let Some(option) = options.next() {
            match option {
                "-m" | "--match" | "--comment" => drop(options.value()?),
                "--reject-with" => rule.verdicts = Verdicts::One(Verdict::Reject(reason(options.value()?, line)?)),
                "-j" | "--jump" => rule.verdicts = self.target(&mut options)?,
                "-g" | "--goto" => rule.verdicts = Verdicts::One(Verdict::Goto(options.value()?.into())),
                "--limit" => {
                    self.limits += 1;
                    limit = Some(Limit { number: self.limits, ..rate(options.value()?, line)? });
                }
                "--limit-burst" => {
                    let (burst, limit) = (options.value()?.parse(), limit.as_mut());
                    match (burst, limit) {
                        (Ok(burst), Some(limit)) => limit.burst = burst,
                        _ => return problem(line, "no --limit-burst behind a --limit"),
                    }
                }
                option => rule.matches.extend(options.matching(option)?),
            }
        }
        rule.statements.extend(limit.map(Statement::Limit));
        Ok(rule)
    }

    fn target(&mut self, options: &mut Options) -> Found<Verdicts> {
        let line = options.line;
        let target = options.value()?.to_string();
        Ok(match target.as_str() {
            "ACCEPT" => Verdicts::One(Verdict::Accept),
            "RETURN" => Verdicts::One(Verdict::Return),
            "DROP" => Verdicts::One(Verdict::Drop),
            "REJECT" => Verdicts::One(Verdict::Reject(Reason::USUAL)),
            target if NOTES.contains(&target) => {
                self.say(line, format!("{target} is left out"));
                // Its options mean nothing then.
                options.at = options.words.len();
                Verdicts::None
            }
            _ => Verdicts::One(Verdict::Jump(target)),
        })
    }
}

/// The options of a rule, one after the other.
struct Options<'w> {
    words: &'w [String],
    at: usize,
    line: usize,
    /// `!` stands in front of what comes next.
    negated: bool,
    protocol: String,
}

impl<'w> Options<'w> {
    fn next(&mut self) -> Option<&'w str> {
        self.negated = self.words.get(self.at).is_some_and(|word| word == "!");
        self.at += usize::from(self.negated);
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    fn value(&mut self) -> Found<&'w str> {
        // Before 1.4.3 `!` stood behind the option.
        if self.words.get(self.at).is_some_and(|word| word == "!") {
            self.negated = true;
            self.at += 1;
        }
        match self.words.get(self.at) {
            Some(word) => {
                self.at += 1;
                Ok(word)
            }
            None => problem(self.line, "an option without its value"),
        }
    }

    /// What an option asks. None asks nothing.
    fn matching(&mut self, option: &str) -> Found<Option<Match>> {
        let line = self.line;
        if option == "--syn" {
            return Ok(Some(self.compare(Subject::Flags, ["SYN,RST,ACK,FIN/SYN".into()].into())));
        }
        let value = match option {
            "-s"
            | "--source"
            | "--src"
            | "-d"
            | "--destination"
            | "--dst"
            | "-i"
            | "--in-interface"
            | "-o"
            | "--out-interface"
            | "-p"
            | "--protocol"
            | "--sport"
            | "--source-port"
            | "--dport"
            | "--destination-port"
            | "--sports"
            | "--source-ports"
            | "--dports"
            | "--destination-ports"
            | "--state"
            | "--ctstate"
            | "--icmp-type"
            | "--tcp-flags"
            | "--src-range"
            | "--dst-range" => self.value()?,
            option => return problem(line, format!("'{option}' is not supported")),
        };
        let list = || value.split(',').map(String::from).collect::<Vec<_>>();
        Ok(Some(match option {
            "-s" | "--source" | "--src" => self.compare(Subject::Address(4, "src"), prefixes(value, line)?),
            "-d" | "--destination" | "--dst" => self.compare(Subject::Address(4, "dst"), prefixes(value, line)?),
            "--src-range" => self.compare(Subject::Address(4, "src"), list()),
            "--dst-range" => self.compare(Subject::Address(4, "dst"), list()),
            "-i" | "--in-interface" => self.compare(Subject::Device(true), vec![value.replace('+', "*")]),
            "-o" | "--out-interface" => self.compare(Subject::Device(false), vec![value.replace('+', "*")]),
            "-p" | "--protocol" => {
                self.protocol = value.into();
                if value == "all" || value == "0" {
                    return Ok(None);
                }
                self.compare(Subject::Protocol(4), list())
            }
            "--state" | "--ctstate" => self.compare(Subject::State, value.split(',').map(str::to_lowercase).collect()),
            "--icmp-type" if value == "any" => return Ok(None),
            "--icmp-type" => self.compare(Subject::Type(4), vec![value.into()]),
            "--tcp-flags" => {
                let negated = self.negated;
                let set = self.value()?;
                self.negated = negated;
                self.compare(Subject::Flags, vec![format!("{value}/{set}")])
            }
            option => {
                let direction = if option.starts_with("--s") { "src" } else { "dst" };
                let protocol = match self.protocol.as_str() {
                    "tcp" | "6" => "tcp",
                    "udp" | "17" => "udp",
                    other => {
                        return problem(line, format!("ports of '{other}' are not supported; of tcp and udp they are"));
                    }
                };
                let ports = value.split(',').map(|port| {
                    let (first, last) = port.split_once(':').unwrap_or((port, port));
                    // An end that is left out is the first or the last of all.
                    let (first, last) =
                        (if first.is_empty() { "0" } else { first }, if last.is_empty() { "65535" } else { last });
                    if first == last { first.into() } else { format!("{first}-{last}") }
                });
                self.compare(Subject::Port(protocol, direction), ports.collect())
            }
        }))
    }

    fn compare(&self, subject: Subject, values: Vec<String>) -> Match {
        Match { subject, negated: self.negated, values }
    }
}

/// What `--reject-with` says: a type of ICMP with or without the word in front, or a reset.
fn reason(value: &str, line: usize) -> Found<Reason> {
    let name = match value {
        "icmp-proto-unreachable" => "prot-unreachable",
        "tcp-rst" => "tcp-reset",
        value => value.strip_prefix("icmp-").unwrap_or(value),
    };
    let refusal = || problem(line, format!("'--reject-with {value}' is not supported"));
    Reason::of(name, None).map_or_else(refusal, Ok)
}

/// Addresses with their masks, as prefixes.
fn prefixes(value: &str, line: usize) -> Found<Vec<String>> {
    let prefix = |text: &str| {
        let Some((address, mask)) = text.split_once('/') else { return Ok(text.to_string()) };
        let Ok(mask) = mask.parse::<std::net::Ipv4Addr>() else { return Ok(text.to_string()) };
        let bits = u32::from(mask);
        match bits.leading_ones() == bits.count_ones() {
            true => Ok(format!("{address}/{}", bits.count_ones())),
            false => problem(line, format!("'{mask}' is no mask of a prefix")),
        }
    };
    value.split(',').map(prefix).collect()
}

/// `PACKETS/TIME`, of which the time can be cut short.
fn rate(value: &str, line: usize) -> Found<Limit> {
    const TIMES: [(&str, u32); 4] = [("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400)];
    const BURST: u32 = 5;
    let found = value.split_once('/').and_then(|(packets, time)| {
        let seconds = TIMES.iter().find(|known| !time.is_empty() && known.0.starts_with(time))?.1;
        let packets = packets.parse().ok().filter(|packets| *packets > 0)?;
        Some(Limit { number: 0, over: false, packets, seconds, burst: BURST })
    });
    found.map_or_else(|| problem(line, format!("no rate: '{value}'")), Ok)
}

/// The words of a line; in quotes they hold blanks.
fn words(number: usize, line: &str) -> Found<Vec<String>> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => (quoted, begun) = (!quoted, true),
            '\\' if quoted => word.extend(characters.next()),
            blank if blank.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            other => {
                word.push(other);
                begun = true;
            }
        }
    }
    if quoted {
        return problem(number, "a text without its closing quote");
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}
