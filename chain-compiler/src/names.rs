// SPDX-License-Identifier: Apache-2.0
//! Names of addresses in arguments: what `AddressInfo` and `PortInfo` elements say, put in where it is meant.

use crate::flatten::Flat;
use crate::text::Text;
use nf_elements::configure::{Meaning, NameTable};

/// All names of a configuration, and those of `devices` behind them. What is wrong with them their elements report.
pub(crate) fn collect(flat: &Flat, devices: &[String]) -> NameTable {
    let mut names = NameTable::default();
    for element in &flat.elements {
        let add = match element.class.map(|class| class.spec.class) {
            Some("AddressInfo") => NameTable::add_addresses,
            Some("PortInfo") => NameTable::add_ports,
            _ => continue,
        };
        let scope = scope(&element.name);
        for argument in &element.arguments {
            let argument = replace_in(argument, &names.seen_from(scope), None);
            let _ = add(&mut names, scope, argument.as_str());
        }
    }
    for device in devices {
        let _ = names.add_addresses("", device);
    }
    names
}

/// The path of the compound that an element stands in, with its `/`.
pub(crate) fn scope(name: &str) -> &str {
    &name[..name.rfind('/').map_or(0, |slash| slash + 1)]
}

/// The arguments with the addresses of names like `NAME:ip`; if a `meaning` is given, also those of names alone.
pub(crate) fn replace(arguments: &[Text], names: &NameTable, meaning: Option<Meaning>) -> Vec<Text> {
    if names.is_empty() {
        return arguments.to_vec();
    }
    arguments.iter().map(|argument| replace_in(argument, names, meaning)).collect()
}

/// Whether a word of it is a name.
pub(crate) fn mentions(argument: &Text, names: &NameTable) -> bool {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.' | '-');
    argument.as_str().split(|c| !belongs(c)).any(|word| names.knows(word))
}

/// An argument that is a name alone as two: its IPv4 address and its Ethernet address.
pub(crate) fn both(argument: &Text, names: &NameTable) -> Vec<Text> {
    let value = |meaning| names.value_text(argument.as_str(), meaning);
    match (value(Meaning::Ipv4), value(Meaning::Ethernet)) {
        (Some(ip), Some(ethernet)) => [ip, ethernet].map(|text| Text::replacing(text, argument.place())).into(),
        _ => vec![argument.clone()],
    }
}

/// One argument of [`replace`].
pub(crate) fn replace_in(argument: &Text, names: &NameTable, meaning: Option<Meaning>) -> Text {
    let text = argument.as_str();
    let (mut replaced, mut done, mut at, mut quote) = (Text::default(), 0, 0, None);
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | ':');
    while let Some(c) = text[at..].chars().next() {
        let length = match c {
            '"' | '\'' => {
                quote = if quote.is_none() { Some(c) } else { quote.filter(|open| *open != c) };
                1
            }
            c if quote.is_some() || !belongs(c) => c.len_utf8(),
            _ => {
                let length = text[at..].find(|c| !belongs(c)).unwrap_or(text.len() - at);
                let word = &text[at..at + length];
                // A name of another kind, a port among addresses, has what it has.
                let kinds = meaning.into_iter().chain(meaning.iter().flat_map(|_| Meaning::ALL));
                let alone = || kinds.clone().find_map(|meaning| names.value_text(word, meaning));
                if let Some(value) = names.suffixed(word).or_else(alone) {
                    replaced.push(&argument.slice(done..at));
                    replaced.push_replacing(&value, argument.span(at..at + length));
                    done = at + length;
                }
                length
            }
        };
        at += length;
    }
    replaced.push(&argument.slice(done..text.len()));
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_outside_of_strings() {
        let mut names = NameTable::default();
        names.add_addresses("", "me 10.0.0.1/8 2:0:0:0:0:1").unwrap();
        let replaced =
            |text: &str, meaning| replace(&[Text::literal(text, 0)], &names, meaning).remove(0).as_str().to_lowercase();
        assert_eq!(replaced("(me:ip,me:ipnet) 'me:ip' me home:ip", None), "(10.0.0.1,10.0.0.0/8) 'me:ip' me home:ip");
        assert_eq!(replaced("me me-2 you", Some(Meaning::Ipv4)), "10.0.0.1 me-2 you");
        assert_eq!(replaced("me", Some(Meaning::Ipv4AndEthernet)), "10.0.0.1 02-00-00-00-00-01");
    }

    #[test]
    fn scopes_are_paths() {
        assert_eq!((scope("a"), scope("a/b"), scope("a/b/c")), ("", "a/", "a/b/"));
    }
}
