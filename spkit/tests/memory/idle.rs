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
    // What is measured is that nothing happens in a while.
    let before = switches();
    thread::sleep(Duration::from_secs(quiet));
    let switched = switches() - before;
    println!(
        "{backend:?}: {peers} idle connections: {} bytes live and {} resident each; {switched} context switches in {quiet} s",
        live / peers,
        pages / peers,
    );
    assert!(live / peers <= 1024, "{} bytes each", live / peers);
    assert!(switched <= 5, "{switched} context switches");
    drop(crowd);
    assert!(runtime.shutdown(SOON));
}

#[test]
fn caller_runs() {
    measure(Backend::CallerRuns);
}

#[test]
fn background() {
    measure(Backend::Background);
}
