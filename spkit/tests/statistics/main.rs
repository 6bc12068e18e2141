//! What sockets tell: counters that add up, reasons, events, hooks, and all of it for machines.

mod admission;
mod books;
#[path = "../support/connect.rs"]
mod connect;
mod events;
mod exports;
#[path = "../support/raw.rs"]
mod raw;
mod reasons;
#[path = "../support/world.rs"]
mod world;

use std::{thread, time::Instant};

use spkit::{Runtime, Socket};

use connect::connect;
use world::SOON;

/// Two sockets, connected: the first listens.
fn connected(runtime: &Runtime, protocols: [&str; 2], address: &str) -> (Socket, Socket) {
    let [a, b] = protocols.map(|name| runtime.open(name).unwrap());
    connect(&b, &a, address);
    (a, b)
}

/// Waits until something holds, and drives the socket meanwhile.
fn until(socket: &Socket, what: &str, holds: impl Fn(&Socket) -> bool) {
    let start = Instant::now();
    while !holds(socket) {
        assert!(
            start.elapsed() < SOON,
            "not {what}: {:#?}",
            socket.snapshot()
        );
        thread::yield_now();
    }
}
