// SPDX-License-Identifier: Apache-2.0
//! What the toolstack wants of the domain: `control/shutdown` (docs/misc/xenstore-paths.pandoc).

use super::{Moments, Store};
use core::cell::Cell;
use core::convert::Infallible;
use xen_glue::ShutdownReason;
use xen_glue::xenstore::{Error, Refusal, Request, Token, Transaction};

/// Where it says so.
const CONTROL: &str = "control";
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
    let requests = [
        Request::watch(CONTROL, "shutdown", TOKEN),
        // Whether or not the toolstack made a place for these: they are news, no more.
        Request::write_number(CONTROL, "feature-poweroff", 1),
        Request::write_number(CONTROL, "feature-reboot", 1),
        // libxl binds the event channel that a domain is to be told to suspend by. There is no channel 0, so it says at once that it
        // cannot; a wish in `control/shutdown` that nobody grants would take it a minute.
        Request::write_number("device/suspend", "event-channel", 0),
    ];
    let [watched, ..] = store.ask(&requests).await;
    watched.done()?;
    loop {
        let [wanted, ..] = store.ask(&[Request::read(CONTROL, "shutdown")]).await;
        match wanted.bytes().map(order) {
            Ok(Order::Nothing) | Err(Error::Refused(Refusal::NoEntry)) => {}
            Ok(Order::End(reason)) => {
                store.tell(Transaction::NONE, &[Request::write(CONTROL, "shutdown", "")]).await?;
                end.set(Some(reason));
            }
            // Not acknowledged: a toolstack that asks so gives up after a minute, says so, and the domain runs on.
            Ok(Order::Suspend) => defmt::warn!("this domain cannot be saved or migrated"),
            Ok(Order::Unknown) => defmt::warn!("the toolstack wants something that is not known"),
            Err(error) => return Err(error),
        }
        store.changed(TOKEN).await;
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
