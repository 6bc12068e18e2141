//! Devices: raw sockets joined (SP-DV).

#[path = "../support/connect.rs"]
mod connect;
#[path = "../support/polled.rs"]
mod polled;
#[path = "../support/world.rs"]
mod world;

mod chains;
mod ending;
mod fit;
mod patterns;
mod running;
mod taps;
mod ttl;

use std::{thread, time::Instant};

use spkit::{DropReason, Message, Runtime, Socket};
use world::SOON;

fn open<const N: usize>(runtime: &Runtime, protocols: [&str; N]) -> [Socket; N] {
    protocols.map(|protocol| runtime.open(protocol).unwrap())
}

/// An address for each of several links, all of one transport.
fn address(like: &str, link: usize) -> String {
    match like.starts_with("tcp") {
        true => like.to_owned(),
        false => format!("{like}-{link}"),
    }
}

/// Waits for what has to come.
#[track_caller]
fn until(what: &str, there: impl Fn() -> bool) {
    let start = Instant::now();
    while !there() {
        assert!(start.elapsed() < SOON, "{what}: never");
        thread::yield_now();
    }
}

#[track_caller]
fn expect(socket: &Socket, body: &str) -> Message {
    let message = socket.recv_timeout(SOON).unwrap();
    assert_eq!(message.body().escape_ascii().to_string(), body);
    message
}

/// A request there, its answer back.
#[track_caller]
fn round_trip(req: &Socket, rep: &Socket, body: &str) {
    req.send(body.to_owned()).unwrap();
    expect(rep, body);
    rep.send(format!("{body}!")).unwrap();
    expect(req, &format!("{body}!"));
}

fn dropped(count: u64, why: DropReason) -> Vec<(DropReason, u64)> {
    vec![(why, count)]
}

/// The reasons that something was dropped for.
fn reasons(dropped: &spkit::Dropped) -> Vec<(DropReason, u64)> {
    dropped.iter().filter(|(_, count)| *count > 0).collect()
}
