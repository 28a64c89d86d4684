// SPDX-License-Identifier: Apache-2.0
//! From the bytes of a body to what they mean: at most two layers of compression, then the message's body, part by part.

use super::fields::trim;
use super::inflate::{Encoding, Inflater, Step};
use super::message::Message;
use crate::stream::Pool;

/// Most layers of compression, as in Suricata's stock configuration.
const LAYERS: usize = 2;
/// How often a layer tries another encoding before it takes the data as they are.
const RESTARTS: u8 = 3;
/// Most bytes that one call may decode: more is a bomb, and the rest of the body is given up.
const OUTPUT: usize = 1 << 20;
/// Bytes of output that are handed on at once.
const PIECE: usize = 2048;

/// A layer of compression.
#[derive(Clone, Copy, Debug)]
struct Layer {
    inflater: u32,
    encoding: Encoding,
    restarts: u8,
    /// Has given some output.
    proven: bool,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Decode,
    /// It is not compressed after all.
    Pass,
    /// Nothing more comes of it.
    Over,
}

impl Layer {
    const EMPTY: Self = Self { inflater: 0, encoding: Encoding::Gzip, restarts: 0, proven: false, mode: Mode::Decode };
}

/// The layers of one message's body, outermost first.
pub struct Layers {
    layers: [Layer; LAYERS],
    count: usize,
    budget: usize,
}

/// What decoding needs: the inflaters, and the owner's number there.
pub struct Tools<'t, 'm> {
    /// Their pool.
    pub inflaters: &'t mut Pool<'m, Inflater>,
    /// Whose they are.
    pub owner: u32,
}

/// Where parts of a body go as soon as they are to be matched.
pub trait Parts {
    /// The part of the body that waits in `message` is to be matched; it is the last one if `last`.
    fn body(&mut self, message: &Message, last: bool);
}

impl Layers {
    /// None.
    pub const EMPTY: Self = Self { layers: [Layer::EMPTY; LAYERS], count: 0, budget: 0 };

    /// Gives the inflaters back.
    pub fn clear(&mut self, tools: &mut Tools<'_, '_>) {
        for layer in &self.layers[..core::mem::take(&mut self.count)] {
            tools.inflaters.give_back(layer.inflater, tools.owner);
        }
    }

    /// Sets the layers that the fields `content-encoding` of `message` name.
    pub fn set(&mut self, message: &Message, tools: &mut Tools<'_, '_>) {
        self.clear(tools);
        let mut found = [None; LAYERS];
        let (mut count, mut named) = (0, 0);
        let names =
            message.values(b"content-encoding").flat_map(|value| value.split(|byte| *byte == b',' || *byte == b' '));
        for name in names.map(trim).filter(|name| !name.is_empty()) {
            named += 1;
            if named > LAYERS {
                break;
            }
            if let Some(encoding) = encoding(name) {
                found[count] = Some(encoding);
                count += 1;
            }
        }
        // What was applied last is taken off first.
        for encoding in found.into_iter().flatten().rev() {
            let Some(layer) = layer(encoding, tools) else { return };
            self.layers[self.count] = layer;
            self.count += 1;
        }
    }

    /// Takes `data` of a body, through the layers, into `message`; full parts go to `parts`.
    pub fn feed(&mut self, data: &[u8], message: &mut Message, tools: &mut Tools<'_, '_>, parts: &mut dyn Parts) {
        self.budget = OUTPUT;
        self.layer(0, data, message, tools, parts);
    }

    fn layer(
        &mut self,
        index: usize,
        data: &[u8],
        message: &mut Message,
        tools: &mut Tools<'_, '_>,
        parts: &mut dyn Parts,
    ) {
        match self.layers[..self.count].get(index).copied() {
            None => append(data, message, parts),
            Some(layer) if layer.mode == Mode::Pass => self.layer(index + 1, data, message, tools, parts),
            Some(layer) if layer.mode == Mode::Over => {}
            Some(layer) => self.decode(index, layer, data, message, tools, parts),
        }
    }

    fn decode(
        &mut self,
        index: usize,
        mut layer: Layer,
        data: &[u8],
        message: &mut Message,
        tools: &mut Tools<'_, '_>,
        parts: &mut dyn Parts,
    ) {
        let mut taken = 0;
        loop {
            let Some(inflater) = tools.inflaters.get(layer.inflater, tools.owner) else { return };
            let mut piece = [0; PIECE];
            let room = PIECE.min(self.budget);
            match inflater.step(&data[taken..], &mut piece[..room]) {
                Step::Some(more, written) => {
                    taken += more;
                    self.budget -= written;
                    layer.proven |= written > 0;
                    self.layer(index + 1, &piece[..written], message, tools, parts);
                    if written == 0 && more == 0 || self.budget == 0 {
                        break;
                    }
                }
                Step::End => {
                    layer.mode = Mode::Over;
                    break;
                }
                Step::Bad if layer.proven => {
                    layer.mode = Mode::Over;
                    break;
                }
                Step::Bad if layer.restarted(inflater, data) => taken = 0,
                Step::Bad => {
                    layer.mode = Mode::Pass;
                    self.layer(index + 1, data, message, tools, parts);
                    break;
                }
            }
        }
        if self.budget == 0 {
            layer.mode = Mode::Over;
        }
        self.layers[index] = layer;
    }
}

impl Layer {
    /// Tries the other encodings in turn; whether one of them fits all of `data`, with which it then begins.
    fn restarted(&mut self, inflater: &mut Inflater, data: &[u8]) -> bool {
        while self.restarts < RESTARTS {
            self.restarts += 1;
            self.encoding = self.encoding.next();
            inflater.start(self.encoding);
            let fits = fits(inflater, data);
            inflater.start(self.encoding);
            if fits {
                return true;
            }
        }
        false
    }
}

/// Whether `data` can be decoded to their end, as far as the bound on output allows to see.
fn fits(inflater: &mut Inflater, data: &[u8]) -> bool {
    let (mut taken, mut budget) = (0, OUTPUT);
    loop {
        match inflater.step(&data[taken..], &mut [0; PIECE]) {
            Step::Bad => return false,
            Step::End => return true,
            Step::Some(0, 0) => return true,
            Step::Some(more, written) => {
                taken += more;
                budget = budget.saturating_sub(written);
            }
        }
        if budget == 0 {
            return true;
        }
    }
}

/// The encoding that a word of `content-encoding` names; words that only contain one count, as they do for browsers.
fn encoding(name: &[u8]) -> Option<Encoding> {
    if contains(name, b"gzip") {
        Some(Encoding::Gzip)
    } else if contains(name, b"deflate") {
        Some(Encoding::Deflate)
    } else {
        None
    }
}

/// Whether `word` stands in `text`, in any case; zero bytes in the text do not count.
pub fn contains(text: &[u8], word: &[u8]) -> bool {
    (0..text.len()).any(|start| {
        let mut letters = text[start..].iter().filter(|byte| **byte != 0);
        word.iter().all(|byte| letters.next().is_some_and(|letter| letter.eq_ignore_ascii_case(byte)))
    })
}

fn layer(encoding: Encoding, tools: &mut Tools<'_, '_>) -> Option<Layer> {
    let inflater = tools.inflaters.take(tools.owner)?;
    tools.inflaters.get(inflater, tools.owner)?.start(encoding);
    Some(Layer { inflater, encoding, restarts: 0, proven: false, mode: Mode::Decode })
}

fn append(mut data: &[u8], message: &mut Message, parts: &mut dyn Parts) {
    while !data.is_empty() {
        let count = message.append_body(data);
        data = &data[count..];
        if message.is_body_full() {
            parts.body(message, false);
            message.body_matched();
        }
    }
}
