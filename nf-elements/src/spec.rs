// SPDX-License-Identifier: Apache-2.0
//! What the compiler, `sluice elements` and the README know about an element class.

/// The specification of an element class, in Click's codes.
#[derive(Debug)]
pub struct Spec {
    /// The class name in configurations, Click's spelling.
    pub class: &'static str,
    /// What it is for; groups the listing.
    pub category: Category,
    /// One line, a verb phrase.
    pub summary: &'static str,
    /// Click's port-count code: inputs `/` outputs, each `N`, `N-M`, `N-` or `-`.
    pub ports: &'static str,
    /// Click's processing code: inputs `/` outputs of `h` (push), `l` (pull), `a` (agnostic), the last repeated.
    pub processing: &'static str,
    /// Which trait treats its packets.
    pub shape: Shape,
    /// Arguments in order.
    pub arguments: &'static [Argument],
    /// Handlers.
    pub handlers: &'static [Handler],
}

/// What an element is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Devices: frames in and out of the VM.
    Device,
    /// Sources and sinks that are not devices.
    SourceSink,
    /// Counting, printing, annotations.
    Basic,
    /// Sorting packets by what they hold.
    Classification,
    /// Ethernet.
    Ethernet,
    /// IP.
    Ip,
    /// Storage.
    Storage,
    /// Who is pulled next, and how fast.
    Scheduling,
    /// ARP and neighbour discovery.
    Arp,
    /// IPv6.
    Ip6,
    /// ICMP.
    Icmp,
    /// TCP and UDP.
    Transport,
    /// Where packets go next: routing tables.
    Routing,
    /// Address and port translation.
    Rewriting,
    /// Tunnels: packets in packets.
    Tunnel,
    /// Counting by flow, address or aggregate.
    Measurement,
    /// Service chains.
    Chain,
    /// Scripts and what else steers elements.
    Control,
    /// Information for the compiler.
    Information,
}

impl Category {
    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Category::Device => "Devices",
            Category::SourceSink => "Sources and sinks",
            Category::Basic => "Basic",
            Category::Classification => "Classification",
            Category::Ethernet => "Ethernet",
            Category::Ip => "IP",
            Category::Storage => "Storage",
            Category::Scheduling => "Scheduling",
            Category::Arp => "ARP and neighbour discovery",
            Category::Ip6 => "IPv6",
            Category::Icmp => "ICMP",
            Category::Transport => "TCP and UDP",
            Category::Routing => "Routing",
            Category::Rewriting => "Address and port translation",
            Category::Tunnel => "Tunnels",
            Category::Measurement => "Measurement",
            Category::Chain => "Service chains",
            Category::Control => "Control",
            Category::Information => "Information",
        }
    }
}

/// Which trait treats an element's packets; see [`crate::element`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// [`crate::Action`]
    Action,
    /// [`crate::Route`]
    Route,
    /// [`crate::Push`]
    Push,
    /// [`crate::Store`]
    Store,
    /// [`crate::Source`]
    Source,
    /// [`crate::Sink`]
    Sink,
    /// [`crate::Pull`]
    Pull,
    /// [`crate::element::Control`]
    Control,
    /// No trait: no packet reaches it.
    Information,
}

/// One argument.
#[derive(Debug)]
pub struct Argument {
    /// Its name; for a keyword argument the keyword itself.
    pub name: &'static str,
    /// How it is given.
    pub kind: ArgumentKind,
    /// One line: meaning, unit, default.
    pub doc: &'static str,
}

/// How an argument is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// By position (or by its name as keyword); must be there.
    Required,
    /// By position (or by its name as keyword); may be left out.
    Optional,
    /// By keyword only; may be left out.
    Keyword,
    /// Any number of them, at least one.
    List,
}

/// One handler.
#[derive(Debug)]
pub struct Handler {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub kind: HandlerKind,
    /// One line.
    pub doc: &'static str,
}

/// What a handler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// A value to read.
    Read,
    /// A read handler that counts packets dropped for one reason (each dropped packet counts in exactly one).
    Drops,
    /// Takes a value.
    Write,
    /// Both.
    ReadWrite,
}
