// SPDX-License-Identifier: Apache-2.0
//! The host side of an element: its arguments read and checked, and the Rust expression that builds it in an image.
//!
//! The compiler splits a configuration string at its top-level commas and hands the pieces over as [`Arguments`]. An
//! element's [`Configure::configure`] takes them by position or keyword; whatever is wrong becomes a [`ConfigError`] that
//! points into the text of one argument.

mod calls;
mod instance;
mod names;
mod values;

pub use calls::{CallText, count_call};
pub use instance::{Instance, Memory, Peer};
pub use names::{Meaning, NameError, NameTable};
pub use values::{
    AnnotationByte, Bytes, BytesPerSecond, Destination, Fraction, IpProtocol, Ipv4Addresses, Ipv4Prefix, Ipv6Addresses,
    Ipv6Prefix, Nanoseconds, Port,
};

use crate::spec::ArgumentKind;
use crate::{Element, Spec};
use std::ops::Range;
use std::str::FromStr;

/// An element class as the compiler knows it.
#[derive(Clone, Copy)]
pub struct ElementClass {
    /// Its specification.
    pub spec: &'static Spec,
    /// Its argument parser.
    pub configure: fn(&mut Arguments, &Surroundings) -> Option<Instance>,
}

/// The host side of an element class.
pub trait Configure: Element {
    /// Reads the arguments; errors are left in `arguments`. `None` only if there is at least one.
    fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance>;
}

/// What an element may know about its place in the graph.
#[derive(Debug, Default)]
pub struct Surroundings<'a> {
    /// The element's name, for messages that say who speaks.
    pub name: &'a str,
    /// Number of connected inputs.
    pub inputs: usize,
    /// Number of connected outputs.
    pub outputs: usize,
    /// The VM's ports by name, in order: what `FromDevice(NAME)` can name.
    pub ports: &'a [String],
    /// The machine's own hosts by name, in order: what `ToHost(NAME)` can name. Their ports stand behind `ports`.
    pub hosts: &'a [String],
    /// The configuration's elements of shape `Information`: what they tell the others.
    pub information: &'a [Information<'a>],
    /// The nearest elements in which packets wait: behind it where it is pushed, before it where it is pulled.
    pub stores: &'a [String],
}

/// An element of shape `Information`, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Information<'a> {
    /// Its class.
    pub class: &'a str,
    /// Its arguments' texts.
    pub arguments: Vec<&'a str>,
}

/// Something wrong with a configuration string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where: an argument and the bytes of its text; `None` is the whole configuration.
    pub place: Option<(usize, Range<usize>)>,
    /// What is wrong: what was found.
    pub message: String,
    /// What was wanted, if that helps.
    pub wanted: Option<String>,
}

/// One argument's text, without the white space and comments around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentText {
    /// The keyword, if the text starts with one (`BURST 32`: an upper-case word, then white space or the end).
    pub keyword: Option<String>,
    /// The text behind the keyword.
    pub value: String,
    /// Byte offset of `value` in the argument.
    pub offset: usize,
}

/// The arguments of one element, taken one by one.
pub struct Arguments {
    spec: &'static Spec,
    texts: Vec<ArgumentText>,
    taken: Vec<bool>,
    last: Option<usize>,
    errors: Vec<ConfigError>,
    warnings: Vec<ConfigError>,
    names: NameTable,
}

impl Arguments {
    /// The arguments of an element of class `spec`, split at commas.
    pub fn new<S: AsRef<str>>(spec: &'static Spec, arguments: &[S]) -> Self {
        let texts: Vec<_> = arguments.iter().map(|text| split_keyword(spec, text.as_ref())).collect();
        let taken = vec![false; texts.len()];
        Arguments {
            spec,
            texts,
            taken,
            last: None,
            errors: Vec::new(),
            warnings: Vec::new(),
            names: NameTable::default(),
        }
    }

    /// With names that may stand for addresses.
    pub fn with_names(mut self, names: NameTable) -> Self {
        self.names = names;
        self
    }

    /// How many arguments were given.
    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// Takes the argument `name` by position or keyword; reports it if it is missing.
    pub fn required<T: FromArgument>(&mut self, name: &str) -> Option<T> {
        let Some(index) = self.take(name) else {
            self.error(format!("{} needs the argument {name}", self.spec.class), Some(self.usage()));
            return None;
        };
        self.parse(index)
    }

    /// Takes the argument `name` by position or keyword, or `default`.
    pub fn optional<T: FromArgument>(&mut self, name: &str, default: T) -> Option<T> {
        match self.take(name) {
            Some(index) => self.parse(index),
            None => Some(default),
        }
    }

    /// Takes the keyword argument `name`, if it is there.
    pub fn keyword<T: FromArgument>(&mut self, name: &str) -> Option<T> {
        let index = self.take_keyword(name)?;
        self.parse(index)
    }

    /// Takes the argument `name` by position or keyword: the name of an element of one of `classes`.
    pub fn required_peer(&mut self, name: &str, classes: &'static [&'static str]) -> Option<Peer> {
        let peer = self.required(name)?;
        self.last.map(|argument| Peer { argument, name: peer, classes })
    }

    /// Takes the keyword argument `name`, the name of an element of one of `classes`, if it is there.
    pub fn keyword_peer(&mut self, name: &str, classes: &'static [&'static str]) -> Option<Peer> {
        let peer = self.keyword(name)?;
        self.last.map(|argument| Peer { argument, name: peer, classes })
    }

    /// Takes these keyword arguments, which mean nothing here, whatever they say.
    pub fn accept(&mut self, keywords: &[&str]) {
        for keyword in keywords {
            while self.take_keyword(keyword).is_some() {}
        }
    }

    /// Takes all positional arguments that are left, each with its index.
    pub fn rest(&mut self) -> Vec<(usize, ArgumentText)> {
        let mut rest = Vec::new();
        for (index, text) in self.texts.iter().enumerate() {
            if !self.taken[index] && text.keyword.is_none() {
                self.taken[index] = true;
                rest.push((index, text.clone()));
            }
        }
        rest
    }

    /// Reports something wrong with the whole configuration.
    pub fn error(&mut self, message: impl Into<String>, wanted: Option<String>) {
        self.errors.push(ConfigError { place: None, message: message.into(), wanted });
    }

    /// Reports something wrong at `range` of the value of argument `index`.
    pub fn error_at(&mut self, index: usize, range: Range<usize>, message: impl Into<String>, wanted: Option<String>) {
        let offset = self.texts[index].offset;
        let place = Some((index, range.start + offset..range.end + offset));
        self.errors.push(ConfigError { place, message: message.into(), wanted });
    }

    /// Reports something wrong with the value of the argument that was taken last.
    pub fn error_last(&mut self, message: impl Into<String>, wanted: impl Into<String>) {
        let Some(index) = self.last else { return self.error(message, Some(wanted.into())) };
        let end = self.texts[index].value.len();
        self.error_at(index, 0..end, message, Some(wanted.into()));
    }

    /// Warns of something about the whole configuration: it compiles, and does not do what one may think.
    pub fn warn(&mut self, message: impl Into<String>, wanted: Option<String>) {
        self.warnings.push(ConfigError { place: None, message: message.into(), wanted });
    }

    /// Warns of something in the argument that was taken last.
    pub fn warn_last(&mut self, message: impl Into<String>) {
        match self.last {
            Some(index) => self.warn_at(index, message),
            None => self.warn(message, None),
        }
    }

    /// Warns of something in argument `index`.
    pub fn warn_at(&mut self, index: usize, message: impl Into<String>) {
        let text = &self.texts[index];
        let place = Some((index, 0..text.offset + text.value.len()));
        self.warnings.push(ConfigError { place, message: message.into(), wanted: None });
    }

    /// All warnings so far, in order.
    pub fn take_warnings(&mut self) -> Vec<ConfigError> {
        std::mem::take(&mut self.warnings)
    }

    /// Ends the reading: arguments that nobody took are errors. All errors, in order.
    pub fn finish(mut self) -> Vec<ConfigError> {
        for index in 0..self.texts.len() {
            if !self.taken[index] {
                let text = &self.texts[index];
                let message = match &text.keyword {
                    Some(keyword) => format!("{} has no keyword argument {keyword}", self.spec.class),
                    None => format!("one argument too many for {}", self.spec.class),
                };
                let start = text.keyword.as_ref().map_or(text.offset, |_| 0);
                let place = Some((index, start..text.offset + text.value.len()));
                self.errors.push(ConfigError { place, message, wanted: Some(self.usage()) });
            }
        }
        self.errors
    }

    /// The class with its arguments, as its documentation shows it: `Strip(LENGTH)`.
    pub fn usage(&self) -> String {
        let shown = self.spec.arguments.iter().map(|argument| match argument.kind {
            ArgumentKind::Required => argument.name.to_string(),
            ArgumentKind::Optional => format!("[{}]", argument.name),
            ArgumentKind::Keyword => format!("[{} …]", argument.name),
            ArgumentKind::List => format!("{} …", argument.name),
        });
        format!("{}({})", self.spec.class, shown.collect::<Vec<_>>().join(", "))
    }

    fn take(&mut self, name: &str) -> Option<usize> {
        self.take_keyword(name).or_else(|| {
            let index = (0..self.texts.len()).find(|&i| !self.taken[i] && self.texts[i].keyword.is_none())?;
            self.mark(index)
        })
    }

    fn take_keyword(&mut self, name: &str) -> Option<usize> {
        let index =
            (0..self.texts.len()).find(|&i| !self.taken[i] && self.texts[i].keyword.as_deref() == Some(name))?;
        self.mark(index)
    }

    fn mark(&mut self, index: usize) -> Option<usize> {
        self.taken[index] = true;
        self.last = Some(index);
        self.last
    }

    fn parse<T: FromArgument>(&mut self, index: usize) -> Option<T> {
        let value = self.texts[index].value.clone();
        // A configuration's own names go before those that everybody knows, such as of ports.
        match T::named(&self.names, &value).or_else(|| T::from_argument(&value)) {
            Some(parsed) => Some(parsed),
            None => {
                let message = if value.is_empty() { "empty argument".into() } else { format!("'{value}'") };
                self.error_at(index, 0..value.len(), message, Some(T::WANTED.into()));
                None
            }
        }
    }
}

/// Splits off a keyword: an argument name of the class, or any word in capitals, followed by white space or the end.
fn split_keyword(spec: &Spec, text: &str) -> ArgumentText {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let word = &text[..end];
    let looks_like_one = word.len() > 1
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    // In a list of patterns or names a word in capitals is one of those, unless it is a keyword of the class.
    let has_list = spec.arguments.iter().any(|argument| argument.kind == ArgumentKind::List);
    let known = spec.arguments.iter().any(|argument| argument.name == word);
    if !looks_like_one
        || (has_list && !known)
        || (end == text.len() && !spec.arguments.iter().any(|argument| argument.name == word))
    {
        return ArgumentText { keyword: None, value: text.into(), offset: 0 };
    }
    let value = text[end..].trim_start();
    ArgumentText { keyword: Some(word.into()), value: value.into(), offset: text.len() - value.len() }
}

/// A type that an argument can have.
pub trait FromArgument: Sized {
    /// What to say when the text is not one.
    const WANTED: &'static str;

    /// Reads the text.
    fn from_argument(text: &str) -> Option<Self>;

    /// What a name stands for that the configuration gives to an address.
    fn named(names: &NameTable, name: &str) -> Option<Self> {
        let _ = (names, name);
        None
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl FromArgument for $type {
            const WANTED: &'static str = concat!("a whole number (decimal, 0x hexadecimal) that fits ", stringify!($type));

            fn from_argument(text: &str) -> Option<Self> {
                match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                    Some(digits) => <$type>::from_str_radix(digits, 16).ok(),
                    None => <$type>::from_str(text).ok(),
                }
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, usize, i32, i64);

impl FromArgument for bool {
    const WANTED: &'static str = "true or false";

    fn from_argument(text: &str) -> Option<Self> {
        match text {
            "true" | "yes" | "1" | "t" | "y" => Some(true),
            "false" | "no" | "0" | "f" | "n" => Some(false),
            _ => None,
        }
    }
}

/// A string argument; quotation marks around it are removed.
impl FromArgument for String {
    const WANTED: &'static str = "a word or a quoted string";

    fn from_argument(text: &str) -> Option<Self> {
        let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        (!text.is_empty()).then(|| unquoted.into())
    }
}

/// Takes the argument PORT, which Click calls DEVNAME: the name of a device.
///
/// Click finds a device also by its Ethernet address, which may have the name `NAME:eth`: the port is NAME then.
pub fn device(arguments: &mut Arguments) -> Option<String> {
    let name: String = match arguments.keyword("DEVNAME") {
        Some(name) => name,
        None => arguments.required("PORT")?,
    };
    Some(name.strip_suffix(":eth").map_or(name.clone(), str::to_string))
}

/// Takes the argument PORT and looks it up among the VM's ports: the number of that port.
pub fn port(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<usize> {
    let name = device(arguments)?;
    let found = surroundings.ports.iter().position(|port| *port == name);
    if found.is_none() {
        let wanted = if surroundings.ports.is_empty() {
            "a chain statement that gives this VM its ports, as in 'chain lan <-> fw <-> wan'".into()
        } else {
            format!("one of this VM's ports: {}", surroundings.ports.join(", "))
        };
        arguments.error_last(format!("no port '{name}'"), wanted);
    }
    found
}

/// Reads an element's arguments outside of the compiler: for tests.
pub fn configure<E: Configure>(arguments: &[&str], surroundings: &Surroundings) -> Result<Instance, Vec<ConfigError>> {
    const { assert!(!E::SPEC.class.is_empty()) };
    let spec = crate::elements::class(E::SPEC.class).expect("the class is in the registry").spec;
    let mut taken = Arguments::new(spec, arguments);
    let instance = E::configure(&mut taken, surroundings);
    let errors = taken.finish();
    if errors.is_empty() { Ok(instance.expect("no error, so an instance")) } else { Err(errors) }
}
