// SPDX-License-Identifier: Apache-2.0
//! The machine under a network function: from the first instruction to the run loop.
//!
//! [`image!`] makes a bootable image of a compiled wiring. One processor runs everything: interrupts are enabled only while
//! it is halted and do nothing but wake it, so no code here is ever interrupted by other code of ours.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]
// A test program has another entry, so what only the image's entry and log use is unused there.
#![cfg_attr(test, allow(dead_code))]

mod acpi;
mod apic;
mod boot;
mod cell;
mod channel;
mod control_server;
mod devices;
#[cfg(feature = "host")]
mod hosts;
mod idle;
mod ivshmem;
mod link;
mod log;
mod memory;
mod memory_functions;
mod mode;
mod pci;
mod port;
mod power;
mod run;
mod shared_link;
mod shared_pool;
mod tap;
mod time;
mod virtio;
mod xen;

pub use boot::pvh::StartInfo;
pub use cell::Once;
pub use power::panic;
pub use run::main;

/// Makes a bootable image of a wiring (`wiring::Wiring`): its storage, its entry, its panic handler.
#[macro_export]
macro_rules! image {
    ($wiring:path) => {
        static WIRING: $crate::Once<$wiring> = {
            use $wiring as Wiring;
            $crate::Once::new(Wiring::new())
        };

        #[unsafe(no_mangle)]
        extern "C" fn image_main(start_info: &'static $crate::StartInfo, entry_tsc: u64) -> ! {
            $crate::main(WIRING.take(), start_info, entry_tsc)
        }

        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo) -> ! {
            $crate::panic(info)
        }
    };
}
