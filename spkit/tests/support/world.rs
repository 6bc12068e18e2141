//! Both backends, every transport.

use std::{
    thread,
    time::{Duration, Instant},
};

use spkit::{Backend, Runtime, Socket};

/// Longer than anything takes that works.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Runs a test with each backend over each transport.
pub(crate) fn everywhere(test: impl Fn(&Runtime, &str)) {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let ipc = format!("ipc://{}/socket", dir.path().display());
        for address in ["tcp://127.0.0.1:0", &ipc, "inproc://test"] {
            println!("{backend:?}, {address}");
            test(&runtime, address);
        }
        assert!(runtime.shutdown(SOON), "{backend:?} does not shut down");
    }
}

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
