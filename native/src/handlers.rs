// SPDX-License-Identifier: Apache-2.0
//! Handlers called from the command line, and how Click's driver shows them.

use nf_elements::{Graph, HandlerError, Handlers};

/// The values of `wanted` as they are printed, and what was wrong. One handler gives its plain value, several their names too.
pub fn read_all<G: Graph>(graph: &mut G, wanted: &[String]) -> (String, Vec<String>) {
    let (mut printed, mut errors) = (String::new(), Vec::new());
    for handler in wanted {
        match expand::<G>(handler) {
            Ok((elements, exact)) => {
                for element in elements {
                    let full = full_name(element, handler);
                    match read(graph, element, handler_name(handler)) {
                        Ok(value) => show(&mut printed, &full, &value, wanted.len() > 1 || !exact),
                        Err(HandlerError::Unknown) if !exact => {}
                        Err(error) => errors.push(complaint(&full, error)),
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    (printed, errors)
}

/// The value of one handler.
pub fn read_one<G: Graph>(graph: &mut G, handler: &str) -> Result<String, String> {
    let element = handler.split_once('.').map_or("", |(element, _)| element);
    read(graph, element, handler_name(handler)).map_err(|error| complaint(handler, error))
}

/// Writes one handler.
pub fn write_one<G: Graph>(graph: &mut G, handler: &str, value: &str) -> Result<(), String> {
    let (element, name) = handler.split_once('.').unwrap_or(("", handler));
    graph.write_handler(element, name, value).map_err(|error| complaint(handler, error))
}

/// The signals that scripts listen to now, signal 1 in bit 1.
pub fn signals_of_scripts<G: Graph>(graph: &mut G) -> u32 {
    let scripts = G::ELEMENTS.iter().filter(|(_, class)| matches!(*class, "Script" | "DriverManager"));
    let mut signals = 0;
    for (script, _) in scripts {
        let value = read(graph, script, "signals").unwrap_or_default();
        let bits = value.split(' ').filter_map(|signal| 1u32.checked_shl(signal.parse().ok()?));
        signals |= bits.fold(0, |signals, bit| signals | bit);
    }
    signals
}

fn show(printed: &mut String, full: &str, value: &str, with_name: bool) {
    let end = if value.is_empty() || value.ends_with('\n') { "" } else { "\n" };
    *printed += &if with_name { format!("{full}:\n{value}{end}\n") } else { format!("{value}{end}") };
}

fn handler_name(handler: &str) -> &str {
    handler.split_once('.').map_or(handler, |(_, name)| name)
}

fn full_name(element: &str, handler: &str) -> String {
    if element.is_empty() { handler.into() } else { format!("{element}.{}", handler_name(handler)) }
}

/// The elements that `handler` means, and whether it names one: else it is a pattern or a class. The router itself is "".
fn expand<G: Graph>(handler: &str) -> Result<(Vec<&str>, bool), String> {
    let Some((pattern, _)) = handler.split_once('.') else { return Ok((vec![""], true)) };
    if G::ELEMENTS.iter().any(|(name, _)| *name == pattern) {
        return Ok((vec![pattern], true));
    }
    let is_pattern = pattern.contains(['?', '*', '[']);
    let matching = |(name, class): &&(&str, &str)| if is_pattern { matches(pattern, name) } else { *class == pattern };
    let elements: Vec<_> = G::ELEMENTS.iter().filter(matching).map(|(name, _)| *name).collect();
    match elements.is_empty() {
        true if is_pattern => Err(format!("no element matching '{pattern}'")),
        true => Err(format!("no element '{pattern}'")),
        false => Ok((elements, false)),
    }
}

fn read<G: Graph>(graph: &mut G, element: &str, handler: &str) -> Result<String, HandlerError> {
    let mut value = String::new();
    match Handlers::read(graph, element, handler, &mut value) {
        Err(HandlerError::Unknown | HandlerError::NoElement) => {
            generic::<G>(element, handler).ok_or(HandlerError::Unknown)
        }
        result => result.map(|()| value),
    }
}

/// Handlers of the router that only a process has.
fn generic<G: Graph>(element: &str, handler: &str) -> Option<String> {
    match handler {
        "version" if element.is_empty() => Some(env!("CARGO_PKG_VERSION").into()),
        "list" if element.is_empty() => {
            let names = G::ELEMENTS.iter().map(|(name, _)| format!("{name}\n"));
            Some(format!("{}\n{}", G::ELEMENTS.len(), names.collect::<String>()))
        }
        _ => None,
    }
}

fn complaint(full: &str, error: HandlerError) -> String {
    match error {
        HandlerError::NoElement => {
            format!("no element '{}'", full.split_once('.').map_or(full, |(element, _)| element))
        }
        HandlerError::Unknown => format!("no '{full}' handler"),
        HandlerError::BadValue => format!("'{full}' does not take this value"),
        HandlerError::TooLong => format!("the value of '{full}' is too long"),
        HandlerError::Busy => format!("'{full}' is running and cannot be called"),
    }
}

/// Whether `text` matches the shell's `pattern`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    match first {
        '*' => text.char_indices().any(|(at, _)| matches(rest, &text[at..])) || matches(rest, ""),
        '[' if rest.contains(']') => {
            let (set, rest) = rest.split_once(']').unwrap_or((rest, ""));
            let mut chars = text.chars();
            chars.next().is_some_and(|c| in_set(set, c)) && matches(rest, chars.as_str())
        }
        _ => {
            let mut chars = text.chars();
            chars.next().is_some_and(|c| first == '?' || c == first) && matches(rest, chars.as_str())
        }
    }
}

fn in_set(set: &str, c: char) -> bool {
    let (set, negated) = set.strip_prefix(['!', '^']).map_or((set, false), |set| (set, true));
    let set: Vec<char> = set.chars().collect();
    let in_range = set.windows(3).any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&c));
    (in_range || set.contains(&c)) != negated
}

#[cfg(test)]
mod tests;
