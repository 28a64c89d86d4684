// SPDX-License-Identifier: Apache-2.0
//! The machine under a configuration that runs as a Linux process.
//!
//! [`process!`] makes the process of a compiled wiring. One thread runs everything; the same wiring runs on the unikernel.
#![forbid(unsafe_code)]

mod captures;
mod clock;
pub mod elements;
mod files;
mod handlers;
mod io;
mod options;
mod pool;
mod ports;
mod run;
mod signals;

pub use run::main;

/// Makes a process of a wiring (`wiring::Wiring`), or of several: the first argument is then the name of the one to run.
#[macro_export]
macro_rules! process {
    ($wiring:path) => {
        fn main() -> ::std::process::ExitCode {
            $crate::process!(@run $wiring, ::std::env::args_os().skip(1))
        }
    };
    ($($name:literal: $wiring:path,)*) => {
        fn main() -> ::std::process::ExitCode {
            let mut arguments = ::std::env::args_os().skip(1);
            let name = arguments.next().unwrap_or_default();
            match name.to_str() {
                $(Some($name) => $crate::process!(@run $wiring, arguments),)*
                _ => {
                    eprintln!("error: no configuration '{}'", name.display());
                    ::std::process::ExitCode::from(2)
                }
            }
        }
    };
    (@run $wiring:path, $arguments:expr) => {{
        use $wiring as Wiring;
        // A constant in place: however big, it never stands on the stack.
        static WIRING: ::std::sync::Mutex<Wiring> = ::std::sync::Mutex::new(Wiring::new());
        $crate::main(&mut *WIRING.lock().expect("nobody else has it"), $arguments)
    }};
}
