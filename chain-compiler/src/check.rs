// SPDX-License-Identifier: Apache-2.0
//! Arguments: each element class reads its own, here on the host.

use crate::attempt::{Attempt, configure};
use crate::diagnostic::{Diagnostic, Log, Severity};
use crate::flatten::{Flat, FlatElement};
use crate::names;
use crate::options::{Options, Target};
use crate::resolve::{Flow, Wired, WiredElement};
use crate::text::Text;
use nf_elements::configure::{CallText, ConfigError, Information, Instance, NameTable, Peer, Surroundings};
use nf_elements::script::scopes;
use nf_elements::spec::{HandlerKind, Shape};

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
pub(crate) fn check(
    flat: &Flat,
    wired: &Wired,
    ports: &[String],
    options: &Options,
    log: &mut Log,
) -> Vec<Option<Configured>> {
    let names = names::collect(flat, options.devices);
    let told = information(flat, wired, &names);
    let information: Vec<_> =
        told.iter().map(|(class, arguments)| Information { class, arguments: texts(arguments) }).collect();
    let hosts = &hosts(flat, &names);
    let mut instances = Vec::with_capacity(flat.elements.len());
    for (element, resolved) in flat.elements.iter().zip(&wired.elements) {
        let class = element.class;
        let Some(class) = class else {
            instances.push(None);
            continue;
        };
        let (inputs, outputs) = (resolved.inputs.len(), resolved.outputs.len());
        let stores = nearest_stores(resolved, wired);
        let (name, information, stores) = (&element.name, &information, &stores);
        let surroundings = Surroundings { name, inputs, outputs, ports, hosts, information, stores };
        let Attempt { arguments, instance, mut errors, warnings } = configure(class, element, &names, &surroundings);
        let peers = instance.as_ref().map(|instance| peers(element, &instance.peers, wired, &mut errors));
        if let Some(instance) = &instance {
            calls(element, &instance.calls, wired, &mut errors);
        }
        let configured = instance.zip(peers).map(|(instance, peers)| Configured { instance, peers });
        instances.push(configured.filter(|_| errors.is_empty()));
        for error in errors.into_iter().filter(|error| !flat.broken || error.place.is_some()) {
            log.report(element.diagnose(diagnostic(element, &arguments, class.spec.class, options.target, error)));
        }
        for warning in warnings {
            let found = diagnostic(element, &arguments, class.spec.class, options.target, warning);
            log.report(element.diagnose(Diagnostic { severity: Severity::Warning, ..found }));
        }
    }
    instances
}

/// The texts of arguments.
fn texts(arguments: &[Text]) -> Vec<&str> {
    arguments.iter().map(Text::as_str).collect()
}

/// The elements that only tell something, in the order of the file: their classes and arguments.
fn information(flat: &Flat, wired: &Wired, names: &NameTable) -> Vec<(&'static str, Vec<Text>)> {
    let elements = flat.elements.iter().zip(&wired.elements);
    let told = elements.filter_map(|(element, resolved)| {
        let class = element.class.filter(|class| class.spec.shape == Shape::Information)?;
        let (inputs, outputs) = (resolved.inputs.len(), resolved.outputs.len());
        let surroundings = Surroundings { name: &element.name, inputs, outputs, ..Default::default() };
        Some((class.spec.class, configure(class, element, names, &surroundings).arguments))
    });
    told.collect()
}

/// The hosts that elements make, by name, in the order of the file. What is wrong with those elements is told later.
fn hosts(flat: &Flat, names: &NameTable) -> Vec<String> {
    let makers = flat.elements.iter().filter_map(|element| Some((element, element.class?)));
    let makers = makers.filter(|(_, class)| class.spec.class == "FromHost");
    let made = |(element, class)| {
        let surroundings = Surroundings::default();
        configure(class, element, names, &surroundings).instance?.host
    };
    makers.filter_map(made).map(|(name, _)| name).collect()
}

/// The nearest elements in which packets wait, by name: on the ways on where an element is pushed, on the ways back where it
/// is pulled. Looking ends after a while: whoever watches a queue stands near it.
fn nearest_stores(element: &WiredElement, wired: &Wired) -> Vec<String> {
    const MOST_LOOKED_AT: usize = 64;
    let ends = |element: &WiredElement| {
        let outputs = element.outputs.iter().filter(|port| port.flow == Flow::Push);
        let inputs = element.inputs.iter().filter(|port| port.flow == Flow::Pull);
        outputs.chain(inputs).flat_map(|port| &port.peers).map(|end| end.element).collect::<Vec<_>>()
    };
    let (mut next, mut at, mut stores) = (ends(element), 0, Vec::new());
    while at < next.len().min(MOST_LOOKED_AT) {
        let found = &wired.elements[next[at]];
        at += 1;
        if found.spec.is_some_and(|spec| spec.shape == Shape::Store) {
            stores.push(found.name.clone());
            continue;
        }
        for further in ends(found) {
            if !next.contains(&further) {
                next.push(further);
            }
        }
    }
    stores
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

/// Whether the handlers exist that `element` calls.
fn calls(element: &FlatElement, calls: &[CallText], wired: &Wired, errors: &mut Vec<ConfigError>) {
    for call in calls {
        let target = call.text.split_whitespace().next().unwrap_or_default();
        let Some((name, handler)) = target.split_once('.') else { continue };
        let length = name.len();
        let found = elements_called(&element.name, name, wired).next();
        let problem = match found.map(|index| wired.elements[index].spec) {
            None => Some((0..length, format!("no element is called '{name}'"), "the name of an element".into())),
            // A class that does not exist is reported already.
            Some(None) => None,
            Some(Some(spec)) => {
                let writable = |kind| matches!(kind, HandlerKind::Write | HandlerKind::ReadWrite);
                let all = spec.handlers.iter().filter(|handler| writable(handler.kind)).map(|handler| handler.name);
                // A script's handlers are what its text says.
                let known = spec.shape == Shape::Control || all.clone().any(|name| name == handler);
                let wanted = match all.collect::<Vec<_>>() {
                    all if all.is_empty() => "the name of an element that has write handlers".into(),
                    all => format!("a write handler: {}", all.join(", ")),
                };
                let found = format!("{} has no write handler '{handler}'", spec.class);
                (!known).then_some((length + 1..target.len(), found, wanted))
            }
        };
        errors.extend(problem.map(|(place, message, wanted)| {
            let place = Some((call.argument, place.start + call.offset..place.end + call.offset));
            ConfigError { place, message, wanted: Some(wanted) }
        }));
    }
}

/// The element that `name` means where `user` stands: the innermost compound's comes first.
fn visible(user: &str, name: &str, wired: &Wired) -> Option<usize> {
    elements_called(user, name, wired).find(|index| wired.elements[*index].name != user)
}

/// The elements that are called so where `user` stands, from the innermost compound outward.
fn elements_called<'a>(user: &'a str, name: &'a str, wired: &'a Wired) -> impl Iterator<Item = usize> + 'a {
    scopes(user).filter_map(move |scope| {
        let full = if scope.is_empty() { name.to_string() } else { format!("{scope}/{name}") };
        wired.elements.iter().position(|element| element.name == full)
    })
}

/// A class's complaint, at its place in the file.
fn diagnostic(
    element: &FlatElement,
    arguments: &[Text],
    class: &str,
    target: Target,
    error: ConfigError,
) -> Diagnostic {
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
        Some(device) => {
            let why = match target {
                Target::Image => "addresses of devices are not known here; say them",
                Target::Process => "this machine has no such device, or not that address of it; say it",
            };
            let example = format!("AddressInfo({device} 192.0.2.1/24 02:00:5e:10:00:01)");
            diagnostic.hint(format!("{why}: {example}"))
        }
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
