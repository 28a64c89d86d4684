// SPDX-License-Identifier: Apache-2.0
//! One route: what it matches, how well, and where it leads.

use crate::wire::ethernet::Address;
use core::fmt;
use core::str::FromStr;

/// What a route says of one address of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// It is this one.
    Exact(Address),
    /// It is not this one.
    Not(Address),
    /// It may be any.
    Any,
    /// Nothing: the route is for frames that no better one is for.
    None,
}

/// Where frames come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A virtual machine of this host, by its number.
    Interface(u8),
    /// Another host, by the link's number.
    Link(u8),
}

/// Where a route's frames come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Anywhere.
    Any,
    /// Any interface.
    Interfaces,
    /// Any link.
    Links,
    /// There.
    Place(Place),
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Of the frame's source address.
    pub source: Qualifier,
    /// Of its destination address.
    pub destination: Qualifier,
    /// Where it leads.
    pub to: Place,
    /// Where its frames come from.
    pub from: Source,
}

impl Qualifier {
    #[inline]
    fn matches(self, address: Address) -> bool {
        match self {
            Qualifier::Exact(own) => own == address,
            Qualifier::Not(own) => own != address,
            Qualifier::Any | Qualifier::None => true,
        }
    }
}

impl Route {
    /// How well the route fits a frame; none: not at all. The order of the pairs is VNET's, and behind them come the routes for what
    /// is left: any–any, then those with `none`.
    #[inline]
    pub fn fit(&self, from: Place, source: Address, destination: Address) -> Option<u8> {
        let from_there = match self.from {
            Source::Any => true,
            Source::Interfaces => matches!(from, Place::Interface(_)),
            Source::Links => matches!(from, Place::Link(_)),
            Source::Place(place) => place == from,
        };
        (from_there && self.source.matches(source) && self.destination.matches(destination)).then(|| self.priority())
    }

    /// Its priority, which its qualifiers give it.
    #[inline]
    pub const fn priority(&self) -> u8 {
        use Qualifier::{Any, Exact, None, Not};
        match (self.source, self.destination) {
            (None, _) | (_, None) => 0,
            (Any, Any) => 1,
            (Not(_), Not(_)) => 2,
            (Not(_), Any) => 3,
            (Any, Not(_)) => 4,
            (Exact(_), Any) => 5,
            (Any, Exact(_)) => 6,
            (Exact(_), Not(_)) => 7,
            (Not(_), Exact(_)) => 8,
            (Exact(_), Exact(_)) => 9,
        }
    }
}

/// What is wrong with a route's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// An address is none.
    Address,
    /// The place that it leads to is none.
    Destination,
    /// The place that frames come from is none.
    Source,
    /// There is more.
    Rest,
}

impl fmt::Display for RouteError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            RouteError::Address => "an address is no MAC, not-MAC, any or none",
            RouteError::Destination => "the destination is no interface N or link N",
            RouteError::Source => "the source is no any, interface N, interface any, link N or link any",
            RouteError::Rest => "there is something behind the route",
        })
    }
}

impl FromStr for Qualifier {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let address = |text: &str| text.parse().map_err(|_| RouteError::Address);
        match text.split_at_checked(4) {
            _ if text.eq_ignore_ascii_case("any") => Ok(Qualifier::Any),
            _ if text.eq_ignore_ascii_case("none") => Ok(Qualifier::None),
            Some((not, text)) if not.eq_ignore_ascii_case("not-") => Ok(Qualifier::Not(address(text)?)),
            _ => Ok(Qualifier::Exact(address(text)?)),
        }
    }
}

/// The kind of a place, as VNET's commands call them.
fn kind(word: &str) -> Option<fn(u8) -> Place> {
    let is = |kind: &str| word.eq_ignore_ascii_case(kind);
    if is("interface") { Some(Place::Interface) } else { (is("link") || is("edge")).then_some(Place::Link) }
}

/// `SOURCE-MAC DESTINATION-MAC TO FROM`, as in VNET's command `ADD`.
impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let mut words = text.split_whitespace();
        let mut word = || words.next().unwrap_or("");
        let (source, destination) = (word().parse()?, word().parse()?);
        let to = kind(word()).zip(word().parse().ok()).map(|(place, number)| place(number));
        let to = to.ok_or(RouteError::Destination)?;
        let is_any = |word: &str| word.is_empty() || word.eq_ignore_ascii_case("any");
        let from = match word() {
            text if is_any(text) => Source::Any,
            text => match (kind(text).ok_or(RouteError::Source)?, word()) {
                (place, number) if is_any(number) => match place(0) {
                    Place::Interface(_) => Source::Interfaces,
                    Place::Link(_) => Source::Links,
                },
                (place, number) => Source::Place(place(number.parse().map_err(|_| RouteError::Source)?)),
            },
        };
        if word().is_empty() { Ok(Route { source, destination, to, from }) } else { Err(RouteError::Rest) }
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Qualifier::Exact(address) => write!(out, "{address}"),
            Qualifier::Not(address) => write!(out, "not-{address}"),
            Qualifier::Any => out.write_str("any"),
            Qualifier::None => out.write_str("none"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Interface(number) => write!(out, "interface {number}"),
            Place::Link(number) => write!(out, "link {number}"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Any => out.write_str("any"),
            Source::Interfaces => out.write_str("interface any"),
            Source::Links => out.write_str("link any"),
            Source::Place(place) => write!(out, "{place}"),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {} {}", self.source, self.destination, self.to, self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address::new([2, 0, 0, 0, 0, 1]);
    const B: Address = Address::new([2, 0, 0, 0, 0, 2]);

    fn route(text: &str) -> Route {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn text_and_route_are_one() {
        for text in [
            "02-00-00-00-00-01 any interface 3 any",
            "any not-02-00-00-00-00-01 link 0 interface 2",
            "none none link 7 link any",
            "not-02-00-00-00-00-01 02-00-00-00-00-02 link 7 interface any",
        ] {
            assert_eq!(route(text).to_string(), text);
        }
        assert_eq!(route("any any edge 1 edge 2"), route(" any any link 1  link 2"), "VNET's word");
        assert_eq!(
            route("ANY Not-02:00:00:00:00:01 EDGE 1 INTERFACE Any"),
            route("any not-2:0:0:0:0:1 link 1 interface any")
        );
        assert_eq!(route("any any link 1"), route("any any link 1 any"));
    }

    #[test]
    fn wrong_text_is_told() {
        for (text, error) in [
            ("", RouteError::Address),
            ("any 02:00", RouteError::Address),
            ("any not-any link 1", RouteError::Address),
            ("any any", RouteError::Destination),
            ("any any link any", RouteError::Destination),
            ("any any link 256 any", RouteError::Destination),
            ("any any link 1 there", RouteError::Source),
            ("any any link 1 link x", RouteError::Source),
            ("any any link 1 any more", RouteError::Rest),
        ] {
            assert_eq!(text.parse::<Route>(), Err(error), "{text}");
        }
    }

    #[test]
    fn priorities_have_vnets_order() {
        let (a, b) = (A, B);
        let pairs = [
            format!("{a} {b}"),
            format!("not-{b} {b}"),
            format!("{a} not-{a}"),
            format!("any {b}"),
            format!("{a} any"),
            format!("any not-{a}"),
            format!("not-{b} any"),
            format!("not-{b} not-{a}"),
            "any any".to_string(),
            "any none".to_string(),
        ];
        let fits: Vec<_> =
            pairs.iter().map(|pair| route(&format!("{pair} link 0")).fit(Place::Link(1), A, B)).collect();
        assert!(fits.is_sorted_by(|one, next| one > next && next.is_some()), "{fits:?}");
        let wrong = [format!("{b} any"), format!("any {a}"), format!("not-{a} any"), format!("any not-{b}")];
        for pair in wrong {
            assert_eq!(route(&format!("{pair} link 0")).fit(Place::Link(1), A, B), None, "{pair}");
        }
    }

    #[test]
    fn where_it_comes_from_counts() {
        let fits = |text: &str, from: Place| route(text).fit(from, A, B).is_some();
        let places = [Place::Interface(0), Place::Interface(1), Place::Link(1)];
        for (source, wanted) in [
            ("any", [true, true, true]),
            ("interface any", [true, true, false]),
            ("link any", [false, false, true]),
            ("interface 1", [false, true, false]),
            ("link 1", [false, false, true]),
        ] {
            assert_eq!(places.map(|place| fits(&format!("any any link 0 {source}"), place)), wanted, "{source}");
        }
    }
}
