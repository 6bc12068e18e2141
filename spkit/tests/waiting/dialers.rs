//! Dialers and listeners as objects.

use std::{error::Error as _, time::Duration};

use spkit::{
    ErrorKind, Runtime, Socket, SocketEvent,
    options::{RECONNECT_MAX, RECONNECT_MIN},
};

use crate::{
    connected,
    world::{SOON, everywhere},
};

/// An address where nobody listens, and somebody can.
fn vacant(runtime: &Runtime, address: &str) -> String {
    let socket = runtime.open("pull").unwrap();
    let listener = socket.listen(address).unwrap();
    let vacant = listener.local_addr().as_str().to_owned();
    assert!(socket.close_with(SOON).complete);
    vacant
}

/// Waits for an event; others are passed over.
fn until(socket: &Socket, wanted: impl Fn(&SocketEvent) -> bool) -> SocketEvent {
    loop {
        let event = socket.next_event(SOON).expect("an event that never comes");
        if wanted(&event) {
            return event;
        }
    }
}

/// Where a dialer is refused as long as nobody listens. On inproc it waits at the name instead.
fn where_it_is_refused(test: impl Fn(&Runtime, &str)) {
    everywhere(|runtime, address| {
        if !address.starts_with("inproc") {
            test(runtime, address);
        }
    });
}

fn is_redialing(event: &SocketEvent) -> bool {
    matches!(event, SocketEvent::Redialing { .. })
}

/// A PUSH whose dialer has failed once and will not try again by itself.
fn patient(runtime: &Runtime, address: &str) -> (Socket, spkit::Dialer) {
    let push = runtime.open("push").unwrap();
    let hour = Duration::from_secs(3600);
    let dialer = push.dial_with(address, |options| {
        options.set(RECONNECT_MIN, hour)?;
        options.set(RECONNECT_MAX, hour)
    });
    until(&push, is_redialing);
    (push, dialer.unwrap())
}

#[test]
fn a_wait_in_vain_says_why() {
    where_it_is_refused(|runtime, address| {
        let address = vacant(runtime, address);
        let (_push, dialer) = patient(runtime, &address);
        let error = dialer.connected(Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.address(), Some(address.as_str()));
        assert!(error.to_string().contains("the last attempt"), "{error}");
        assert!(error.source().is_some(), "{error:?}");
        assert!(!dialer.is_connected());
    });
}

#[test]
fn a_server_may_come_later() {
    everywhere(|runtime, address| {
        let address = vacant(runtime, address);
        let push = runtime.open("push").unwrap();
        let dialer = push.dial_with(&address, |options| {
            options.set(RECONNECT_MIN, Duration::from_millis(5))
        });
        let dialer = dialer.unwrap();
        if !address.starts_with("inproc") {
            until(&push, is_redialing);
        }
        let pull = runtime.open("pull").unwrap();
        pull.listen(&address).unwrap();
        dialer.connected(SOON).unwrap();
        push.send("x").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
    });
}

#[test]
fn redial_does_not_wait_for_the_pause_to_pass() {
    where_it_is_refused(|runtime, address| {
        let address = vacant(runtime, address);
        let (push, dialer) = patient(runtime, &address);
        let pull = runtime.open("pull").unwrap();
        pull.listen(&address).unwrap();
        dialer.redial();
        dialer.connected(SOON).unwrap();
        assert!(dialer.is_connected());
        // While it is connected it has no effect.
        dialer.redial();
        dialer.redial();
        for n in 0..10_u8 {
            push.send(vec![n]).unwrap();
            assert_eq!(pull.recv_timeout(SOON).unwrap().body(), [n]);
        }
        assert_eq!((push.peers(), pull.peers()), (1, 1));
    });
}

#[test]
fn a_lost_connection_is_made_again() {
    everywhere(|runtime, address| {
        let address = vacant(runtime, address);
        let first = runtime.open("pull").unwrap();
        first.listen(&address).unwrap();
        let push = runtime.open("push").unwrap();
        let dialer = push.dial_with(&address, |options| {
            options.set(RECONNECT_MIN, Duration::from_millis(5))
        });
        let dialer = dialer.unwrap();
        dialer.connected(SOON).unwrap();
        assert!(first.close_with(SOON).complete);
        let lost = until(&push, |event| {
            matches!(event, SocketEvent::Disconnected { .. })
        });
        assert!(
            matches!(&lost, SocketEvent::Disconnected { endpoint, .. } if *endpoint == dialer.id())
        );
        until(&push, is_redialing);
        let second = runtime.open("pull").unwrap();
        second.listen(&address).unwrap();
        until(&push, |event| {
            matches!(event, SocketEvent::Connected { .. })
        });
        push.send("x").unwrap();
        assert_eq!(second.recv_timeout(SOON).unwrap().body(), b"x");
    });
}

#[test]
fn a_closed_listener_keeps_its_connections_and_takes_no_more() {
    where_it_is_refused(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let listener = pull.listen(address).unwrap();
        let address = listener.local_addr().as_str().to_owned();
        let push = runtime.open("push").unwrap();
        push.dial(&address).unwrap().connected(SOON).unwrap();
        pull.wait_for_peers(1, SOON).unwrap();
        assert_eq!(listener.peers(), 1);
        listener.close();
        let (late, dialer) = patient(runtime, &address);
        assert!(!dialer.is_connected());
        assert_eq!(late.peers(), 0);
        push.send("x").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
        // The address is free.
        let other = runtime.open("pull").unwrap();
        other.listen(&address).unwrap();
    });
}

#[test]
fn a_closed_dialer_keeps_its_connection_and_makes_no_more() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let listener = pull.listen(address).unwrap();
        let push = runtime.open("push").unwrap();
        let dialer = push.dial(listener.local_addr().as_str()).unwrap();
        dialer.connected(SOON).unwrap();
        dialer.close();
        until(&push, |event| {
            matches!(event, SocketEvent::EndpointClosed { error: None, .. })
        });
        push.send("x").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
        pull.close();
        until(&push, |event| {
            assert!(!is_redialing(event), "{event:?}");
            matches!(event, SocketEvent::Disconnected { .. })
        });
        // The news of a redial would be told together with the loss.
        assert!(push.try_event().is_none());
    });
}

#[test]
fn both_ends_are_told_of_a_connection() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        for socket in [&pull, &push] {
            until(socket, |event| {
                matches!(event, SocketEvent::Connected { .. })
            });
        }
        let error = pull.wait_for_peers(2, Duration::from_millis(1));
        let text = error.unwrap_err().to_string();
        assert!(text.contains("2 peers") && text.contains("1 are"), "{text}");
    });
}
