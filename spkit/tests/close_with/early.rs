//! When a close is over: not later than it has to be, and not before it is safe.

use std::{thread, time::Duration};

#[cfg(unix)]
use crate::raw::{self, PAIR, PULL};
use crate::{MESSAGES, SOON, adds_up, close_soon, connected, everywhere, number, numbered};

/// Over Unix sockets the peer's end is waited for: nanomsg forgets what it has not read once we are gone altogether.
#[cfg(target_os = "linux")]
fn waits_for_the_end(address: &str) -> bool {
    address.starts_with("ipc") || address.starts_with("abstract")
}

/// So a peer that learns of our end still finds all there was before it.
#[cfg(unix)]
#[test]
fn over_unix_sockets_our_end_is_half_closed_until_the_peer_ends() {
    raw::everywhere(|runtime, address, accept| {
        if !address.starts_with("ipc") {
            return;
        }
        let push = runtime.open("push").unwrap();
        push.dial(address).unwrap();
        let mut peer = accept(PULL);
        push.send(numbered(0, 100)).unwrap();
        thread::scope(|scope| {
            let closing = scope.spawn(|| push.close_with(SOON));
            assert_eq!(peer.read().map(|body| number(&body)), Some(0));
            assert_eq!(peer.read(), None, "the end");
            // What is closed altogether refuses this.
            peer.write(b"not yet").unwrap();
            assert!(!closing.is_finished());
            drop(peer);
            assert!(closing.join().unwrap().complete);
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_has_it_all_and_does_not_read_holds_up_nobody() {
    raw::everywhere(|runtime, address, accept| {
        if waits_for_the_end(address) {
            return;
        }
        let push = runtime.open("push").unwrap();
        push.dial(address).unwrap();
        let mut peer = accept(PULL);
        for n in 0..100 {
            push.send(numbered(n, 100)).unwrap();
        }
        let report = close_soon(push);
        assert!(report.complete, "{report:?}");
        adds_up(&report, 100);
        for n in 0..100 {
            assert_eq!(peer.read().map(|body| number(&body)), Some(n));
        }
        assert_eq!(peer.read(), None, "the end");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_that_does_not_read_holds_up_nobody() {
    everywhere(|runtime, address| {
        if waits_for_the_end(address) {
            return;
        }
        let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
        pull.set(spkit::options::RECV_BUFFER_MESSAGES, 1).unwrap();
        connected([&pull, &push], address, |_| Ok(()));
        for n in 0..100 {
            push.send(numbered(n, 100)).unwrap();
        }
        let report = close_soon(push);
        assert!(report.complete, "{report:?}");
        adds_up(&report, 100);
        for n in 0..100 {
            assert_eq!(number(pull.recv_timeout(SOON).unwrap().body()), n);
        }
    });
}

/// A peer may write at any time, and could take it for the end of everything if that failed.
#[cfg(unix)]
#[test]
fn a_peer_that_writes_while_it_reads_is_waited_for() {
    raw::everywhere(|runtime, address, accept| {
        let pair = runtime.open("pair").unwrap();
        pair.dial(address).unwrap();
        let mut peer = accept(PAIR);
        for n in 0..MESSAGES {
            pair.send(numbered(n, 100)).unwrap();
        }
        thread::scope(|scope| {
            let closing = scope.spawn(|| pair.close_with(SOON));
            for n in 0..MESSAGES {
                assert_eq!(peer.read().map(|body| number(&body)), Some(n));
                peer.write(b"thanks").unwrap();
                thread::sleep(Duration::from_micros(200));
            }
            assert_eq!(peer.read(), None, "the end");
            peer.write(b"thanks for all").unwrap();
            drop(peer);
            let report = closing.join().unwrap();
            assert!(report.complete, "{report:?}");
            adds_up(&report, u64::from(MESSAGES));
        });
    });
}

/// A peer that reads only when it has written everything.
#[cfg(unix)]
#[test]
fn a_peer_that_writes_before_it_reads_is_read_from() {
    raw::everywhere(|runtime, address, accept| {
        let pair = runtime.open("pair").unwrap();
        let roomy = |own: &mut spkit::api::Options| own.set(spkit::options::SEND_BUFFER, 256 << 20);
        pair.dial_with(address, roomy).unwrap();
        let mut peer = accept(PAIR);
        let sent = 1_000;
        for n in 0..sent {
            pair.send(numbered(n, 20_000)).unwrap();
        }
        thread::scope(|scope| {
            let closing = scope.spawn(|| pair.close_with(SOON));
            for _ in 0..1_000 {
                peer.write(&[7; 20_000]).expect("somebody reads");
            }
            peer.shut();
            for n in 0..sent {
                assert_eq!(peer.read().map(|body| number(&body)), Some(n));
            }
            assert_eq!(peer.read(), None, "the end");
            let report = closing.join().unwrap();
            assert!(report.complete, "{report:?}");
            adds_up(&report, u64::from(sent));
        });
    });
}
