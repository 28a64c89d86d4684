// SPDX-License-Identifier: Apache-2.0
//! Stride scheduling of ports (Waldspurger and Weihl, 1995): each port has tickets, its stride is inverse to them, and the
//! port whose pass is least comes next and then moves on by its stride.

use super::handler_value::number;
use crate::HandlerError;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use core::fmt;
use heapless::Vec;

/// The stride of one ticket.
const STRIDE1: u32 = 1 << 16;
/// Most tickets of a port; more are as many.
pub const MAX_TICKETS: i32 = 1 << 15;

/// The arguments: one per port.
pub const TICKETS: Argument =
    Argument { name: "TICKETS", kind: ArgumentKind::List, doc: "for each port how many; 0 is never, at most 32768" };

/// The handlers of all ports.
pub const TICKETS_HANDLER: Handler =
    Handler { name: "tickets0", kind: HandlerKind::ReadWrite, doc: "tickets of port 0; tickets1 of port 1, …" };

#[derive(Clone, Copy)]
struct Port {
    tickets: i32,
    stride: u32,
    pass: u32,
}

/// `N` ports with their tickets, and in what order they come.
pub struct Strides<const N: usize> {
    ports: [Port; N],
    /// Those with tickets, the one that comes next first. Empty until it is first asked for.
    order: Vec<usize, N>,
    ordered: bool,
}

impl<const N: usize> Strides<N> {
    /// Ports with these tickets.
    pub const fn new(tickets: [i32; N]) -> Self {
        let mut ports = [Port { tickets: 0, stride: 0, pass: 0 }; N];
        let mut i = 0;
        while i < N {
            let stride = stride_of(tickets[i]);
            ports[i] = Port { tickets: tickets[i], stride, pass: stride };
            i += 1;
        }
        Strides { ports, order: Vec::new(), ordered: false }
    }

    /// The port in this place of the order.
    #[inline]
    pub fn at(&mut self, place: usize) -> Option<usize> {
        if !self.ordered {
            self.put_in_order();
        }
        self.order.get(place).copied()
    }

    /// The first `count` ports had their turns: they move on, and the others come first.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        let mut had = [0; N];
        let count = count.min(self.order.len());
        had[..count].copy_from_slice(&self.order[..count]);
        self.order.copy_within(count.., 0);
        self.order.truncate(self.order.len() - count);
        for port in &had[..count] {
            self.ports[*port].pass = self.ports[*port].pass.wrapping_add(self.ports[*port].stride);
        }
        had[..count].iter().for_each(|port| self.insert(*port));
    }

    /// Before the first port whose pass is not less.
    fn insert(&mut self, port: usize) {
        let pass = self.ports[port].pass;
        let less = |other: &usize| (pass.wrapping_sub(self.ports[*other].pass) as i32) > 0;
        let place = self.order.iter().position(|other| !less(other)).unwrap_or(self.order.len());
        // There is room for each port once.
        let _ = self.order.insert(place, port);
    }

    #[cold]
    fn put_in_order(&mut self) {
        self.ordered = true;
        // From the last, so that of those with the same pass the first one comes first.
        for port in (0..N).rev() {
            if self.ports[port].tickets > 0 {
                self.insert(port);
            }
        }
    }

    fn set_tickets(&mut self, port: usize, tickets: i32) {
        let _ = self.at(0);
        let had = self.ports[port].tickets;
        (self.ports[port].tickets, self.ports[port].stride) = (tickets, stride_of(tickets));
        if tickets == 0 {
            self.order.retain(|other| *other != port);
        } else if had == 0 {
            let first = self.order.first().map(|first| self.ports[*first].pass);
            self.ports[port].pass = first.map_or(0, |pass| pass.wrapping_add(self.ports[port].stride));
            self.insert(port);
        }
    }

    /// Reads `ticketsPORT`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Ok(write!(out, "{}", self.ports[self.named(name)?].tickets)?)
    }

    /// Writes `ticketsPORT`.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let port = self.named(name)?;
        match number::<i32>(value)? {
            tickets @ 0.. => self.set_tickets(port, tickets.min(MAX_TICKETS)),
            _ => return Err(HandlerError::BadValue),
        }
        Ok(())
    }

    /// The port of `ticketsPORT`.
    fn named(&self, name: &str) -> Result<usize, HandlerError> {
        let port = name.strip_prefix("tickets").and_then(|port| port.parse().ok());
        port.filter(|port| *port < N).ok_or(HandlerError::Unknown)
    }
}

const fn stride_of(tickets: i32) -> u32 {
    if tickets > 0 { STRIDE1 / tickets as u32 } else { 0 }
}

/// Reads the tickets of `ports` ports, and gives the instance of `class`.
#[cfg(feature = "host")]
pub fn configure(
    class: &str,
    ports: usize,
    arguments: &mut crate::configure::Arguments,
) -> Option<crate::configure::Instance> {
    let given = arguments.rest();
    if given.len() != ports {
        arguments.error(format!("{} numbers of tickets for {ports} ports", given.len()), Some("one for each".into()));
        return None;
    }
    let mut tickets = Vec::<_, 1024>::new();
    for (index, text) in given {
        match text.value.parse::<i32>().ok().filter(|tickets| *tickets >= 0) {
            Some(number) if tickets.push(number.min(MAX_TICKETS)).is_ok() => {}
            _ => {
                let wanted = Some("a number of tickets, at least 0; at most 1024 of them".into());
                arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), wanted);
                return None;
            }
        }
    }
    let expression = format!("{class}::<{ports}>::new({:?})", tickets.as_slice());
    Some(crate::configure::Instance::new(format!("{class}<{ports}>"), expression))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns<const N: usize>(strides: &mut Strides<N>, count: usize) -> std::vec::Vec<usize> {
        (0..count)
            .map_while(|_| {
                let port = strides.at(0);
                strides.advance(1);
                port
            })
            .collect()
    }

    #[test]
    fn turns_are_in_proportion_to_tickets() {
        let mut strides = Strides::new([4, 2, 1]);
        assert_eq!(turns(&mut strides, 7), [0, 0, 1, 0, 0, 1, 2]);
        let many = turns(&mut strides, 700);
        assert_eq!([0, 1, 2].map(|port| many.iter().filter(|turn| **turn == port).count()), [400, 200, 100]);
        assert_eq!(turns(&mut Strides::new([0, 0]), 1), []);
        assert_eq!(turns(&mut Strides::new([]), 1), []);
    }

    #[test]
    fn tickets_can_change() {
        let mut strides = Strides::new([1, 1, 0]);
        strides.write_handler("tickets0", "0").unwrap();
        assert_eq!(turns(&mut strides, 3), [1, 1, 1]);
        strides.write_handler("tickets2", "100000").unwrap();
        strides.write_handler("tickets1", "16384").unwrap();
        let many = turns(&mut strides, 3000);
        assert!((1990..2010).contains(&many.iter().filter(|turn| **turn == 2).count()));
        let mut text = String::new();
        strides.read_handler("tickets2", &mut text).unwrap();
        assert_eq!(text, "32768");
        let wrong = ["tickets3", "tickets", "tickets-1"].map(|name| strides.write_handler(name, "1"));
        assert_eq!(wrong, [Err(HandlerError::Unknown); 3]);
        assert_eq!(strides.write_handler("tickets0", "-1"), Err(HandlerError::BadValue));
    }
}
