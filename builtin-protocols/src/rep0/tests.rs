use spkit_api::{
    ContextId, DropReason, ErrorKind, Message,
    options::TTL,
    toolkit::harness::{Effect, Harness, Outcome, storm},
};

use super::*;
use crate::{answering::DEFAULT_TTL, vectors::golden};

const SOCKET: ContextId = ContextId::SOCKET;

fn rep() -> Harness<Rep0> {
    Harness::new(Rep0::default())
}

fn rep_with_ttl(ttl: i64) -> Harness<Rep0> {
    let mut rep = rep();
    rep.set_option(SOCKET, TTL, ttl);
    rep
}

/// A request with this id, whose body names it.
fn request(id: u32) -> Message {
    let tag = (0x8000_0000 | id).to_be_bytes();
    Message::from([&tag[..], id.to_string().as_bytes()].concat())
}

/// A request with so many tags in all.
fn deep(tags: u32) -> Vec<u8> {
    let hops = (1..tags).flat_map(u32::to_be_bytes);
    hops.chain([0x80, 0, 3, 0x37, b'x']).collect()
}

/// Receives one request and sends its body back.
#[track_caller]
fn echo(rep: &mut Harness<Rep0>, context: ContextId) {
    let body = rep.recv(context).body();
    assert!(rep.send(context, body).is_done());
}

// SP-RR-001
#[test]
fn it_announces_0x31_to_0x30_and_has_contexts() {
    let info = REP0.info();
    assert_eq!((info.number(), info.peer()), (0x31, 0x30));
    assert!(info.has_contexts() && info.wants_recv() && !info.is_raw());
}

// SP-RR-024, SP-RR-030, SP-RR-031
#[test]
fn the_figure_of_the_draft_holds_at_the_service() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    for (asked, answered) in [
        ("GV-BT-03", "GV-BT-04"),
        ("GV-BT-02", "GV-BT-05"),
        ("GV-BT-01", "GV-BT-06"),
    ] {
        rep.receive(pipe, golden(asked));
        assert_eq!(rep.recv(SOCKET).body(), "Hello");
        assert!(rep.send(SOCKET, "World").is_done());
        assert_eq!(rep.sent(pipe), [golden(answered)]);
    }
}

// SP-RR-030, SP-RR-031, SP-RR-044
#[test]
fn as_many_tags_as_the_ttl_are_echoed_and_more_are_dropped() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    for passes in ["GV-TTL-01", "GV-TTL-02", "GV-TTL-07", "GV-TTL-08"] {
        rep.receive(pipe, golden(passes));
        echo(&mut rep, SOCKET);
        assert_eq!(rep.sent(pipe), [golden(passes)]);
    }
    for dropped in ["GV-TTL-09", "GV-TTL-16", "GV-TTL-17"] {
        rep.receive(pipe, golden(dropped));
    }
    assert!(rep.recv(SOCKET).waits());
    assert_eq!(rep.dropped(DropReason::Ttl), 3);
    assert_eq!(rep.pipes(), [pipe]);
}

// SP-RR-031: over inproc the header is apart
#[test]
fn a_request_from_within_the_process_is_read_the_same() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    for tags in 1..=8 {
        let mut asked = Message::from("x");
        (1..tags).for_each(|hop| asked.push_back(hop));
        asked.push_back(0x8000_0337);
        rep.receive(pipe, asked);
        echo(&mut rep, SOCKET);
        assert_eq!(rep.sent(pipe), [deep(tags)]);
    }
}

// SP-RR-032, H-33, H-34, H-35
#[test]
fn requests_without_an_id_are_ignored_and_counted() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    for malformed in ["GV-BT-10", "GV-BT-11", "GV-BT-12", "GV-BT-13"] {
        rep.receive(pipe, golden(malformed));
    }
    for malformed in [&[0x80][..], &[0x80, 0], &[0; 8]] {
        rep.receive(pipe, malformed.to_vec());
    }
    assert!(rep.recv(SOCKET).waits());
    assert_eq!(rep.dropped(DropReason::Malformed), 7);
    assert_eq!(rep.pipes(), [pipe], "ignored, not closed");
    rep.receive(pipe, golden("GV-TTL-01"));
    echo(&mut rep, SOCKET);
    assert_eq!(rep.sent(pipe), [golden("GV-TTL-01")]);
}

// SP-RR-033
#[test]
fn no_id_is_special() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    for id in [0, 0x7fff_ffff] {
        rep.receive(pipe, request(id));
        echo(&mut rep, SOCKET);
        assert_eq!(rep.sent(pipe), [request(id).to_payload()]);
    }
}

// SP-RR-034, SP-RR-035
#[test]
fn the_body_may_look_like_tags_or_be_empty() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    let tags = vec![0x80, 0, 0, 1, 0x80, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff];
    for payload in [tags, vec![0x80, 0, 0, 1]] {
        rep.receive(pipe, payload.clone());
        assert_eq!(rep.recv(SOCKET).body(), payload[4..]);
        assert!(rep.send(SOCKET, payload[4..].to_vec()).is_done());
        assert_eq!(rep.sent(pipe), [payload]);
    }
}

// SP-RR-036
#[test]
fn a_reply_goes_to_the_connection_that_asked() {
    let mut rep = rep();
    let pipes = [rep.add_pipe(), rep.add_pipe(), rep.add_pipe()];
    let contexts = [SOCKET, rep.open_context(), rep.open_context()];
    let ask = |n: u8| vec![0x80, 0, 0, 7, n];
    for (n, pipe) in (0..).zip(pipes) {
        rep.receive(pipe, ask(n));
    }
    let asked = contexts.map(|context| rep.recv(context).body());
    for (context, body) in contexts.into_iter().zip(asked).rev() {
        assert!(rep.send(context, body).is_done());
    }
    for (n, pipe) in (0..).zip(pipes) {
        assert_eq!(rep.sent(pipe), [ask(n)]);
    }
}

// SP-RR-037, SP-RR-038
#[test]
fn a_reply_needs_a_request_and_uses_it_up() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    let Outcome::Failed(error, Some(back)) = rep.send(SOCKET, "unasked") else {
        panic!("a reply without a request");
    };
    assert_eq!(
        (error.kind(), back.body()),
        (ErrorKind::State, &b"unasked"[..])
    );
    rep.receive(pipe, request(1));
    echo(&mut rep, SOCKET);
    assert_eq!(rep.send(SOCKET, "again").error(), Some(ErrorKind::State));
    assert_eq!(rep.sent(pipe).len(), 1);
}

// SP-RR-039
#[test]
fn receiving_the_next_request_drops_the_one_before() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    rep.receive_batch(pipe, [1, 2, 3].map(request));
    drop([rep.recv(SOCKET), rep.recv(SOCKET)]);
    echo(&mut rep, SOCKET);
    assert_eq!(rep.send(SOCKET, "2").error(), Some(ErrorKind::State));
    assert_eq!(rep.sent(pipe), [request(3).to_payload()]);
}

// SP-RR-039: a receive that finds nothing, or gives up, changes nothing
#[test]
fn the_request_stays_until_another_one_is_there() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    rep.receive(pipe, request(1));
    drop(rep.recv(SOCKET));
    let waiting = rep.start_recv(SOCKET);
    rep.abandon(waiting);
    assert!(rep.send(SOCKET, "1").is_done());
    assert_eq!(rep.sent(pipe), [request(1).to_payload()]);
}

// SP-RR-040
#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    rep.receive_batch(pipe, (0..100).map(request));
    (0..100).for_each(|_| echo(&mut rep, SOCKET));
    let expected: Vec<_> = (0..100).map(|id| request(id).to_payload()).collect();
    assert_eq!(rep.sent(pipe), expected);
}

// SP-RR-041
#[test]
fn a_reply_to_a_peer_that_is_gone_is_dropped_and_counted() {
    let mut rep = rep();
    let [gone, stays] = [rep.add_pipe(), rep.add_pipe()];
    rep.receive(gone, request(1));
    let body = rep.recv(SOCKET).body();
    rep.remove_pipe(gone);
    assert!(rep.send(SOCKET, body).is_done());
    assert_eq!(rep.dropped(DropReason::PipeGone), 1);
    rep.receive(stays, request(2));
    echo(&mut rep, SOCKET);
    assert_eq!(rep.sent(stays), [request(2).to_payload()]);
    assert!(rep.sent(gone).is_empty());
}

// SP-RR-042, H-55
#[test]
fn a_reply_to_a_full_peer_is_dropped_and_counted() {
    let mut rep = rep();
    let [slow, fast] = [rep.add_pipe(), rep.add_pipe()];
    rep.set_room(slow, 1);
    rep.receive_batch(slow, (0..50).map(request));
    (0..50).for_each(|_| echo(&mut rep, SOCKET));
    assert_eq!(rep.dropped(DropReason::QueueFull), 49);
    rep.receive(fast, request(77));
    echo(&mut rep, SOCKET);
    assert_eq!(rep.sent(fast), [request(77).to_payload()]);
    rep.set_room(slow, 1);
    rep.receive(slow, request(50));
    echo(&mut rep, SOCKET);
    assert_eq!(rep.sent(slow), [0, 50].map(|id| request(id).to_payload()));
}

// SP-RR-043
#[test]
fn a_flood_from_one_peer_does_not_starve_another() {
    let mut rep = rep();
    let [flood, quiet] = [rep.add_pipe(), rep.add_pipe()];
    rep.receive_batch(flood, (0..10_000).map(request));
    rep.receive(quiet, request(0));
    echo(&mut rep, SOCKET);
    echo(&mut rep, SOCKET);
    assert_eq!(rep.sent(quiet).len(), 1);
}

// SP-RR-045, H-38
#[test]
fn the_ttl_is_an_option_from_1_to_255() {
    for ttl in [1, 2, 15, 255] {
        let mut rep = rep_with_ttl(ttl.into());
        let pipe = rep.add_pipe();
        rep.receive(pipe, deep(ttl));
        echo(&mut rep, SOCKET);
        assert_eq!(rep.sent(pipe), [deep(ttl)]);
        rep.receive(pipe, deep(ttl + 1));
        assert!(rep.recv(SOCKET).waits());
        assert_eq!(rep.dropped(DropReason::Ttl), 1);
    }
    let row = &REP0.info().options()[0];
    assert_eq!((row.name(), row.bounds()), ("ttl", Some((1, 255))));
}

// SP-RR-046, H-37
#[test]
fn tags_without_end_are_read_no_further_than_the_ttl() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    for tags in [9, 250_000] {
        rep.receive(pipe, [0, 0, 0, 1].repeat(tags));
    }
    assert_eq!(rep.dropped(DropReason::Ttl), 2);
    let left = rep.take_dropped().remove(1).1.len();
    assert_eq!(left, 4 * (250_000 - 8));
    assert_eq!(rep.pipes(), [pipe]);
}

#[test]
fn a_header_of_the_application_is_not_sent() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    rep.receive(pipe, request(1));
    let Outcome::Done(Some(mut reply)) = rep.recv(SOCKET) else {
        panic!("a request");
    };
    assert!(!reply.has_header(), "tags are none of the application's");
    reply.push_back(9);
    assert!(rep.send(SOCKET, reply).is_done());
    assert_eq!(rep.sent(pipe), [request(1).to_payload()]);
}

#[test]
fn a_request_finds_whichever_context_waits() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    let contexts = [rep.open_context(), rep.open_context(), SOCKET];
    let waiting = contexts.map(|context| rep.start_recv(context));
    rep.receive(pipe, request(1));
    assert_eq!(waiting.iter().filter(|op| rep.is_done(**op)).count(), 1);
    rep.receive_batch(pipe, [2, 3].map(request));
    assert!(waiting.iter().all(|op| rep.is_done(*op)));
    for context in contexts {
        assert!(rep.send(context, "x").is_done());
    }
    assert_eq!(rep.sent(pipe).len(), 3);
}

#[test]
fn who_gave_up_waiting_keeps_no_request_from_the_others() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    let contexts = [rep.open_context(), rep.open_context(), rep.open_context()];
    let [first, closed, last] = contexts.map(|context| rep.start_recv(context));
    rep.abandon(first);
    rep.close_context(contexts[1]);
    rep.receive(pipe, request(1));
    assert!(rep.is_done(last));
    let outcome = rep.finished(closed).unwrap();
    assert_eq!(outcome.error(), Some(ErrorKind::Canceled));
}

#[test]
fn contexts_are_woken_for_requests_alone() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    let context = rep.open_context();
    rep.start_recv(context);
    rep.receive(pipe, golden("GV-BT-13"));
    assert_eq!(rep.effects(), []);
    rep.receive(pipe, request(1));
    let wakes = [SOCKET, context].map(Effect::Readable);
    assert_eq!(rep.effects(), wakes);
    rep.receive(pipe, request(2));
    assert_eq!(
        rep.effects(),
        wakes[..1],
        "nobody waits on the context any more"
    );
}

#[test]
fn a_closed_context_drops_its_request() {
    let mut rep = rep();
    let pipe = rep.add_pipe();
    let context = rep.open_context();
    rep.receive(pipe, request(1));
    drop(rep.recv(context));
    rep.close_context(context);
    assert_eq!(rep.send(context, "x").error(), Some(ErrorKind::Closed));
    assert_eq!(rep.recv(context).error(), Some(ErrorKind::Closed));
    assert!(rep.sent(pipe).is_empty());
}

#[test]
fn no_order_of_events_breaks_it() {
    let fresh = format!("{:?}", Rep0::default());
    storm::lawless(Rep0::default, 20_000);
    storm::lawful(Rep0::default, 20_000, |mut rep| {
        rep.set_option(SOCKET, TTL, i64::from(DEFAULT_TTL));
        assert_eq!(format!("{:?}", rep.protocol()), fresh);
    });
}
