//! Two sockets that know of each other.

use std::{thread, time::Instant};

use spkit::Socket;

use crate::world::SOON;

/// Connects one socket to the other, and waits until both know.
pub(crate) fn connect(from: &Socket, to: &Socket, address: &str) {
    let listener = to.listen(address).unwrap();
    let dialer = from.dial(listener.local_addr().as_str()).unwrap();
    dialer.connected(SOON).unwrap();
    let start = Instant::now();
    while listener.peers() == 0 {
        assert!(start.elapsed() < SOON, "nobody came to {address}");
        thread::yield_now();
    }
}
