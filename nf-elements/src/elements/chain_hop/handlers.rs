// SPDX-License-Identifier: Apache-2.0
//! What a hop tells, and what it can be told while frames pass.

use super::{Balance, ChainHop, Handler, HandlerError, HandlerKind, NONE, Service};
use core::fmt;

pub(super) const HANDLERS: &[Handler] = &[
    Handler { name: "chains", kind: HandlerKind::Read, doc: "each chain with its frames forward and back" },
    Handler { name: "services", kind: HandlerKind::Read, doc: "each replica: port, state, frames sent there" },
    Handler { name: "replicas", kind: HandlerKind::ReadWrite, doc: "which take new flows: SERVICE NUMBER …" },
    Handler { name: "drain", kind: HandlerKind::Write, doc: "SERVICE NUMBER takes no new flows" },
    Handler { name: "remove", kind: HandlerKind::Write, doc: "SERVICE NUMBER is gone; its flows go elsewhere" },
    Handler { name: "pinned", kind: HandlerKind::Read, doc: "remembered flows of each replica" },
    Handler { name: "flows", kind: HandlerKind::Read, doc: "remembered flows" },
    Handler { name: "evicted", kind: HandlerKind::Read, doc: "flows forgotten for others" },
    Handler { name: "rerouted", kind: HandlerKind::Read, doc: "frames to another replica because theirs was down" },
    Handler { name: "clear", kind: HandlerKind::Write, doc: "forgets all flows" },
    Handler { name: "no_chain", kind: HandlerKind::Drops, doc: "frames of which no chain is known" },
    Handler { name: "wrong_chain", kind: HandlerKind::Drops, doc: "frames of a chain that does not come in here" },
    Handler { name: "no_way", kind: HandlerKind::Drops, doc: "frames that would go a one-way chain back" },
    Handler { name: "no_replica", kind: HandlerKind::Drops, doc: "frames to a service without replicas" },
];

impl<const P: usize, const C: usize, const B: usize> ChainHop<P, C, B> {
    /// The services with several replicas.
    fn balanced(&self) -> impl Iterator<Item = &'static Service> + use<P, C, B> {
        self.map.services.iter().filter(|service| service.balance != NONE)
    }

    /// The replicas of a service, as bits, that take new flows.
    fn takers(&self, service: &Service) -> u64 {
        let changed = self.takers.get(usize::from(service.balance)).filter(|_| self.spread);
        changed.copied().unwrap_or(service.takers)
    }

    fn is_gone(&self, service: &Service, replica: usize) -> bool {
        self.gone.get(usize::from(service.balance)).is_some_and(|gone| gone >> replica & 1 == 1)
    }

    pub(super) fn read(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "chains" => {
                for (chain, [forward, back]) in self.map.chains.iter().zip(self.passed) {
                    writeln!(out, "{} {forward} {back}", chain.name)?;
                }
            }
            "services" => self.list_services(out)?,
            "replicas" => {
                for service in self.balanced() {
                    write!(out, "{}", service.name)?;
                    let takers = self.takers(service);
                    for replica in (0..service.ports.len()).filter(|replica| takers >> replica & 1 == 1) {
                        write!(out, " {replica}")?;
                    }
                    writeln!(out)?;
                }
            }
            "pinned" => {
                for service in self.balanced().filter(|service| service.stateful) {
                    for (replica, port) in service.ports.iter().enumerate() {
                        writeln!(out, "{} {replica} {}", service.name, self.pinned(*port))?;
                    }
                }
            }
            "flows" => write!(out, "{}", self.table.flows(self.now).count())?,
            "evicted" => write!(out, "{}", self.table.evicted)?,
            "rerouted" => write!(out, "{}", self.rerouted)?,
            "no_chain" => write!(out, "{}", self.no_chain)?,
            "wrong_chain" => write!(out, "{}", self.wrong_chain)?,
            "no_way" => write!(out, "{}", self.no_way)?,
            "no_replica" => write!(out, "{}", self.no_replica)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// A line for each replica: `SERVICE NUMBER PORT STATE FRAMES`.
    fn list_services(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for service in self.map.services {
            for (replica, port) in service.ports.iter().enumerate() {
                let state = match (self.takers(service) >> replica & 1 == 1, self.is_gone(service, replica)) {
                    (true, _) => "open",
                    (_, true) => "gone",
                    _ => "closed",
                };
                writeln!(out, "{} {replica} {port} {state} {}", service.name, self.sent[usize::from(*port)])?;
            }
        }
        Ok(())
    }

    /// Remembered flows that go by that port, back or forward.
    fn pinned(&self, port: u8) -> usize {
        self.table.flows(self.now).filter(|(_, fate, _)| fate.ports.contains(&(port + 1))).count()
    }

    pub(super) fn write(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "replicas" => {
                let (service, replicas) = self.named(value)?;
                self.set_takers(service, replicas);
                self.gone[usize::from(service.balance)] &= !replicas;
            }
            "drain" => {
                let (service, replicas) = self.named(value)?;
                self.set_takers(service, self.takers(service) & !replicas);
            }
            "remove" => {
                let (service, replicas) = self.named(value)?;
                self.set_takers(service, self.takers(service) & !replicas);
                self.gone[usize::from(service.balance)] |= replicas;
            }
            "clear" => self.table.clear(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// `SERVICE NUMBER …`: the service, and the replicas as bits.
    fn named(&self, value: &str) -> Result<(&'static Service, u64), HandlerError> {
        let mut words = value.split_whitespace();
        let name = words.next().ok_or(HandlerError::BadValue)?;
        let service = self.balanced().find(|service| service.name == name).ok_or(HandlerError::BadValue)?;
        let mut replicas = 0;
        for word in words {
            let number: usize = word.parse().map_err(|_| HandlerError::BadValue)?;
            if number >= service.ports.len() {
                return Err(HandlerError::BadValue);
            }
            replicas |= 1 << number;
        }
        Ok((service, replicas))
    }

    /// New flows go to these replicas from now on.
    fn set_takers(&mut self, service: &Service, takers: u64) {
        if !self.spread {
            self.begin();
        }
        let at = usize::from(service.balance);
        if self.takers[at] != takers {
            self.takers[at] = takers;
            let balance: &mut Balance = &mut self.balances[at];
            balance.spread(takers);
        }
    }
}
