//! Buffers: what a sender gets rid of while nobody receives.

use std::time::Duration;

use spkit::{
    ErrorKind, Runtime, Socket,
    api::Options,
    options::{RECV_BUFFER, RECV_BUFFER_MESSAGES, SEND_BUFFER, SEND_BUFFER_MESSAGES},
    protocols::options::SUBSCRIBE,
};

use crate::{
    connect::connect,
    until,
    world::{SOON, everywhere},
};

/// Sends messages of a length until nothing goes any more, and says how many went.
fn fill(push: &Socket, len: usize) -> usize {
    let patience = Duration::from_millis(100);
    (0..)
        .take_while(|_| push.send_timeout(vec![0; len], patience).is_ok())
        .count()
}

/// A PUSH and a PULL that does not receive, each with options of its own, connected so that neither the sending side nor
/// the system keeps much, where it can be told.
fn silent(
    runtime: &Runtime,
    address: &str,
    set: impl Fn(&mut Options) -> spkit::Result<()>,
) -> (Socket, Socket) {
    let small = |own: &mut Options| {
        own.set(SEND_BUFFER, 1)?;
        own.set(SEND_BUFFER_MESSAGES, 1)?;
        if !address.starts_with("inproc") {
            own.set(spkit::transports::options::SYSTEM_SEND_BUFFER, 4096)?;
        }
        if address.starts_with("tcp") {
            own.set(spkit::transports::options::SYSTEM_RECV_BUFFER, 4096)?;
        }
        set(own)
    };
    let (push, pull) = (
        runtime.open_with("push", small).unwrap(),
        runtime.open_with("pull", small).unwrap(),
    );
    connect(&push, &pull, address);
    (push, pull)
}

/// What goes with a little and with a lot, of messages with this length.
fn compare(
    len: usize,
    little: usize,
    a_lot: usize,
    set: impl Fn(&mut Options, bool) -> spkit::Result<()>,
) {
    everywhere(|runtime, address| {
        let (push, pull) = silent(runtime, address, |own| set(own, false));
        let went = fill(&push, len);
        assert!(went <= little, "{went} went, and at most {little} should");
        pull.close_with(Duration::ZERO);
        push.close_with(Duration::ZERO);
        let (push, _pull) = silent(runtime, address, |own| set(own, true));
        for _ in 0..a_lot {
            push.send_timeout(vec![0; len], SOON).unwrap();
        }
        push.close_with(Duration::ZERO);
    });
}

#[test]
pub(crate) fn recv_buffer_is_what_a_peer_may_fill() {
    // A pipe is read up to 256 KiB at a time.
    compare(10_000, 100, 400, |own, large| {
        own.set(RECV_BUFFER, if large { 4_000_000 } else { 1 })
    });
}

#[test]
pub(crate) fn recv_buffer_messages_is_what_a_peer_may_fill() {
    // A pipe is read up to 128 messages at a time.
    compare(100, 500, 10_000, |own, large| {
        own.set(RECV_BUFFER, 100 << 20)?;
        own.set(RECV_BUFFER_MESSAGES, if large { 10_000 } else { 1 })
    });
}

#[test]
pub(crate) fn send_buffer_is_what_waits_for_a_peer() {
    compare(10_000, 100, 400, |own, large| {
        own.set(RECV_BUFFER, 1)?;
        own.set(SEND_BUFFER_MESSAGES, 1 << 20)?;
        own.set(SEND_BUFFER, if large { 4_000_000 } else { 1 })
    });
}

#[test]
pub(crate) fn send_buffer_messages_is_what_waits_for_a_peer() {
    compare(1000, 400, 2_000, |own, large| {
        own.set(RECV_BUFFER_MESSAGES, 1)?;
        own.set(SEND_BUFFER, 100 << 20)?;
        own.set(SEND_BUFFER_MESSAGES, if large { 2_000 } else { 1 })
    });
}

#[test]
fn receive_buffers_grow_at_once() {
    everywhere(|runtime, address| {
        let (push, pull) = silent(runtime, address, |own| own.set(RECV_BUFFER_MESSAGES, 1));
        fill(&push, 10);
        pull.set(RECV_BUFFER_MESSAGES, 20_000).unwrap();
        pull.set(RECV_BUFFER, 100 << 20).unwrap();
        for _ in 0..10_000 {
            push.send_timeout(vec![0; 10], SOON).unwrap();
        }
    });
}

#[test]
fn a_context_has_receive_buffers_of_its_own() {
    everywhere(|runtime, address| {
        let (publisher, subscriber) = (runtime.open("pub").unwrap(), runtime.open("sub").unwrap());
        let contexts = [subscriber.context().unwrap(), subscriber.context().unwrap()];
        contexts[0].set(RECV_BUFFER_MESSAGES, 2).unwrap();
        for context in &contexts {
            context.set(SUBSCRIBE, Vec::new()).unwrap();
        }
        connect(&publisher, &subscriber, address);
        for number in 0..10 {
            publisher.send(vec![number]).unwrap();
        }
        until("the messages", || {
            format!("{subscriber:?}").contains("messages: 10, bytes")
        });
        let numbers = |context: &spkit::Context| {
            let next = || context.try_recv().ok().map(|message| message.body()[0]);
            std::iter::from_fn(next).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&contexts[0]), [8, 9]);
        assert_eq!(numbers(&contexts[1]), (0..10).collect::<Vec<_>>());
        let error = contexts[0].try_recv().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
}
