// SPDX-License-Identifier: Apache-2.0
//! What the caller of the compiler decides.

use crate::{click_classes, suggest};
use nf_elements::configure::ElementClass;
use nf_elements::elements;
use std::fmt;

/// How to compile. The default is an image of the file alone.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// What the wiring will run in.
    pub target: Target,
    /// Element classes beyond those of `nf_elements`.
    pub classes: &'a [ElementClass],
    /// `NAME=VALUE` from the command line: they win over the file's own `define($NAME …)`.
    pub definitions: &'a [(String, String)],
    /// What `AddressInfo` would say of the host's devices, as in `eth0 192.0.2.1/24 02:00:5e:10:00:01`: such names may be
    /// used, unless the configuration gives them another meaning.
    pub devices: &'a [String],
    /// Finds what `require(library FILE)` asks for; none refuses it.
    pub library: Option<&'a Loader<'a>>,
}

/// Finds a library: the file that asks (as the compiler was told its name) and the name it asks for give the library's
/// name, by which the same library is known again, and its text; or why it cannot be read.
pub type Loader<'a> = dyn Fn(&str, &str) -> Result<(String, String), String> + 'a;

/// What a wiring runs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Target {
    /// A VM image.
    #[default]
    Image,
    /// A process of the host.
    Process,
}

/// Classes that read and write files, which no image has, and what to use there.
const PROCESS_ONLY: &[(&str, &str)] = &[
    ("FromDump", "use FromDevice and give its port the capture: `sluice run --replay PORT=FILE`"),
    ("FromIPSummaryDump", "use FromDevice and give its port a capture: `sluice run --replay PORT=FILE`"),
    ("ToDump", "use ToDevice and record its port: `sluice run --capture PORT=FILE`"),
    ("ToIPSummaryDump", "use IPPrint, which writes to the log"),
];

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let classes: Vec<_> = self.classes.iter().map(|class| class.spec.class).collect();
        let mut shown = f.debug_struct("Options");
        shown.field("target", &self.target).field("classes", &classes).field("definitions", &self.definitions);
        shown.finish_non_exhaustive()
    }
}

impl<'a> Options<'a> {
    /// The element class of that name.
    pub(crate) fn class(&self, name: &str) -> Option<&'a ElementClass> {
        let own = self.classes.iter().find(|class| class.spec.class == name);
        own.or_else(|| elements::class(name))
    }

    /// The names of all classes.
    pub(crate) fn class_names(&self) -> impl Iterator<Item = &'a str> {
        self.classes.iter().chain(elements::registry()).map(|class| -> &'a str { class.spec.class })
    }

    /// The hint for an unknown class.
    pub(crate) fn class_hint(&self, name: &str) -> String {
        if let (Target::Image, Some((_, instead))) =
            (self.target, PROCESS_ONLY.iter().find(|(class, _)| *class == name))
        {
            return format!("only a process has this class (`sluice click`); in an image, {instead}");
        }
        if click_classes::contains(name) {
            let near = suggest::most_alike(name, self.class_names()).map(|near| format!("; most like it is '{near}'"));
            return format!("Click has this class, it is not here yet{}", near.unwrap_or_default());
        }
        suggest::hint(name, self.class_names()).unwrap_or_else(|| "`sluice elements` lists the classes".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_process_has_is_told_with_what_to_use_instead() {
        let hint = |target| Options { target, ..Options::default() }.class_hint("ToDump");
        assert!(hint(Target::Image).contains("--capture PORT=FILE"));
        assert!(!hint(Target::Process).contains("only a process"));
    }
}
