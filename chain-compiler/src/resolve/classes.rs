// SPDX-License-Identifier: Apache-2.0
//! Element classes by name.

use crate::diagnostic::{Diagnostic, Log};
use crate::flatten::Flat;
use crate::suggest;
use nf_elements::{Spec, elements};

/// For each element the specification of its class; classes that do not exist are reported.
pub(super) fn find(flat: &Flat, log: &mut Log) -> Vec<Option<&'static Spec>> {
    let mut specs = Vec::with_capacity(flat.elements.len());
    for element in &flat.elements {
        let found = element.class.as_ref().and_then(|class| elements::class(&class.text));
        if let (Some(class), None) = (&element.class, found) {
            let error = Diagnostic::error(class.span.clone(), format!("no element class '{}'", class.text));
            let classes = elements::registry().iter().map(|class| class.spec.class);
            let hint = suggest::hint(&class.text, classes);
            log.report(error.hint(hint.unwrap_or_else(|| "`sluice elements` lists the classes".into())));
        }
        specs.push(found.map(|class| class.spec));
    }
    specs
}
