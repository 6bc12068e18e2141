//! Peers that each send all but one byte of a large message: what they make us keep has a limit, and others are served.

use std::time::{Duration, Instant};

use spkit::{Backend, Runtime};

use crate::{
    ALLOCATOR, SOON, alone,
    peers::{Crowd, MESSAGE, allow_many_descriptors},
    scale,
};

const PUSH: u16 = 0x50;

fn measure(backend: Backend) {
    let _alone = alone();
    allow_many_descriptors();
    let (peers, total) = scale((300, 32 << 20), (2_000, 256 << 20));
    let builder = Runtime::builder().backend(backend).memory(total);
    let runtime = builder.build().unwrap();
    let pull = runtime.open("pull").unwrap();
    let listener = pull.listen("tcp://127.0.0.1:0").unwrap();
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let mut crowd = Crowd::start("slow", PUSH, peers, listener.local_addr().rest());
    assert_eq!(crowd.says(), "connected");
    let sent = crowd.says();
    let peak = ALLOCATOR.peak_usage();
    println!(
        "{backend:?}: {peers} peers {sent} of {} bytes; live {} MiB at most, of {} MiB; runtime says {:?}",
        peers * (MESSAGE - 1),
        (peak - before) >> 20,
        total >> 20,
        runtime.memory(),
    );
    assert_eq!(pull.peers(), peers);
    assert!(peak - before <= total, "{} bytes live", peak - before);
    let start = Instant::now();
    let good = Runtime::new().unwrap().open("push").unwrap();
    good.dial(listener.local_addr().as_str()).unwrap();
    good.send("good").unwrap();
    assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"good");
    let took = start.elapsed();
    println!("a good peer is served after {took:?}");
    assert!(took < Duration::from_secs(scale(5, 1)), "{took:?}");
    // And what they made us keep goes with them: as fast as the kernel, which is short of memory itself by then and
    // delivers what they had sent by probes of its own, lets us see their end.
    drop(crowd);
    let start = Instant::now();
    while pull.peers() > 1 {
        assert!(start.elapsed() < scale(SOON, 30 * SOON), "their pipes stay");
        let _ = pull.next_event(SOON);
    }
    let after = ALLOCATOR.current_usage().saturating_sub(before);
    println!("{} KiB stay live", after >> 10);
    assert!(after < total / 8, "{after} bytes stay live");
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
