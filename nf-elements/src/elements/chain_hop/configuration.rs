// SPDX-License-Identifier: Apache-2.0
//! A hop's arguments.

use super::ChainHop;
use crate::Annotations;
use crate::chains::MOST_REPLICAS;
use crate::flow_table::with_flows;
use crate::configure::{Arguments, Configure, Instance, Nanoseconds, Surroundings};

/// Most ports of a hop: a service's are bits of a number.
const MOST_PORTS: usize = 64;
/// Most chains: their numbers are indices of one byte.
const MOST_CHAINS: u16 = 250;
/// Flows that are remembered if nobody says how many.
const FLOWS: usize = 8192;
/// Most flows: a place has a number of 32 bits.
const MOST_FLOWS: usize = 1 << 24;

struct Service {
    name: String,
    ports: Vec<usize>,
    /// Replicas from this one on are spare.
    spare: usize,
    stateful: bool,
}

struct Chain {
    name: String,
    number: u16,
    sides: [usize; 2],
    one_way: bool,
}

impl Configure for ChainHop {
    fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
        let services = services(arguments);
        let chains = chains(arguments, &services);
        let ports = services.iter().flat_map(|service| &service.ports).max().map_or(0, |last| last + 1);
        let wishes = wishes(arguments, &services, &chains, ports);
        let flows = arguments.keyword("FLOWS").unwrap_or(FLOWS);
        if !(1..=MOST_FLOWS).contains(&flows) {
            arguments.error_last(format!("'{flows}' flows"), format!("1 to {MOST_FLOWS}"));
        }
        let Nanoseconds(timeout_ns) = arguments.keyword("TIMEOUT").unwrap_or(Nanoseconds(300_000_000_000));
        if services.is_empty() || chains.is_empty() {
            arguments.error("no service or no chain", Some(arguments.usage()));
            return None;
        }
        let Surroundings { inputs, outputs, .. } = surroundings;
        let function = [outputs.checked_sub(ports), inputs.checked_sub(ports + wishes.len())];
        let [Some(function_inputs @ 0..=2), Some(function_outputs @ 0..=2)] = function else {
            let found = format!("a ChainHop of {ports} ports with {inputs} inputs and {outputs} outputs");
            arguments.error(found, Some("an input and an output for each port, and the function's behind them".into()));
            return None;
        };
        let balanced = services.iter().filter(|service| service.ports.len() > 1);
        let remembers = balanced.clone().any(|service| service.stateful)
            || wishes.iter().any(|wish| wish.contains("Wish::Chain"));
        let (chain_count, balanced) = (chains.len(), balanced.count());
        let map = map(&services, &chains, &wishes, ports, [function_inputs, function_outputs], remembers);
        let generics = format!("<{ports}, {chain_count}, {balanced}>");
        let expression = format!("ChainHop::{generics}::new({map}, {})", (timeout_ns >> 30).min(u32::MAX.into()));
        let instance = Instance::new(format!("ChainHop{generics}"), expression);
        Some(match remembers {
            true => with_flows(instance, "chains", flows).looking_ahead(true),
            false => instance,
        })
    }
}

/// `NAME [STATEFUL] PORT … [SPARE PORT …]`
fn services(arguments: &mut Arguments) -> Vec<Service> {
    const WANTED: &str = "NAME [STATEFUL] PORT … [SPARE PORT …], the ports' numbers from 0";
    let mut services: Vec<Service> = Vec::new();
    while let Some(text) = arguments.keyword::<String>("SERVICE") {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default().to_string();
        let (mut ports, mut spare, mut stateful, mut sound) = (Vec::new(), None, false, true);
        for word in words {
            match (word, word.parse()) {
                ("STATEFUL", _) => stateful = true,
                ("SPARE", _) => spare = Some(ports.len()),
                (_, Ok(port)) if port < MOST_PORTS && !ports.contains(&port) => ports.push(port),
                _ => sound = false,
            }
        }
        sound &= !ports.is_empty() && ports.len() <= MOST_REPLICAS && services.iter().all(|other| other.name != name);
        if !sound {
            arguments.error_last(format!("'{text}'"), WANTED);
        }
        let spare = spare.unwrap_or(ports.len());
        services.push(Service { name, ports, spare, stateful });
    }
    services
}

/// `NAME NUMBER FROM TO [ONEWAY]`
fn chains(arguments: &mut Arguments, services: &[Service]) -> Vec<Chain> {
    let wanted = format!("NAME NUMBER FROM TO [ONEWAY], the number from 1 to {MOST_CHAINS}, both of a SERVICE");
    let mut chains: Vec<Chain> = Vec::new();
    while let Some(text) = arguments.keyword::<String>("CHAIN") {
        let words: Vec<_> = text.split_whitespace().collect();
        let side = |word: &str| services.iter().position(|service| service.name == word);
        let chain = match words[..] {
            [name, number, from, to, ref rest @ ..] if matches!(rest, [] | ["ONEWAY"]) => (|| {
                let number = number.parse().ok().filter(|number| (1..=MOST_CHAINS).contains(number))?;
                let is_new = chains.iter().all(|other| other.number != number && other.name != name);
                let sides = [side(from)?, side(to)?];
                is_new.then(|| Chain { name: name.into(), number, sides, one_way: !rest.is_empty() })
            })(),
            _ => None,
        };
        match chain {
            Some(chain) => chains.push(chain),
            None => arguments.error_last(format!("'{text}'"), wanted.clone()),
        }
    }
    chains
}

/// The annotations of the first chain each way that satisfies: 0 where there is none.
fn first_each_way(chains: &[Chain], leads: impl Fn(usize) -> bool) -> [u16; 2] {
    [0, 1].map(|direction| {
        let mut fitting = chains.iter().filter(|chain| leads(chain.sides[1 - direction]) && (direction == 0 || !chain.one_way));
        let back = if direction == 1 { Annotations::BACKWARD } else { 0 };
        fitting.next().map_or(0, |chain| chain.number | back)
    })
}

/// `SERVICE NAME`, `CHAIN NAME`, `PORT NUMBER`: as Rust expressions.
fn wishes(arguments: &mut Arguments, services: &[Service], chains: &[Chain], ports: usize) -> Vec<String> {
    let mut wishes = Vec::new();
    while let Some(text) = arguments.keyword::<String>("TO") {
        let wish = match text.split_whitespace().collect::<Vec<_>>()[..] {
            ["SERVICE", name] => {
                let ways = first_each_way(chains, |side| services[side].name == name);
                (ways != [0, 0]).then(|| format!("Wish::Service({ways:?})"))
            }
            ["CHAIN", name] => {
                let chain = chains.iter().find(|chain| chain.name == name);
                chain.map(|chain| format!("Wish::Chain({})", chain.number))
            }
            ["PORT", number] => number.parse::<usize>().ok().filter(|port| *port < ports).map(|port| {
                let ways = first_each_way(chains, |side| services[side].ports.contains(&port));
                format!("Wish::Port({port}, {ways:?})")
            }),
            _ => None,
        };
        if wish.is_none() {
            arguments.error_last(format!("'{text}'"), "SERVICE NAME, CHAIN NAME or PORT NUMBER of this hop");
        }
        wishes.push(wish.unwrap_or_default());
    }
    wishes
}

/// What the arguments say, as a Rust expression.
fn map(
    services: &[Service],
    chains: &[Chain],
    wishes: &[String],
    ports: usize,
    function: [usize; 2],
    remembers: bool,
) -> String {
    let mut balanced = 0;
    let services_text: Vec<_> = services
        .iter()
        .map(|service| {
            let Service { name, ports, spare, stateful } = service;
            let mask = ports.iter().fold(0u64, |mask, port| mask | 1 << port);
            let takers = (0..*spare).fold(0u64, |takers, replica| takers | 1 << replica);
            let balance = if ports.len() > 1 { balanced } else { usize::from(super::NONE) };
            balanced += usize::from(ports.len() > 1);
            format!(
                "chain_hop::Service {{ name: {name:?}, ports: &{ports:?}, mask: {mask}, takers: {takers}, stateful: {stateful}, balance: {balance} }}"
            )
        })
        .collect();
    let chains_text = chains.iter().map(|chain| {
        let Chain { name, number, sides, one_way } = chain;
        format!("chain_hop::Chain {{ name: {name:?}, number: {number}, sides: {sides:?}, one_way: {one_way} }}")
    });
    let last = chains.iter().map(|chain| chain.number).max().unwrap_or(0);
    let by_number = (0..=last).map(|number| {
        let index = chains.iter().position(|chain| chain.number == number);
        index.unwrap_or(super::NONE.into()).to_string()
    });
    let entries = (0..ports).map(|port| entry(services, chains, port).to_string());
    let wishes: Vec<_> = wishes.iter().map(|wish| format!("chain_hop::{wish}")).collect();
    format!(
        "chain_hop::Map {{ services: &[{}], chains: &[{}], by_number: &[{}], entries: &[{}], wishes: &[{}], function: {function:?}, remembers: {remembers} }}",
        services_text.join(", "),
        chains_text.collect::<Vec<_>>().join(", "),
        by_number.collect::<Vec<_>>().join(", "),
        entries.collect::<Vec<_>>().join(", "),
        wishes.join(", "),
    )
}

/// The annotation of a frame that comes in by `port` without one: that of the only way that leads in there, or 0.
fn entry(services: &[Service], chains: &[Chain], port: usize) -> u16 {
    let ways = chains.iter().flat_map(|chain| {
        let from = |side: usize| services[chain.sides[side]].ports.contains(&port);
        let forward = from(0).then_some(chain.number);
        [forward, (from(1) && !chain.one_way).then_some(chain.number | Annotations::BACKWARD)]
    });
    let ways: Vec<_> = ways.flatten().collect();
    if let [way] = ways[..] { way } else { 0 }
}
