// SPDX-License-Identifier: Apache-2.0
//! Element classes by name.

use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::Flat;
use crate::options::Options;
use nf_elements::Spec;

/// For each element the specification of its class; classes that do not exist are reported.
pub(super) fn find(flat: &Flat, options: &Options, log: &mut Log) -> Vec<Option<&'static Spec>> {
    let mut specs = Vec::with_capacity(flat.elements.len());
    for element in &flat.elements {
        let found = element.class.as_ref().and_then(|class| options.class(&class.text));
        if let (Some(class), None) = (&element.class, found) {
            let error = Diagnostic::error(class.span.clone(), format!("no element class '{}'", class.text));
            log.report(error.hint(options.class_hint(&class.text)));
        }
        specs.push(found.map(|class| class.spec));
    }
    specs
}
