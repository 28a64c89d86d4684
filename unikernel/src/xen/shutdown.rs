// SPDX-License-Identifier: Apache-2.0
//! What the toolstack wants of the domain: `control/shutdown` (docs/misc/xenstore-paths.pandoc).

use super::{Moments, Store};
use core::cell::Cell;
use core::convert::Infallible;
use xen_glue::ShutdownReason;
use xen_glue::xenstore::{Error, Token, Transaction};

const TOKEN: Token = Token::new(63);
const RETRY_NS: u64 = 1_000_000_000;

/// What is wanted.
#[derive(Clone, Copy)]
enum Order {
    Nothing,
    End(ShutdownReason),
    Suspend,
    Unknown,
}

/// Sets `end` when the toolstack wants the domain to end.
pub async fn heed(store: &Store, moments: &Moments, end: &Cell<Option<ShutdownReason>>) -> Infallible {
    loop {
        let Err(error) = serve(store, end).await;
        defmt::warn!("control/shutdown: {}", defmt::Display2Format(&error));
        moments.pause(RETRY_NS).await;
    }
}

async fn serve(store: &Store, end: &Cell<Option<ShutdownReason>>) -> Result<Infallible, Error> {
    store.watch(format_args!("control/shutdown"), TOKEN).await?;
    for feature in ["poweroff", "reboot"] {
        // Whether or not the toolstack made a place for it: it is news, no more.
        let _ = store.write(Transaction::NONE, format_args!("control/feature-{feature}"), format_args!("1")).await;
    }
    loop {
        store.changed(TOKEN).await;
        match store.read(Transaction::NONE, format_args!("control/shutdown"), |text| Some(order(text))).await? {
            Order::Nothing => {}
            Order::End(reason) => {
                store.write(Transaction::NONE, format_args!("control/shutdown"), format_args!("")).await?;
                end.set(Some(reason));
            }
            // Not acknowledged: xl gives up after a minute, says so, and the domain runs on.
            Order::Suspend => defmt::warn!("this domain cannot be saved or migrated"),
            Order::Unknown => defmt::warn!("the toolstack wants something that is not known"),
        }
    }
}

fn order(text: &[u8]) -> Order {
    match text {
        b"" => Order::Nothing,
        b"poweroff" | b"halt" => Order::End(ShutdownReason::PowerOff),
        b"reboot" => Order::End(ShutdownReason::Reboot),
        b"suspend" => Order::Suspend,
        _ => Order::Unknown,
    }
}
