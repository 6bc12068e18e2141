//! Waiting in every form: it ends when it should, no earlier, and loses nothing.

mod cancel;
mod close;
#[path = "../support/connect.rs"]
mod connect;
mod dialers;
#[path = "../support/dice.rs"]
mod dice;
mod ending;
mod handing_on;
#[path = "../support/pairs.rs"]
mod pairs;
#[path = "../support/polled.rs"]
mod polled;
#[path = "../support/raw.rs"]
mod raw;
mod timeouts;
#[path = "../support/world.rs"]
mod world;

use std::{thread, time::Instant};

use spkit::{Error, Message, Result, Socket};

use pairs::connected;
use world::SOON;

/// Waits until so many operations wait on a socket. Its dump says so; nothing else does.
fn until_waiting(socket: &Socket, operations: usize) {
    until_dump_has(socket, &format!("waiting: {operations},"));
}

fn until_dump_has(socket: &Socket, text: &str) {
    let start = Instant::now();
    while !format!("{socket:?}").contains(text) {
        assert!(start.elapsed() < SOON, "no {text} in {socket:#?}");
        thread::yield_now();
    }
}

/// A refused message comes back with its error.
fn refused(sent: Result<(), spkit::SendError>) -> (Error, Message) {
    let failed = sent.unwrap_err();
    (failed.error, failed.message)
}
