//! Bad input of every sort ends in an error or an event that says what and why, and harms nothing else.

mod addresses;
#[path = "../support/connect.rs"]
mod connect;
#[cfg(unix)]
mod descriptors;
mod options;
mod peers;
mod plugins;
#[path = "../support/raw.rs"]
mod raw;
mod states;
#[path = "../support/world.rs"]
mod world;

use std::time::{Duration, Instant};

use spkit::{Socket, SocketEvent};

use world::SOON;

/// The next event that is wanted; others are passed over.
fn until<T>(socket: &Socket, wanted: impl Fn(SocketEvent) -> Option<T>) -> T {
    until_within(socket, SOON, wanted)
}

fn until_within<T>(
    socket: &Socket,
    patience: Duration,
    wanted: impl Fn(SocketEvent) -> Option<T>,
) -> T {
    let start = Instant::now();
    let mut others = Vec::new();
    loop {
        let left = patience.saturating_sub(start.elapsed());
        let Some(event) = socket.next_event(left) else {
            panic!("it never came, only {others:#?}");
        };
        others.push(format!("{event:?}"));
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

fn refused(event: SocketEvent) -> Option<spkit::Error> {
    match event {
        SocketEvent::Refused { error, .. } => Some(error),
        _ => None,
    }
}
