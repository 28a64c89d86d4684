// SPDX-License-Identifier: Apache-2.0
//! Arguments: each element class reads its own, here on the host.

use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::{Flat, FlatElement};
use crate::names;
use crate::resolve::Wired;
use crate::text::Text;
use nf_elements::configure::{
    Arguments, ConfigError, ElementClass, Information, Instance, Meaning, NameTable, Peer, Surroundings,
};
use nf_elements::spec::Shape;

/// An element whose arguments are right.
pub(crate) struct Configured {
    pub(crate) instance: Instance,
    /// The elements that it is lent, in order.
    pub(crate) peers: Vec<usize>,
}

/// For each element its instance; none where something is wrong, which is reported.
///
/// In a broken body (part of it could not be read) what an element says about its surroundings may be wrong, so
/// only errors that have a place in an argument are reported.
pub(crate) fn check(flat: &Flat, wired: &Wired, ports: &[String], log: &mut Log) -> Vec<Option<Configured>> {
    let information = information(flat, wired);
    let names = names::collect(flat);
    let mut instances = Vec::with_capacity(flat.elements.len());
    for (element, resolved) in flat.elements.iter().zip(&wired.elements) {
        let class = element.class;
        let Some(class) = class else {
            instances.push(None);
            continue;
        };
        let (inputs, outputs) = (resolved.inputs.len(), resolved.outputs.len());
        let surroundings = Surroundings { name: &element.name, inputs, outputs, ports, information: &information };
        let (arguments, instance, mut errors) = configure(class, element, &names, &surroundings);
        let peers = instance.as_ref().map(|instance| peers(element, &instance.peers, wired, &mut errors));
        let configured = instance.zip(peers).map(|(instance, peers)| Configured { instance, peers });
        instances.push(configured.filter(|_| errors.is_empty()));
        for error in errors.into_iter().filter(|error| !flat.broken || error.place.is_some()) {
            log.report(element.diagnose(diagnostic(element, &arguments, class.spec.class, error)));
        }
    }
    instances
}

/// An element's arguments, the instance that they give, and what is wrong with them.
///
/// A name alone may stand for several kinds of address, and not every class says which kind it wants: if the arguments
/// are wrong as they stand, each kind is tried.
fn configure(
    class: &ElementClass,
    element: &FlatElement,
    names: &NameTable,
    surroundings: &Surroundings,
) -> (Vec<Text>, Option<Instance>, Vec<ConfigError>) {
    let names = names.seen_from(names::scope(&element.name));
    let attempt = |meaning| {
        let replaced = names::replace(&element.arguments, &names, meaning);
        let texts: Vec<&str> = replaced.iter().map(Text::as_str).collect();
        let mut arguments = Arguments::new(class.spec, &texts).with_names(names.clone());
        let instance = (class.configure)(&mut arguments, surroundings);
        let mut errors = arguments.finish();
        if instance.is_none() && errors.is_empty() {
            let message = format!("{} does not take these arguments", class.spec.class);
            errors.push(ConfigError { place: None, message, wanted: None });
        }
        (replaced, instance, errors)
    };
    let first = attempt(None);
    if first.2.is_empty() || names.is_empty() {
        return first;
    }
    let others = Meaning::ALL.into_iter().map(|meaning| attempt(Some(meaning)));
    others.into_iter().find(|(_, _, errors)| errors.is_empty()).unwrap_or(first)
}

/// The texts of an element's arguments.
fn texts<'f>(element: &'f FlatElement) -> Vec<&'f str> {
    element.arguments.iter().map(|argument| argument.as_str()).collect()
}

/// The elements that only tell something, in the order of the file.
fn information<'f>(flat: &'f Flat, wired: &Wired) -> Vec<Information<'f>> {
    let elements = flat.elements.iter().zip(&wired.elements);
    let told = elements.filter_map(|(element, resolved)| {
        let spec = resolved.spec.filter(|spec| spec.shape == Shape::Information)?;
        Some(Information { class: spec.class, arguments: texts(element) })
    });
    told.collect()
}

/// The elements that `element` uses: of a right class, each once, and not itself.
fn peers(element: &FlatElement, peers: &[Peer], wired: &Wired, errors: &mut Vec<ConfigError>) -> Vec<usize> {
    let mut found = Vec::new();
    for peer in peers {
        let length = peer.name.len();
        let index = visible(&element.name, &peer.name, wired);
        let class = index.and_then(|index| wired.elements[index].spec).map(|spec| spec.class);
        let problem = match (index, class) {
            (Some(index), Some(class)) if peer.classes.contains(&class) && !found.contains(&index) => {
                found.push(index);
                continue;
            }
            // A class that does not exist is reported already.
            (Some(_), None) => continue,
            (Some(index), _) if found.contains(&index) => format!("'{}' a second time", peer.name),
            (Some(_), Some(class)) => format!("'{}', which is of class {class}", peer.name),
            (None, _) => format!("'{}', which no element is called", peer.name),
        };
        let wanted = Some(format!("the name of an element of class {}", peer.classes.join(" or ")));
        errors.push(ConfigError { place: Some((peer.argument, 0..length)), message: problem, wanted });
    }
    found
}

/// The element that `name` means where `user` stands: the innermost compound's comes first.
fn visible(user: &str, name: &str, wired: &Wired) -> Option<usize> {
    let mut scope = user;
    loop {
        scope = scope.rsplit_once('/').map_or("", |(outer, _)| outer);
        let full = if scope.is_empty() { name.to_string() } else { format!("{scope}/{name}") };
        let found = wired.elements.iter().position(|element| element.name == full && element.name != user);
        if found.is_some() || scope.is_empty() {
            return found;
        }
    }
}

/// A class's complaint, at its place in the file.
fn diagnostic(element: &FlatElement, arguments: &[Text], class: &str, error: ConfigError) -> Diagnostic {
    let argument = error.place.as_ref().and_then(|(index, _)| arguments.get(*index));
    let span = match (argument, error.place) {
        (Some(argument), Some((_, range))) => {
            let text = argument.as_str();
            let end = text.ceil_char_boundary(range.end.min(text.len()));
            argument.span(text.floor_char_boundary(range.start).min(end)..end)
        }
        _ => element.class_span.clone(),
    };
    let found = if error.message.starts_with('\'') {
        format!("found {} in the arguments of {class}", error.message)
    } else {
        error.message
    };
    let diagnostic = Diagnostic::error(span, found);
    let diagnostic = match argument.and_then(|argument| device_address(argument.as_str())) {
        Some(device) => diagnostic.hint(format!(
            "addresses of devices are not known here; say them: AddressInfo({device} 192.0.2.1/24 02:00:5e:10:00:01)"
        )),
        None => diagnostic,
    };
    match error.wanted {
        Some(wanted) => diagnostic.wanted(wanted),
        None => diagnostic,
    }
}

/// The device whose address an argument seems to want, as in `eth0:ip`.
fn device_address(argument: &str) -> Option<&str> {
    let words = argument.split_whitespace().filter_map(|word| word.split_once(':'));
    let mut asked =
        words.filter(|(_, suffix)| matches!(*suffix, "ip" | "ip4" | "ipnet" | "eth" | "ip6" | "gw" | "bcast"));
    asked.next().map(|(device, _)| device)
}
