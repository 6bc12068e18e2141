//! Options act: each is set, and what it does is seen. Wrong ones are refused in words.

mod buffers;
mod changes;
#[path = "../support/connect.rs"]
mod connect;
mod coverage;
#[cfg(target_os = "linux")]
mod ipc;
#[cfg(target_os = "linux")]
mod kernel;
mod limits;
mod page;
mod peers;
#[path = "../support/raw.rs"]
mod raw;
mod refusals;
#[cfg(target_os = "linux")]
mod tcp;
mod times;
#[path = "../support/world.rs"]
mod world;

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use spkit::{Error, Runtime, Socket, SocketEvent};

use world::SOON;

/// Long enough for what is not to happen: should it happen all the same, that is mostly seen.
const A_WHILE: Duration = Duration::from_millis(200);

fn runtime() -> Runtime {
    Runtime::new().unwrap()
}

fn until(what: &str, mut there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !there() {
        assert!(start.elapsed() < SOON, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The first event of which something is to be had.
fn event<T>(socket: &Socket, mut of: impl FnMut(SocketEvent) -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < SOON, "no such event");
        if let Some(found) = socket.next_event(SOON).and_then(&mut of) {
            return found;
        }
    }
}

/// Why the next connection was refused.
fn refused(socket: &Socket) -> Error {
    event(socket, |event| match event {
        SocketEvent::Refused { error, .. } => Some(error),
        _ => None,
    })
}

/// A connection without any library behind it.
fn raw_to(address: &str) -> TcpStream {
    let (_, place) = address.split_once("://").unwrap();
    let stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}
