// SPDX-License-Identifier: Apache-2.0
//! A router's arguments.

use super::{MOST_PLACES, Places, VnetRouter};
use crate::configure::{Arguments, Configure, Instance, Surroundings};
use crate::vnet::{Place, Qualifier, Route, Source};
use crate::wire::ethernet::Address;

impl Configure for VnetRouter {
    fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
        let places = places(arguments, around)?;
        let cached: usize = arguments.keyword("CACHE").unwrap_or(1024);
        if cached != 0 && !cached.is_power_of_two() || cached > 1 << 20 {
            arguments.error_last(format!("a cache of {cached}"), "0, or a power of two up to 1048576");
        }
        let routes = routes(arguments, places);
        let room = 64 + routes.len();
        let routes: Vec<_> = routes.iter().map(expression).collect();
        let Places { interfaces, painted, plain } = places;
        let places = format!("vnet_router::Places {{ interfaces: {interfaces}, painted: {painted}, plain: {plain} }}");
        let new = format!("VnetRouter::<{room}>::new({places}, &[{}])", routes.join(", "));
        let instance = Instance::new(format!("VnetRouter<{room}>"), new);
        let entry = "nf_elements::vnet::Entry";
        let instance = if cached == 0 { instance } else { instance.with_memory(entry, format!("{entry}::EMPTY"), cached) };
        // A frame goes once to each place, and so by one output to all painted links.
        Some(instance.emitting(usize::from(painted.max(1))))
    }
}

/// Takes INTERFACES and LINKS.
fn places(arguments: &mut Arguments, around: &Surroundings) -> Option<Places> {
    let interfaces: u8 = arguments.required("INTERFACES")?;
    let most = around.outputs.min(MOST_PLACES);
    if usize::from(interfaces) > most {
        arguments.error_last(format!("{interfaces} interfaces"), format!("0 to {most}, the connected outputs"));
        return None;
    }
    let ports = around.outputs - usize::from(interfaces);
    let painted: u8 = arguments.keyword("LINKS").unwrap_or(0);
    if painted != 0 && ports == 0 {
        arguments.error_last("no port leads to them", "one more output than there are interfaces");
        return None;
    }
    let plain = ports - usize::from(painted != 0);
    if usize::from(interfaces) + usize::from(painted) + plain > MOST_PLACES {
        arguments.error("too many interfaces and links", Some(format!("at most {MOST_PLACES}")));
        return None;
    }
    if around.inputs > around.outputs {
        arguments.error("inputs and outputs do not belong together", Some("as many outputs".into()));
    }
    Some(Places { interfaces, painted, plain: plain as u8 })
}

/// Takes the routes.
fn routes(arguments: &mut Arguments, places: Places) -> Vec<Route> {
    let mut routes = Vec::new();
    for (index, text) in arguments.rest() {
        let error = match text.value.parse::<Route>() {
            Ok(route) if places.number(route.to).is_some() => {
                routes.push(route);
                continue;
            }
            Ok(route) => format!("there is no {}", route.to),
            Err(error) => error.to_string(),
        };
        let wanted = "a route like any 02:00:00:00:00:01 interface 0 any";
        arguments.error_at(index, 0..text.value.len(), error, Some(wanted.into()));
    }
    routes
}

/// The expression that gives a route.
fn expression(route: &Route) -> String {
    let room = "nf_elements::vnet";
    let qualifier = |qualifier: Qualifier| {
        let address = |name: &str, address: Address| {
            let new = format!("nf_elements::wire::ethernet::Address::new({:?})", address.to_bytes());
            format!("{room}::Qualifier::{name}({new})")
        };
        match qualifier {
            Qualifier::Exact(own) => address("Exact", own),
            Qualifier::Not(own) => address("Not", own),
            Qualifier::Any => format!("{room}::Qualifier::Any"),
            Qualifier::None => format!("{room}::Qualifier::None"),
        }
    };
    let place = |place: Place| format!("{room}::Place::{place:?}");
    let from = match route.from {
        Source::Place(from) => format!("{room}::Source::Place({})", place(from)),
        other => format!("{room}::Source::{other:?}"),
    };
    format!(
        "{room}::Route {{ source: {}, destination: {}, to: {}, from: {from} }}",
        qualifier(route.source),
        qualifier(route.destination),
        place(route.to)
    )
}
