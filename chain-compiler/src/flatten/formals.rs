// SPDX-License-Identifier: Apache-2.0
//! Arguments of a compound: which parameter gets which.

use crate::syntax::ast::Formal;
use crate::text::Text;

/// The value of each parameter; none if the arguments do not fit.
///
/// Click: positional parameters come first and all of them are needed, as are all keywords. Once a keyword was met, an
/// argument that is none is an error. `__REST__` takes what is left.
pub(super) fn assign(formals: &[Formal], arguments: &[Text]) -> Option<Vec<Text>> {
    let keyword = |formal: &Formal| formal.keyword.as_ref().map(|word| word.text.clone());
    if formals.last().is_none_or(|last| last.keyword.is_none()) {
        return (arguments.len() == formals.len()).then(|| arguments.to_vec());
    }
    let rest = formals.last().and_then(keyword).as_deref() == Some("__REST__");
    let named = &formals[..formals.len() - usize::from(rest)];
    let positional = named.iter().take_while(|formal| formal.keyword.is_none()).count();
    let mut values: Vec<Option<Text>> = vec![None; named.len()];
    let (mut supplied, mut any_keyword, mut left) = (0, false, Vec::new());
    for argument in arguments {
        if supplied >= positional {
            let (word, value) = split_keyword(argument);
            let wanted = named.iter().position(|formal| keyword(formal).as_deref() == Some(word));
            match wanted {
                Some(index) if values[index].is_none() => {
                    values[index] = Some(value);
                    any_keyword = true;
                    continue;
                }
                _ if any_keyword && !rest => return None,
                _ => left.push(argument),
            }
        } else {
            values[supplied] = Some(argument.clone());
        }
        supplied += 1;
    }
    if !rest && !left.is_empty() {
        return None;
    }
    let mut values: Vec<Text> = values.into_iter().collect::<Option<_>>()?;
    if rest {
        let mut joined = Text::default();
        for (index, argument) in left.into_iter().enumerate() {
            if index > 0 {
                joined.push_replacing(", ", argument.place());
            }
            joined.push(argument);
        }
        values.push(joined);
    }
    Some(values)
}

/// The first word, and what is behind it.
fn split_keyword(argument: &Text) -> (&str, Text) {
    let text = argument.as_str();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], argument.slice(end..text.len()).trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::ast::Name;

    fn assigned(formals: &[&str], arguments: &[&str]) -> Option<Vec<String>> {
        let name = |text: &str| Name { text: text.into(), span: 0..0 };
        let formal = |text: &&str| match text.split_once(' ') {
            Some((keyword, variable)) => Formal { keyword: Some(name(keyword)), variable: name(variable) },
            None => Formal { keyword: None, variable: name(text) },
        };
        let formals: Vec<_> = formals.iter().map(formal).collect();
        let arguments: Vec<_> = arguments.iter().map(|text| Text::literal(*text, 0)).collect();
        assign(&formals, &arguments).map(|values| values.iter().map(|value| value.as_str().into()).collect())
    }

    fn some(values: &[&str]) -> Option<Vec<String>> {
        Some(values.iter().map(|value| value.to_string()).collect())
    }

    #[test]
    fn positional_parameters_need_as_many_arguments() {
        assert_eq!(assigned(&["a", "b"], &["1", "2"]), some(&["1", "2"]));
        assert_eq!((assigned(&["a"], &[]), assigned(&["a"], &["1", "2"]), assigned(&[], &["1"])), (None, None, None));
        assert_eq!(assigned(&[], &[]), some(&[]));
    }

    #[test]
    fn keywords_and_the_rest() {
        assert_eq!(assigned(&["a", "N n"], &["1", "N 2 3"]), some(&["1", "2 3"]));
        assert_eq!(assigned(&["N n"], &["1"]), None);
        let all = ["a", "COUNT count", "__REST__ rest"];
        assert_eq!(assigned(&all, &["1", "2", "COUNT 3", "FOO 4"]), some(&["1", "3", "2, FOO 4"]));
        assert_eq!(assigned(&["a", "__REST__ rest"], &["1"]), some(&["1", ""]));
        assert_eq!(assigned(&["a", "TWO b", "__REST__ c"], &["A", "TWO B"]), some(&["A", "B", ""]));
    }
}
