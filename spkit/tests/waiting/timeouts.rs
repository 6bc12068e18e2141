//! A time limit never ends early, and none at all is a try.

use std::{
    thread,
    time::{Duration, Instant},
};

use spkit::{
    Error, ErrorKind,
    options::{RECV_TIMEOUT, SEND_TIMEOUT},
};

use crate::{
    connected, refused, until_waiting,
    world::{SOON, everywhere},
};

const LIMITS: [Duration; 6] = [
    Duration::from_nanos(1),
    Duration::from_micros(20),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(7),
    Duration::from_millis(30),
];

/// Runs something that has to time out, and that not before its time.
fn times_out(limit: Duration, run: impl FnOnce() -> Result<(), Error>) {
    let start = Instant::now();
    let result = run();
    let took = start.elapsed();
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(took >= limit, "{limit:?} ended after {took:?}");
}

#[test]
fn receivers_wait_for_all_of_it() {
    everywhere(|runtime, address| {
        let (pair, _peer) = connected(runtime, ["pair", "pair"], address);
        for limit in LIMITS {
            for _ in 0..5 {
                times_out(limit, || pair.recv_timeout(limit).map(drop));
            }
        }
        pair.set(RECV_TIMEOUT, Some(LIMITS[4])).unwrap();
        times_out(LIMITS[4], || pair.recv().map(drop));
        pair.set_str("recv-timeout", "3ms").unwrap();
        times_out(Duration::from_millis(3), || pair.recv().map(drop));
    });
}

#[test]
fn senders_wait_for_all_of_it() {
    everywhere(|runtime, _| {
        let push = runtime.open("push").unwrap();
        for limit in LIMITS {
            for _ in 0..5 {
                times_out(limit, || push.send_timeout("x", limit).map_err(Error::from));
            }
        }
        push.set(SEND_TIMEOUT, Some(LIMITS[4])).unwrap();
        times_out(LIMITS[4], || push.send("x").map_err(Error::from));
        let (_, message) = refused(push.send("back"));
        assert_eq!(message.body(), b"back");
    });
}

#[test]
fn those_who_wait_for_connections_wait_for_all_of_it() {
    everywhere(|runtime, _| {
        let pair = runtime.open("pair").unwrap();
        let dialer = pair.dial("inproc://nobody-is-there").unwrap();
        for limit in LIMITS {
            times_out(limit, || pair.wait_for_peers(1, limit));
            times_out(limit, || dialer.connected(limit));
        }
    });
}

#[test]
fn those_who_wait_for_events_wait_for_all_of_it() {
    everywhere(|runtime, _| {
        let pair = runtime.open("pair").unwrap();
        for limit in LIMITS {
            let start = Instant::now();
            assert!(pair.next_event(limit).is_none());
            assert!(start.elapsed() >= limit);
        }
    });
}

#[test]
fn no_time_is_a_try() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        let none = Duration::ZERO;
        let kind = |received: Result<spkit::Message, Error>| received.unwrap_err().kind();
        assert_eq!(kind(pair.try_recv()), ErrorKind::WouldBlock);
        assert_eq!(kind(pair.recv_timeout(none)), ErrorKind::WouldBlock);
        pair.set(RECV_TIMEOUT, Some(none)).unwrap();
        assert_eq!(kind(pair.recv()), ErrorKind::WouldBlock);
        let alone = runtime.open("pair").unwrap();
        let (error, message) = refused(alone.send_timeout("back", none));
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(message.body(), b"back");
        assert_eq!(refused(alone.try_send("x")).0.kind(), ErrorKind::WouldBlock);
        // What needs no waiting succeeds.
        peer.send_timeout("1", none).unwrap();
        peer.send_timeout("2", none).unwrap();
        assert_eq!(pair.recv_timeout(SOON).unwrap().body(), b"1");
        let start = Instant::now();
        let second = loop {
            match pair.recv_timeout(none) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && start.elapsed() < SOON => {
                    thread::yield_now();
                }
                done => break done,
            }
        };
        assert_eq!(second.unwrap().body(), b"2");
    });
}

#[test]
fn a_short_wait_beside_a_long_one_ends_in_its_own_time() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        thread::scope(|scope| {
            let long = scope.spawn(|| pair.recv_timeout(SOON));
            until_waiting(&pair, 1);
            let start = Instant::now();
            times_out(LIMITS[4], || pair.recv_timeout(LIMITS[4]).map(drop));
            assert!(start.elapsed() < SOON / 2, "it waited for the long one");
            peer.send("x").unwrap();
            assert_eq!(long.join().unwrap().unwrap().body(), b"x");
        });
        thread::scope(|scope| {
            let short = scope.spawn(|| pair.recv_timeout(LIMITS[5]).map(drop));
            let long = scope.spawn(|| pair.recv_timeout(SOON));
            // The short one may lead, and hands over when it goes.
            assert_eq!(
                short.join().unwrap().unwrap_err().kind(),
                ErrorKind::TimedOut
            );
            peer.send("y").unwrap();
            assert_eq!(long.join().unwrap().unwrap().body(), b"y");
        });
    });
}
