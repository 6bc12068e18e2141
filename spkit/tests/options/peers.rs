//! Options about peers: none of them, some before others.

use std::{sync::mpsc, thread, time::Duration};

use spkit::{
    ErrorKind,
    options::{FAIL_WITHOUT_PEERS, RECV_PRIORITY, SEND_TIMEOUT, SOCKET_NAME},
};

use crate::{
    connect::connect,
    runtime, until,
    world::{SOON, everywhere},
};

#[test]
pub(crate) fn a_send_fails_while_nobody_is_connected() {
    everywhere(|runtime, address| {
        let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
        push.set(FAIL_WITHOUT_PEERS, true).unwrap();
        for sent in [
            push.send("x"),
            push.try_send("x"),
            push.send_timeout("x", SOON),
        ] {
            let error = sent.unwrap_err().error;
            assert_eq!(error.kind(), ErrorKind::NoPeers);
            assert!(error.context().contains("`fail-without-peers`"), "{error}");
        }
        connect(&push, &pull, address);
        push.send("x").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
    });
}

#[test]
fn a_send_that_waits_fails_when_the_last_peer_goes() {
    everywhere(|runtime, address| {
        let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
        connect(&push, &pull, address);
        let full = Duration::from_millis(100);
        push.set(SEND_TIMEOUT, Some(full)).unwrap();
        while push.send(vec![0; 60_000]).is_ok() {}
        push.set(FAIL_WITHOUT_PEERS, true).unwrap();
        push.set(SEND_TIMEOUT, None).unwrap();
        let (done, failed) = mpsc::channel();
        let sender = push.clone();
        thread::spawn(move || {
            // What the last moments make room for is lost with the peer.
            let failure = (0..).find_map(|_| sender.send("late").err());
            done.send(failure.unwrap().error)
        });
        until("the sender", || format!("{push:?}").contains("waiting: 1,"));
        pull.close_with(Duration::ZERO);
        let error = failed.recv_timeout(SOON).expect("it does not wait on");
        assert_eq!(error.kind(), ErrorKind::NoPeers);
    });
}

#[test]
fn setting_it_ends_those_who_wait_for_a_peer() {
    let pair = runtime().open("pair").unwrap();
    thread::scope(|scope| {
        let sender = scope.spawn(|| pair.send("late"));
        until("the sender", || format!("{pair:?}").contains("waiting: 1,"));
        pair.set(FAIL_WITHOUT_PEERS, true).unwrap();
        assert_eq!(
            sender.join().unwrap().unwrap_err().error.kind(),
            ErrorKind::NoPeers
        );
    });
}

#[test]
pub(crate) fn the_lowest_recv_priority_is_received_first() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let mut pushes = Vec::new();
        for rank in [16, 1, 8] {
            let at = match address.starts_with("tcp") {
                true => address.to_owned(),
                false => format!("{address}-{rank}"),
            };
            let listener = pull
                .listen_with(&at, |own| own.set(RECV_PRIORITY, rank))
                .unwrap();
            let push = runtime.open("push").unwrap();
            let dialer = push.dial(listener.local_addr().as_str()).unwrap();
            dialer.connected(SOON).unwrap();
            for _ in 0..5 {
                push.send(format!("{rank}")).unwrap();
            }
            pushes.push(push);
        }
        until("all messages", || {
            format!("{pull:?}").contains("messages: 15, bytes")
        });
        let order: Vec<_> = (0..15)
            .map(|_| String::from_utf8(pull.recv().unwrap().body().to_vec()).unwrap())
            .collect();
        assert_eq!(order.join(" "), "1 1 1 1 1 8 8 8 8 8 16 16 16 16 16");
    });
}

#[test]
pub(crate) fn a_name_shows_in_debug_output() {
    let pair = runtime().open("pair").unwrap();
    let shown = || format!("{pair:?}").contains("name: \"orders\"");
    assert!(!shown());
    pair.set(SOCKET_NAME, "orders".to_owned()).unwrap();
    assert!(shown());
}
