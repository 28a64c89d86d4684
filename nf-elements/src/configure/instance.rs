// SPDX-License-Identifier: Apache-2.0
//! What an element's argument parser gives the compiler: the Rust expression that builds it, and what it needs around it.

use super::CallText;

/// An element as it appears in the emitted wiring; names are those of `nf_elements::elements`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its Rust type: `Strip`, `Tee<3>`.
    pub rust_type: String,
    /// A constant expression of that type: `Strip::new(14)`. `{data}` in it becomes a `&'static [u8]` of [`Instance::data`].
    pub expression: String,
    /// Rust items that it needs beside the wiring. `{name}` in these, in the type and in the expression becomes the name of a
    /// type that is the instance's own.
    pub items: String,
    /// The elements whose state it uses: the method of its `With` trait is lent them, in this order.
    pub peers: Vec<Peer>,
    /// The host of the machine's own that it makes, by name, and a constant expression of type `nf_elements::OwnHost`.
    pub host: Option<(String, String)>,
    /// Memory that it is lent at the start: `fn lend(&mut self, memory: &'static mut [T])` is called with it.
    pub memory: Option<Memory>,
    /// A table too big for an expression; see [`Instance::expression`].
    pub data: Vec<u8>,
    /// Whether `due_call` is to be asked behind every task.
    pub calling: bool,
    /// The handlers that it calls, as far as its arguments name them.
    pub calls: Vec<CallText>,
    /// Whether `tick` is to be called in every round (shape `Push`), or it pulls when it is time (shape `Sink`).
    pub ticks: bool,
    /// Whether the source makes nothing while the store that its packets end in is full (shape `Source` only).
    pub waits: bool,
    /// Whether it is shown each batch before the packets of it come (see [`crate::Ahead`]). It costs a batch of its own.
    pub looks_ahead: bool,
    /// Most packets per output in one call of `push` or `tick`.
    pub most: usize,
}

/// An element that another one uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The argument that names it.
    pub argument: usize,
    /// Its name as written there; the compiler looks it up from the scope of the element that uses it.
    pub name: String,
    /// The classes that will do.
    pub classes: &'static [&'static str],
}

/// Zeroed memory, kept outside of the image's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The type of one entry; names are those of `nf_elements::elements`.
    pub rust_type: String,
    /// A constant expression for an empty entry, whose bytes are all zero.
    pub empty: String,
    /// How many.
    pub count: usize,
}

impl Instance {
    /// An instance that needs nothing but its own state.
    pub fn new(rust_type: impl Into<String>, expression: impl Into<String>) -> Self {
        Instance {
            rust_type: rust_type.into(),
            expression: expression.into(),
            items: String::new(),
            peers: Vec::new(),
            host: None,
            memory: None,
            data: Vec::new(),
            calling: false,
            calls: Vec::new(),
            ticks: false,
            waits: false,
            looks_ahead: false,
            most: 1,
        }
    }

    /// Has these items beside the wiring; see [`Instance::items`].
    pub fn with_items(mut self, items: String) -> Self {
        self.items = items;
        self
    }

    /// Uses these elements.
    pub fn with_peers(mut self, peers: Vec<Peer>) -> Self {
        self.peers = peers;
        self
    }

    /// Makes the host `name`.
    pub fn with_host(mut self, name: String, expression: String) -> Self {
        self.host = Some((name, expression));
        self
    }

    /// Is lent `count` entries of `rust_type`, each `empty` at first.
    pub fn with_memory(mut self, rust_type: impl Into<String>, empty: impl Into<String>, count: usize) -> Self {
        self.memory = Some(Memory { rust_type: rust_type.into(), empty: empty.into(), count });
        self
    }

    /// Has `data` where its expression says `{data}`.
    pub fn with_data(mut self, data: Vec<u8>) -> Self {
        self.data = data;
        self
    }

    /// Calls these handlers, and those that it is told while the machine runs.
    pub fn with_calls(mut self, calls: Vec<CallText>) -> Self {
        (self.calling, self.calls) = (true, calls);
        self
    }

    /// Has its `tick` called in every round.
    pub fn ticking(mut self) -> Self {
        self.ticks = true;
        self
    }

    /// Waits while the store that its packets end in is full.
    pub fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Is shown each batch before the packets of it come, if `is_worth_it`.
    pub fn looking_ahead(mut self, is_worth_it: bool) -> Self {
        self.looks_ahead = is_worth_it;
        self
    }

    /// Emits up to `most` packets per output in one call.
    pub fn emitting(mut self, most: usize) -> Self {
        self.most = most;
        self
    }
}
