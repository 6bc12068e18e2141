//! Idle connections cost little memory and no time.

use std::{thread, time::Duration};

use spkit::{Backend, Runtime};

use crate::{
    ALLOCATOR, SOON, alone,
    peers::{Crowd, allow_many_descriptors},
    process::{resident, switches},
    scale,
};

const REQ: u16 = 0x30;

/// Context switches that a test costs by itself.
const QUIET: usize = 5;

fn measure(backend: Backend) {
    let _alone = alone();
    allow_many_descriptors();
    let (peers, quiet) = scale((500, 2), (5_000, 10));
    let runtime = Runtime::builder().backend(backend).build().unwrap();
    let rep = runtime.open("rep").unwrap();
    let listener = rep.listen("tcp://127.0.0.1:0").unwrap();
    // The first connection makes what all others share.
    let first = runtime.open("req").unwrap();
    first.dial(listener.local_addr().as_str()).unwrap();
    first.send("first").unwrap();
    assert_eq!(rep.recv_timeout(SOON).unwrap().body(), b"first");
    let (live, pages) = (ALLOCATOR.current_usage(), resident());
    let mut crowd = Crowd::start("idle", REQ, peers, listener.local_addr().rest());
    assert_eq!(crowd.says(), "connected");
    rep.wait_for_peers(1 + peers, SOON).unwrap();
    while rep.try_event().is_some() {}
    let live = ALLOCATOR.current_usage().checked_sub(live).unwrap();
    let pages = resident().saturating_sub(pages);
    let switched = switches_in(quiet);
    println!(
        "{backend:?}: {peers} idle connections: {} bytes live and {} resident each; {switched} context switches in {quiet} s",
        live / peers,
        pages / peers,
    );
    assert!(live / peers <= 1024, "{} bytes each", live / peers);
    assert!(switched <= QUIET, "{switched} context switches");
    drop(crowd);
    assert!(runtime.shutdown(SOON));
}

/// Context switches in a while in which nothing is to happen: what is measured is that nothing does. The test's own
/// program counts too where others want the CPU, but not each time.
fn switches_in(seconds: u64) -> usize {
    let counts = (0..3).map(|_| {
        let before = switches();
        thread::sleep(Duration::from_secs(seconds));
        switches().saturating_sub(before)
    });
    let mut least = usize::MAX;
    for count in counts {
        least = least.min(count);
        if least <= QUIET {
            break;
        }
    }
    least
}

#[test]
fn caller_runs() {
    measure(Backend::CallerRuns);
}

#[test]
fn background() {
    measure(Backend::Background);
}
