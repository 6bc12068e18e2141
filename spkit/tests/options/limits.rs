//! Limits: of messages, of connections.

use std::{
    io::{ErrorKind as Io, Read as _, Write as _},
    time::Duration,
};

use spkit::{
    ErrorKind, SocketEvent,
    api::Options,
    option::{Opt, OptionType},
    options::{HANDSHAKE_TIMEOUT, MAX_HANDSHAKES, MAX_PIPES, RECONNECT_MIN, RECV_MAX},
};

use crate::{
    A_WHILE, event,
    raw::{greet, hello},
    raw_to, runtime, until,
    world::{SOON, everywhere},
};

const PUSH: u16 = 0x50;

/// What a raw peer sends: a message of so many bytes, over TCP.
fn frame(len: usize) -> Vec<u8> {
    let mut frame = (len as u64).to_be_bytes().to_vec();
    frame.resize(8 + len, 7);
    frame
}

#[test]
pub(crate) fn recv_max_ends_a_connection_that_sends_more() {
    let runtime = runtime();
    let pull = runtime.open("pull").unwrap();
    let listener = pull
        .listen_with("tcp://127.0.0.1:0", |own| own.set(RECV_MAX, 100))
        .unwrap();
    let mut raw = raw_to(listener.local_addr().as_str());
    greet(&mut raw, PUSH);
    raw.write_all(&frame(100)).unwrap();
    assert_eq!(pull.recv_timeout(SOON).unwrap().len(), 100);
    raw.write_all(&frame(101)).unwrap();
    let error = event(&pull, |event| match event {
        SocketEvent::Disconnected { error, .. } => Some(error),
        _ => None,
    });
    assert_eq!(error.kind(), ErrorKind::MessageTooLong, "{error}");
}

#[test]
fn recv_max_set_after_the_bind_is_for_the_next_connection() {
    let runtime = runtime();
    let pull = runtime.open("pull").unwrap();
    let listener = pull.listen("tcp://127.0.0.1:0").unwrap();
    let mut before = raw_to(listener.local_addr().as_str());
    greet(&mut before, PUSH);
    until("the first peer", || listener.peers() == 1);
    listener.set(RECV_MAX, 100).unwrap();
    // The socket's own value is for endpoints yet to be made.
    pull.set(RECV_MAX, 50).unwrap();
    assert_eq!(listener.get(RECV_MAX), Some(100));
    let mut after = raw_to(listener.local_addr().as_str());
    greet(&mut after, PUSH);
    after.write_all(&frame(100)).unwrap();
    assert_eq!(pull.recv_timeout(SOON).unwrap().len(), 100);
    after.write_all(&frame(101)).unwrap();
    // The reset of a connection with unread input is an end, too.
    let mut rest = Vec::new();
    match after.read_to_end(&mut rest) {
        Ok(_) => assert!(rest.is_empty()),
        Err(error) => assert_eq!(error.kind(), Io::ConnectionReset),
    }
    before.write_all(&frame(101)).unwrap();
    assert_eq!(pull.recv_timeout(SOON).unwrap().len(), 101);
}

#[test]
fn recv_max_set_on_a_dialer_is_for_the_next_connection() {
    let runtime = runtime();
    let pull = runtime.open("pull").unwrap();
    let (server, address) = crate::raw::listen();
    let dialer = pull.dial(&address).unwrap();
    let (mut before, _) = server.accept().unwrap();
    greet(&mut before, PUSH);
    dialer.connected(SOON).unwrap();
    dialer.set(RECV_MAX, 100).unwrap();
    before.write_all(&frame(101)).unwrap();
    assert_eq!(pull.recv_timeout(SOON).unwrap().len(), 101);
    drop(before);
    let (mut after, _) = server.accept().unwrap();
    greet(&mut after, PUSH);
    after.write_all(&frame(101)).unwrap();
    let error = event(&pull, |event| match event {
        SocketEvent::Disconnected { error, .. } if error.kind() != ErrorKind::Closed => Some(error),
        _ => None,
    });
    assert_eq!(error.kind(), ErrorKind::MessageTooLong, "{error}");
}

const HOUR: Duration = Duration::from_secs(3_600);

/// One option, and handshakes that take as long as they take: nobody gets in because somebody gave up.
fn patient<T: OptionType>(own: &mut Options, key: Opt<T>, value: T) -> spkit::Result<()> {
    own.set(HANDSHAKE_TIMEOUT, HOUR)?;
    own.set(key, value)
}

#[test]
pub(crate) fn max_pipes_holds_others_back() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let listener = pull
            .listen_with(address, |own| patient(own, MAX_PIPES, 2))
            .unwrap();
        let to = listener.local_addr().as_str();
        let push: Vec<_> = (0..3).map(|_| runtime.open("push").unwrap()).collect();
        let dial = |n: usize| {
            push[n]
                .dial_with(to, |own| patient(own, RECONNECT_MIN, HOUR))
                .unwrap()
        };
        dial(0).connected(SOON).unwrap();
        dial(1).connected(SOON).unwrap();
        until("both peers", || listener.peers() == 2);
        let third = dial(2);
        assert!(third.connected(A_WHILE).is_err(), "a third peer got in");
        listener.set(MAX_PIPES, 3).unwrap();
        third.connected(SOON).unwrap();
        push[0].close();
        push[1].close();
        until("one to be left", || listener.peers() == 1);
    });
}

#[test]
pub(crate) fn max_handshakes_holds_others_back() {
    let runtime = runtime();
    let pull = runtime.open("pull").unwrap();
    let listener = pull
        .listen_with("tcp://127.0.0.1:0", |own| patient(own, MAX_HANDSHAKES, 1))
        .unwrap();
    let to = listener.local_addr().as_str();
    let mut silent = raw_to(to);
    let mut theirs = [0; 8];
    silent.read_exact(&mut theirs).unwrap();
    let mut ready = raw_to(to);
    ready.write_all(&hello(PUSH)).unwrap();
    ready.set_read_timeout(Some(A_WHILE)).unwrap();
    assert!(ready.read(&mut theirs).is_err(), "two handshakes at once");
    listener.set(MAX_HANDSHAKES, 2).unwrap();
    ready.set_read_timeout(Some(SOON)).unwrap();
    ready.read_exact(&mut theirs).unwrap();
    until("the peer", || listener.peers() == 1);
}
