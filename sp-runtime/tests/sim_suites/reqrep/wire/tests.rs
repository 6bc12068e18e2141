//! Wire traffic that breaks one rule each.

use bytes::Bytes;
use spkit_api::{ContextId, EndpointId, Error, ErrorKind, PipeId, Time};
use spkit_runtime::{SocketEvent, sim::ConnectionId};

use super::*;

const REQ: SocketId = SocketId::from_raw(0);
const PIPE: PipeId = PipeId::from_raw(5);

fn entry(seconds: u64, socket: SocketId, what: What) -> Entry {
    Entry {
        at: Time::from_nanos(seconds * 1_000_000_000),
        socket: Some(socket),
        what,
    }
}

fn payload(id: u32, body: &str) -> Bytes {
    [&id.to_be_bytes()[..], body.as_bytes()].concat().into()
}

fn handed(connection: usize, id: u32, body: &str) -> What {
    What::Handed {
        pipe: PIPE,
        connection: ConnectionId::from_raw(connection),
        payload: payload(id, body),
    }
}

fn sends(op: u64, body: &str) -> [What; 2] {
    let (op, context) = (OpId::from_raw(op), ContextId::SOCKET);
    let sends = Some(body.to_owned().into());
    let started = What::Started {
        op,
        context,
        sends,
        within: None,
    };
    let ended = Ended::Sent;
    [started, What::Ended { op, context, ended }]
}

/// The faults of a requester that did this, having sent `a` and `b`.
fn requests(what: impl IntoIterator<Item = What>) -> Vec<String> {
    let mut wire = Wire::default();
    let sent = sends(1, "a").into_iter().chain(sends(2, "b"));
    for what in sent.chain(what) {
        wire.requester(REQ, &entry(1, REQ, what));
    }
    wire.faults
}

#[test]
fn requests_count_up_and_repeat_themselves() {
    let wrap = [handed(0, u32::MAX, "a"), handed(1, ID_BIT, "b")];
    assert_eq!(requests(wrap), [""; 0]);
    let again = [handed(0, 0x8000_0007, "a"), handed(1, 0x8000_0007, "a")];
    assert_eq!(requests(again), [""; 0]);
    for wrong in [
        [handed(0, 0x8000_0007, "a"), handed(0, 0x8000_0007, "b")],
        [handed(0, 0x8000_0007, "a"), handed(0, 0x8000_0008, "a")],
        [handed(0, 0x8000_0007, "a"), handed(0, 0x8000_0008, "c")],
        [handed(0, 0x8000_0007, "a"), handed(0, 0x0000_0008, "b")],
    ] {
        assert_eq!(requests(wrong).len(), 1);
    }
}

fn pipe(pipe: u32) -> What {
    What::Pipe {
        pipe: PipeId::from_raw(pipe),
        endpoint: EndpointId::from_raw(0),
        connection: ConnectionId::from_raw(pipe as usize),
    }
}

fn lost() -> What {
    What::Event(SocketEvent::Disconnected {
        pipe: PIPE,
        endpoint: EndpointId::from_raw(0),
        error: ErrorKind::ConnectionReset.into(),
    })
}

/// The faults of a requester that lost the connection of its request `a` after a second, and then did this.
fn after_a_loss(resends: bool, rest: Vec<(u64, What)>) -> usize {
    let mut roles = Roles::default();
    let resend = resends.then_some(std::time::Duration::from_secs(60));
    roles.requesters.insert(REQ, resend);
    let mut losses = Losses::new(&roles);
    let before = [pipe(5), pipe(6)].into_iter().chain(sends(1, "a"));
    let before = before.chain([handed(5, ID_BIT, "a"), lost()]);
    let rest = before.map(|what| (1, what)).chain(rest);
    for (seconds, what) in rest {
        losses.entry(REQ, &entry(seconds, REQ, what));
    }
    losses.finish(Time::from_nanos(40_000_000_000)).len()
}

#[test]
fn a_lost_request_goes_elsewhere_at_once() {
    assert_eq!(after_a_loss(true, vec![(2, handed(6, ID_BIT, "a"))]), 0);
    assert_eq!(after_a_loss(true, vec![]), 1);
    assert_eq!(after_a_loss(true, vec![(30, handed(6, ID_BIT, "a"))]), 1);
}

#[test]
fn a_lost_request_that_is_sent_once_fails() {
    let failed = |why: ErrorKind| What::Ended {
        op: OpId::from_raw(9),
        context: ContextId::SOCKET,
        ended: Ended::Failed(Error::from(why)),
    };
    assert_eq!(
        after_a_loss(false, vec![(2, failed(ErrorKind::ConnectionReset))]),
        0
    );
    assert_eq!(
        after_a_loss(false, vec![(5, failed(ErrorKind::TimedOut))]),
        1
    );
}
