// SPDX-License-Identifier: Apache-2.0
//! What a neighbour was told, and what it is still to be told.

use crate::export::Exports;
use crate::path::{announce, withdraw};
use rustbgpd_wire::{EvpnRoute, EvpnRouteKey, UpdateMessage};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Most routes in an UPDATE: the longest (type 5 of IPv6, 60 bytes) fit into 4096 bytes with 400 for attributes.
const ROUTES_PER_UPDATE: usize = 60;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Told {
    routes: BTreeMap<EvpnRouteKey, EvpnRoute>,
    due: BTreeSet<EvpnRouteKey>,
}

impl Told {
    /// A neighbour that was told nothing, and is to be told of `keys`.
    pub fn nothing_of<'a>(keys: impl Iterator<Item = &'a EvpnRouteKey>) -> Told {
        Told { routes: BTreeMap::new(), due: keys.copied().collect() }
    }

    /// Something may have changed about these.
    pub fn reconsider<'a>(&mut self, keys: impl Iterator<Item = &'a EvpnRouteKey>) {
        self.due.extend(keys);
    }

    /// How many routes it was told.
    pub fn count(&self) -> usize {
        self.routes.len()
    }

    /// The UPDATEs that tell it all that is due. They come from the VTEP with the address `vtep`, in the AS `own`.
    pub fn updates(&mut self, exports: &Exports, vtep: IpAddr, own: u32, external: bool) -> Vec<UpdateMessage> {
        let mut gone = Vec::new();
        let mut alike: BTreeMap<_, Vec<EvpnRoute>> = BTreeMap::new();
        for key in std::mem::take(&mut self.due) {
            match exports.get(&key) {
                Some((route, said)) => {
                    self.routes.insert(key, route.clone());
                    alike.entry(said).or_default().push(route.clone());
                }
                None => gone.extend(self.routes.remove(&key)),
            }
        }
        let withdrawn = gone.chunks(ROUTES_PER_UPDATE).map(|routes| withdraw(routes.to_vec()));
        let announced = alike.iter().flat_map(|(said, routes)| {
            let some = routes.chunks(ROUTES_PER_UPDATE);
            some.map(|routes| announce(routes.to_vec(), said, vtep, own, external))
        });
        withdrawn.chain(announced).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::export;
    use rustbgpd_wire::{MAX_MESSAGE_LEN, Message, encode_message};

    #[test]
    fn the_longest_routes_fit_and_only_what_was_told_is_taken_back() {
        let prefixes: Vec<_> = (0..1000).map(|n| format!("'fd00:{n:x}::/64'")).collect();
        let targets: Vec<_> = (0..30).map(|n| format!("'65001:{n}'")).collect();
        let (prefixes, targets) = (prefixes.join(","), targets.join(","));
        let text = format!(
            "as = 65001\nrouter-id = '10.9.0.1'\nvtep = 'fd09::1'\n[[vrf]]\nname = 'red'\nvni = 4000\n
             router-mac = '2:0:0:0:0:1'\nexport = [{targets}]\nprefixes = [{prefixes}]"
        );
        let config = Config::parse("test", &text).unwrap();
        let exports = export::fixed(&config);
        let mut told = Told::nothing_of(exports.keys());
        let updates = told.updates(&exports, config.vtep, 65001, true);
        assert_eq!((updates.len(), told.count()), (17, 1000));
        for update in updates {
            assert!(encode_message(&Message::Update(update)).unwrap().len() <= MAX_MESSAGE_LEN.into());
        }
        told.reconsider(exports.keys());
        assert_eq!(told.updates(&Exports::new(), config.vtep, 65001, true).len(), 17);
        told.reconsider(exports.keys());
        assert_eq!((told.updates(&Exports::new(), config.vtep, 65001, true).len(), told.count()), (0, 0));
    }
}
