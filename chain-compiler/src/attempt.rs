// SPDX-License-Identifier: Apache-2.0
//! An element's arguments read by its class, with names for addresses.
//!
//! A name alone may stand for several kinds of address, and not every class says which kind it wants in the middle of an
//! argument: where an argument is wrong as it stands, each kind is tried.

use crate::flatten::FlatElement;
use crate::names;
use crate::text::Text;
use nf_elements::configure::{Arguments, ConfigError, ElementClass, Instance, Meaning, NameTable, Surroundings};
use nf_elements::spec::Category;

/// Arguments, the instance that they give, and what is wrong with them.
pub(crate) struct Attempt {
    pub(crate) arguments: Vec<Text>,
    pub(crate) instance: Option<Instance>,
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) warnings: Vec<ConfigError>,
}

impl Attempt {
    fn new(class: &ElementClass, arguments: Vec<Text>, names: &NameTable, surroundings: &Surroundings) -> Self {
        let texts: Vec<&str> = arguments.iter().map(Text::as_str).collect();
        let mut taken = Arguments::new(class.spec, &texts).with_names(names.clone());
        let instance = (class.configure)(&mut taken, surroundings);
        let warnings = taken.take_warnings();
        let mut errors = taken.finish();
        if instance.is_none() && errors.is_empty() {
            let message = format!("{} does not take these arguments", class.spec.class);
            errors.push(ConfigError { place: None, message, wanted: None });
        }
        Attempt { arguments, instance, errors, warnings }
    }

    fn is_wrong_in(&self, argument: usize) -> bool {
        self.errors.iter().any(|error| error.place.as_ref().is_some_and(|(index, _)| *index == argument))
    }
}

/// Reads the arguments of an element.
pub(crate) fn configure(
    class: &ElementClass,
    element: &FlatElement,
    names: &NameTable,
    surroundings: &Surroundings,
) -> Attempt {
    let names = names.seen_from(names::scope(&element.name));
    let written = &element.arguments;
    // A device is no address, whatever its name is.
    if names.is_empty() || class.spec.category == Category::Device {
        return Attempt::new(class, written.clone(), &names, surroundings);
    }
    let attempt = |arguments| Attempt::new(class, arguments, &names, surroundings);
    let mut best = attempt(names::replace(written, &names, None));
    for (index, argument) in written.iter().enumerate() {
        if !best.is_wrong_in(index) || !names::mentions(argument, &names) {
            continue;
        }
        let better = Meaning::ALL.into_iter().find_map(|meaning| {
            let mut arguments = best.arguments.clone();
            arguments[index] = names::replace_in(argument, &names, Some(meaning));
            Some(attempt(arguments)).filter(|next| !next.is_wrong_in(index))
        });
        best = better.unwrap_or(best);
    }
    if best.errors.is_empty() || !written.iter().any(|argument| names::mentions(argument, &names)) {
        return best;
    }
    // One name for two arguments: an IPv4 address and an Ethernet address.
    let split = attempt(written.iter().flat_map(|argument| names::both(argument, &names)).collect());
    if split.errors.is_empty() { split } else { best }
}
