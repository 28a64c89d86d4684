// SPDX-License-Identifier: Apache-2.0
//! What a function of a service chain may ask for: `ToService`, `ToChain`, `ToPort`. Each is an element that lets frames pass and
//! counts them; the compiler leads them to an input of the function's `ChainHop`, which knows what is meant.

/// Declares an element of that kind.
macro_rules! wish {
    ($name:ident, $class:literal, $argument:literal, $what:literal, $summary:literal) => {
        use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
        use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
        use core::fmt;

        /// See the module's documentation.
        #[derive(Default)]
        pub struct $name {
            count: u64,
        }

        impl $name {
            /// One that no frame passed yet.
            pub const fn new() -> Self {
                $name { count: 0 }
            }
        }

        impl Element for $name {
            const SPEC: Spec = Spec {
                class: $class,
                category: Category::Chain,
                summary: $summary,
                ports: "1/1",
                processing: "a/a",
                shape: Shape::Action,
                arguments: &[Argument { name: $argument, kind: ArgumentKind::Required, doc: $what }],
                handlers: &[Handler { name: "count", kind: HandlerKind::Read, doc: "frames that passed" }],
            };

            fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
                match name {
                    "count" => Ok(write!(out, "{}", self.count)?),
                    _ => Err(HandlerError::Unknown),
                }
            }
        }

        #[cfg(feature = "host")]
        impl crate::configure::Configure for $name {
            fn configure(
                arguments: &mut crate::configure::Arguments,
                _: &crate::configure::Surroundings,
            ) -> Option<crate::configure::Instance> {
                arguments.required::<String>($argument)?;
                let rust_type = stringify!($name);
                Some(crate::configure::Instance::new(rust_type, concat!(stringify!($name), "::new()")))
            }
        }

        impl Action for $name {
            #[inline]
            fn action<M: PacketIo>(&mut self, _: &mut M, _: &mut Packet) -> Verdict {
                self.count += 1;
                Verdict::Pass
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;
            use crate::testing::{ListIo, packet};

            #[test]
            fn frames_pass_and_are_counted() {
                let (mut wish, mut io) = ($name::new(), ListIo::new(0));
                assert_eq!(wish.action(&mut io, &mut packet(&[1])), Verdict::Pass);
                assert_eq!(crate::testing::read(&wish, "count"), "1");
            }
        }
    };
}

pub(crate) use wish;
