// SPDX-License-Identifier: Apache-2.0
//! Directors: where packets of a network can take several chains, somebody says which.

use super::{Arrival, Route, Surround, Web};
use crate::diagnostic::{Diagnostic, Log};
use crate::plan::Peer;
use crate::suggest;
use crate::syntax::ast::{Director, File, Rule};
use crate::text::Text;
use std::collections::HashSet;

/// Gives each port where packets can take several chains the arguments of its `FlowDirector`.
pub(super) fn resolve(file: &File, web: &Web, surrounds: &mut [Option<Surround>], log: &mut Log) {
    let before = log.errors();
    check(file, web, log);
    if log.errors() > before {
        return;
    }
    let (mut used, mut told) = (HashSet::new(), HashSet::new());
    for (vm, surround) in surrounds.iter_mut().enumerate() {
        let Some(surround) = surround else { continue };
        for port in 0..surround.ports.len() {
            let Peer::Network(network) = &surround.ports[port].peer else { continue };
            let arrivals = &surround.arrivals[port];
            if arrivals.len() < 2 {
                continue;
            }
            let routes: Vec<&Route> = arrivals.iter().map(|way| &web.routes[usize::from(way.chain) - 1]).collect();
            match find(file, web, network, vm, &routes) {
                Some(index) => {
                    used.insert(index);
                    surround.directors[port] = Some(arguments(&file.directors[index], arrivals, web));
                }
                None => {
                    let mut chains: Vec<u16> = arrivals.iter().map(|way| way.chain).collect();
                    chains.sort_unstable();
                    // One director can say it for both ends.
                    if told.insert(chains) {
                        let at = if surround.is_gate { network } else { &file.vms[vm].name.text };
                        missing(network, at, &routes, log);
                    }
                }
            }
        }
    }
    if log.errors() > before {
        return;
    }
    for (_, director) in file.directors.iter().enumerate().filter(|(index, _)| !used.contains(index)) {
        let found = format!("the director at '{}' has nothing to choose", director.at.text);
        let wanted = "a VM or network where packets that come from a network can take several chains";
        log.report(Diagnostic::error(director.at.span.clone(), found).wanted(wanted));
    }
}

/// What each director says by itself.
fn check(file: &File, web: &Web, log: &mut Log) {
    let places = || web.networks.iter().map(String::as_str).chain(file.vms.iter().map(|vm| vm.name.text.as_str()));
    for (index, director) in file.directors.iter().enumerate() {
        let at = &director.at;
        if !places().any(|name| name == at.text) {
            let error = Diagnostic::error(at.span.clone(), format!("no network or VM '{}'", at.text));
            let hint = suggest::hint(&at.text, places());
            let error = error.wanted("where packets come in: a network or VM of this file");
            log.report(hint.into_iter().fold(error, Diagnostic::hint));
        } else if let Some(first) = file.directors[..index].iter().find(|other| other.at.text == at.text) {
            let error = Diagnostic::error(at.span.clone(), format!("a second director at '{}'", at.text));
            log.report(error.wanted("all rules in one").related(first.at.span.clone(), "the first one"));
        }
        if director.rules.is_empty() {
            let error = Diagnostic::error(at.span.clone(), format!("the director at '{}' names no chain", at.text));
            log.report(error.wanted("rules, as in tcp port 80: web; default: bulk;"));
        }
        let mut default: Option<&Rule> = None;
        for rule in &director.rules {
            chain_exists(rule, web, log);
            if rule.pattern.is_none()
                && let Some(first) = default.replace(rule)
            {
                let error = Diagnostic::error(rule.chain.span.clone(), "a second default");
                log.report(error.wanted("one").related(first.chain.span.clone(), "the first one"));
            }
        }
    }
}

fn chain_exists(rule: &Rule, web: &Web, log: &mut Log) {
    let chain = &rule.chain;
    if web.routes.iter().any(|route| route.name == chain.text) {
        return;
    }
    let error = Diagnostic::error(chain.span.clone(), format!("no chain '{}'", chain.text));
    let hint = suggest::hint(&chain.text, web.routes.iter().map(|route| route.name.as_str()));
    let hint = hint.unwrap_or_else(|| format!("declare it: chain {}: lan -> VM -> wan;", chain.text));
    log.report(error.wanted("a chain of this file").hint(hint));
}

/// The director for packets from `network` that come to `vm`: the network's own, that of a VM where its chains begin or end, the
/// one that names all chains in question, or one that has one of them for what it does not name.
fn find(file: &File, web: &Web, network: &str, vm: usize, routes: &[&Route]) -> Option<usize> {
    let names = |director: &Director, route: &Route| director.rules.iter().any(|rule| rule.chain.text == route.name);
    let at = |name: &str| {
        let found = file.directors.iter().position(|director| director.at.text == name)?;
        routes.iter().any(|route| names(&file.directors[found], route)).then_some(found)
    };
    let beside = |name: &str| {
        let here = file.vms.iter().position(|vm| vm.name.text == name);
        here.is_some_and(|here| here == vm || routes.iter().any(|route| begins_or_ends_at(route, network, here, web)))
    };
    at(network)
        .or_else(|| file.directors.iter().filter(|director| beside(&director.at.text)).find_map(|one| at(&one.at.text)))
        .or_else(|| file.directors.iter().position(|director| routes.iter().all(|route| names(director, route))))
        .or_else(|| file.directors.iter().position(|director| routes.iter().any(|route| is_default(director, route))))
}

fn is_default(director: &Director, route: &Route) -> bool {
    director.rules.iter().any(|rule| rule.pattern.is_none() && rule.chain.text == route.name)
}

/// Whether a VM is the one next to a network, or to its gate, on a chain.
fn begins_or_ends_at(route: &Route, network: &str, vm: usize, web: &Web) -> bool {
    let last = route.stops.len() - 1;
    let near = |end: usize, nearest: &[usize]| {
        web.name(route.stops[end]) == network
            && nearest.iter().any(|at| route.stops.get(*at).is_some_and(|stop| web.holds(*stop, vm)))
    };
    near(0, &[1, 2]) || near(last, &[last - 1, last.saturating_sub(2)])
}

/// The arguments of a `FlowDirector` for packets that can go these ways.
fn arguments(director: &Director, arrivals: &[Arrival], web: &Web) -> Vec<Text> {
    let span = &director.at.span;
    let route = |way: &Arrival| &web.routes[usize::from(way.chain) - 1];
    let mut arguments: Vec<Text> = Vec::new();
    let here = director.rules.iter().filter(|rule| arrivals.iter().any(|way| route(way).name == rule.chain.text));
    for rule in here {
        let name = &rule.chain.text;
        arguments.push(match &rule.pattern {
            None => Text::replacing(format!("DEFAULT {name}"), rule.chain.span.clone()),
            Some(pattern) => {
                let mut text = Text::replacing(format!("{name} "), rule.chain.span.clone());
                text.push(pattern);
                text
            }
        });
    }
    for way in arrivals {
        let sign = if way.backward { "-" } else { "" };
        arguments.push(Text::replacing(format!("CHAIN {} {sign}{}", route(way).name, way.chain), span.clone()));
    }
    arguments.extend(director.flows.map(|flows| Text::replacing(format!("FLOWS {flows}"), span.clone())));
    arguments
}

fn missing(network: &str, at: &str, routes: &[&Route], log: &mut Log) {
    let [first, second, ..] = routes else { return };
    let found = format!("packets from '{network}' can take the chain '{}' or '{}'", first.name, second.name);
    let wanted = format!("director at {at} {{ tcp port 80: {}; default: {}; }}", second.name, first.name);
    let error = Diagnostic::error(second.span.clone(), found).wanted(wanted);
    log.report(error.related(first.span.clone(), "the other one"));
}
