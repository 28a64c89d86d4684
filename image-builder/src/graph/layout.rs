// SPDX-License-Identifier: Apache-2.0
//! Where everything stands in a picture: columns by how far along the chains a thing is, rows in order of appearance.

use chain_compiler::{Peer, Plan};

/// From one column to the next, and from one row to the next, in pixels.
const COLUMN: i32 = 190;
const ROW_GAP: i32 = 26;
/// Around everything.
pub const MARGIN: i32 = 24;
/// A box: its width, the height of its title, and of a line for each replica.
pub const WIDTH: i32 = 120;
const TITLE: i32 = 32;
pub const LINE: i32 = 18;

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Network,
    Service,
    /// A VM that the compiler added.
    Gate,
}

/// A box.
pub struct Node {
    pub name: String,
    pub kind: Kind,
    /// The replicas, if there is more than the VM of that name, and whether each runs from the start.
    pub replicas: Vec<(String, bool)>,
    pub x: i32,
    pub y: i32,
    column: usize,
}

/// A line through boxes.
pub struct Route {
    /// Its name; none for VMs that are joined by `<->`.
    pub name: Option<String>,
    pub one_way: bool,
    /// The boxes, by their indices.
    pub stops: Vec<usize>,
}

/// The whole.
pub struct Picture {
    pub nodes: Vec<Node>,
    pub routes: Vec<Route>,
    pub width: i32,
    pub height: i32,
}

impl Node {
    pub fn height(&self) -> i32 {
        TITLE + LINE * self.replicas.len() as i32
    }

    pub fn middle(&self) -> i32 {
        self.y + self.height() / 2
    }
}

impl Picture {
    /// The picture of a plan.
    pub fn of(plan: &Plan) -> Picture {
        let mut picture = Picture { nodes: Vec::new(), routes: Vec::new(), width: 0, height: 0 };
        for chain in &plan.chains {
            let stops = chain.stops.iter().map(|stop| picture.node(plan, stop)).collect();
            picture.routes.push(Route { name: Some(chain.name.clone()), one_way: chain.one_way, stops });
        }
        picture.joined(plan);
        picture.columns();
        picture.rows();
        picture
    }

    /// The box of that name, which is made if there is none.
    fn node(&mut self, plan: &Plan, name: &str) -> usize {
        if let Some(known) = self.nodes.iter().position(|node| node.name == name) {
            return known;
        }
        let service = plan.services.iter().find(|service| service.name == name);
        let named = service.map_or_else(Vec::new, |service| {
            let running = service.instances.iter().map(|name| (name.clone(), true));
            running.chain(service.spares.iter().map(|name| (name.clone(), false))).collect::<Vec<_>>()
        });
        let is_network = plan.networks.iter().any(|network| network == name);
        let is_gate = plan.networks.iter().any(|network| format!("{network}_gate") == name);
        let kind = match (is_network, is_gate && service.is_some()) {
            (true, _) => Kind::Network,
            (_, true) => Kind::Gate,
            _ => Kind::Service,
        };
        let replicas = if named.len() == 1 && named[0].0 == name { Vec::new() } else { named };
        self.nodes.push(Node { name: name.into(), kind, replicas, x: 0, y: 0, column: 0 });
        self.nodes.len() - 1
    }

    /// The VMs that are on no directed chain, with what they are joined to.
    fn joined(&mut self, plan: &Plan) {
        let on_chain = |name: &str| {
            plan.services.iter().any(|service| service.instances.iter().chain(&service.spares).any(|one| one == name))
        };
        for vm in plan.vms.iter().filter(|vm| !on_chain(&vm.name)) {
            for port in &vm.ports {
                let (Peer::Network(peer) | Peer::Vm(peer)) = &port.peer;
                // The first port of a VM leads back, as chains are written.
                let is_first = vm.ports[0] == *port;
                let (here, there) = (&vm.name, peer);
                let ends = if is_first { [there, here] } else { [here, there] };
                let stops = ends.map(|name| self.node(plan, name)).to_vec();
                if self.routes.iter().all(|route| route.stops != stops) {
                    self.routes.push(Route { name: None, one_way: false, stops });
                }
            }
        }
    }

    /// Each box stands to the right of those before it. Where chains go round in a circle that ends somewhere.
    fn columns(&mut self) {
        let most = self.nodes.len().saturating_sub(1);
        for _ in 0..self.nodes.len() {
            for route in &self.routes {
                for pair in route.stops.windows(2) {
                    let least = self.nodes[pair[0]].column + 1;
                    let column = &mut self.nodes[pair[1]].column;
                    *column = (*column).max(least).min(most);
                }
            }
        }
        // Networks at the ends of chains stand in the last column, where there is room.
        let last = self.nodes.iter().map(|node| node.column).max().unwrap_or(0);
        for route in &self.routes {
            if let (Some(_), Some(end)) = (&route.name, route.stops.last()) {
                self.nodes[*end].column = last;
            }
        }
    }

    /// The points of a line from one box to another: past columns between them it runs below what stands there.
    pub fn way(&self, from: &Node, to: &Node, aside: i32) -> Vec<(i32, i32)> {
        let mut points = vec![(from.x + WIDTH, from.middle() + aside)];
        for column in from.column + 1..to.column {
            if let Some(bottom) = self.bottom(column) {
                let (x, y) = (MARGIN + column as i32 * COLUMN, bottom + ROW_GAP / 2 + aside);
                points.extend([(x, y), (x + WIDTH, y)]);
            }
        }
        points.push((to.x, to.middle() + aside));
        points
    }

    /// Where the lowest box of a column ends.
    fn bottom(&self, column: usize) -> Option<i32> {
        self.nodes.iter().filter(|node| node.column == column).map(|node| node.y + node.height()).max()
    }

    fn passes_below(&self) -> bool {
        let mut pairs = self.routes.iter().flat_map(|route| route.stops.windows(2));
        pairs.any(|pair| self.nodes[pair[0]].column + 1 < self.nodes[pair[1]].column)
    }

    fn rows(&mut self) {
        let columns = self.nodes.iter().map(|node| node.column).max().map_or(0, |last| last + 1);
        let in_column = |nodes: &[Node], column: usize| -> i32 {
            let heights = nodes.iter().filter(|node| node.column == column).map(|node| node.height() + ROW_GAP);
            heights.sum::<i32>() - ROW_GAP
        };
        let tallest = (0..columns).map(|column| in_column(&self.nodes, column)).max().unwrap_or(0);
        for column in 0..columns {
            let mut y = MARGIN + (tallest - in_column(&self.nodes, column)) / 2;
            for node in self.nodes.iter_mut().filter(|node| node.column == column) {
                (node.x, node.y) = (MARGIN + column as i32 * COLUMN, y);
                y += node.height() + ROW_GAP;
            }
        }
        let named = self.routes.iter().filter(|route| route.name.is_some()).count() as i32;
        self.width = 2 * MARGIN + (columns.max(1) as i32 - 1) * COLUMN + WIDTH;
        let below = if self.passes_below() { ROW_GAP } else { 0 };
        self.height = 2 * MARGIN + tallest + below + named * LINE;
    }
}
