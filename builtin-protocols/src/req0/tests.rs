use std::time::Duration;

use spkit_api::{
    Error, PipeFacts, PipeId, Value,
    toolkit::{
        REQUEST_BIT,
        harness::{self, Effect, Harness, OpId, Outcome, storm},
    },
};

mod policy;
mod resending;

use super::*;
use crate::{
    options::{MAX_ATTEMPTS, RESEND, RESEND_TIME},
    vectors::golden,
};

const SOCKET: ContextId = ContextId::SOCKET;
const HELLO: &str = "Hello";

fn req() -> Harness<Req0> {
    Harness::new(Req0::default())
}

/// A requester that resends this often.
fn req_with(resend_millis: Option<u64>) -> Harness<Req0> {
    let mut req = req();
    req.set_option(
        SOCKET,
        RESEND_TIME,
        resend_millis.map(Duration::from_millis),
    );
    req
}

/// The one that has the figure's request 823 under way, and the peer that got it.
fn asked_823() -> (Harness<Req0>, PipeId) {
    let mut req = req();
    let pipe = req.add_pipe();
    req.load_dice(823);
    assert!(req.send(SOCKET, HELLO).is_done());
    assert_eq!(req.sent(pipe), [golden("GV-BT-01")]);
    (req, pipe)
}

/// A reply to this request with this body.
fn reply(request: &[u8], body: &[u8]) -> Vec<u8> {
    [&request[..4], body].concat()
}

fn id(request: &[u8]) -> u32 {
    u32::from_be_bytes(request[..4].try_into().unwrap())
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

// SP-RR-001
#[test]
fn it_announces_0x30_to_0x31_and_has_contexts() {
    let info = REQ0.info();
    assert_eq!((info.number(), info.peer()), (0x30, 0x31));
    assert!(info.has_contexts() && info.wants_recv() && !info.is_raw());
}

// SP-RR-002, SP-RR-017, SP-RR-024
#[test]
fn the_figure_of_the_draft_holds_at_the_client() {
    let (mut req, pipe) = asked_823();
    req.receive(pipe, golden("GV-BT-06"));
    assert_eq!(req.recv(SOCKET).body(), "World");
}

#[test]
fn a_reply_from_within_the_process_has_its_header_apart() {
    let (mut req, pipe) = asked_823();
    let mut reply = Message::from("World");
    reply.push_back(0x8000_0337);
    req.receive(pipe, reply);
    assert_eq!(req.recv(SOCKET).body(), "World");
}

#[test]
fn a_header_of_the_application_is_not_sent() {
    let mut req = req();
    let pipe = req.add_pipe();
    let mut message = Message::from("x");
    message.push_back(9);
    assert!(req.send(SOCKET, message).is_done());
    assert_eq!(req.sent(pipe)[0].len(), 5);
}

// SP-RR-003, SP-RR-004
#[test]
fn the_first_id_is_random() {
    let mut firsts = Vec::new();
    for seed in 0..8 {
        let mut req = Harness::seeded(Req0::default(), seed);
        let pipe = req.add_pipe();
        assert!(req.send(SOCKET, "").is_done());
        firsts.push(id(&req.sent(pipe)[0]));
    }
    assert!(firsts.iter().all(|id| id & REQUEST_BIT != 0));
    assert!(
        firsts.windows(2).all(|two| two[0].abs_diff(two[1]) > 1000),
        "{firsts:x?}"
    );
}

// SP-RR-005
#[test]
fn ids_count_up_and_wrap_within_31_bits() {
    let mut req = req();
    req.load_dice(0x7fff_fffe);
    let pipe = req.add_pipe();
    for expected in [0xffff_fffe, 0xffff_ffff, 0x8000_0000, 0x8000_0001] {
        assert!(req.send(SOCKET, "").is_done());
        let request = req.sent(pipe).remove(0);
        assert_eq!(id(&request), expected);
        req.receive(pipe, reply(&request, b"y"));
        assert_eq!(req.recv(SOCKET).body(), "y");
    }
}

// SP-RR-005, SP-RR-025
#[test]
fn an_id_still_awaited_is_passed_over() {
    let mut req = req();
    let pipe = req.add_pipe();
    let other = req.open_context();
    req.load_dice(5);
    assert!(req.send(other, "old").is_done());
    // 2^31 requests later:
    req.protocol_mut().awaited.restart_ids();
    req.load_dice(5);
    assert!(req.send(SOCKET, "new").is_done());
    let ids: Vec<_> = req.sent(pipe).iter().map(|request| id(request)).collect();
    assert_eq!(ids, [0x8000_0005, 0x8000_0006]);
}

// SP-RR-006, SP-RR-007, SP-RR-008
#[test]
fn requests_go_to_the_peers_in_turn() {
    let mut req = req();
    let pipes = [req.add_pipe(), req.add_pipe(), req.add_pipe()];
    for n in 0..30 {
        assert!(req.send(SOCKET, "x").is_done());
        let got = pipes.map(|pipe| req.sent(pipe));
        assert!((0..3).all(|at| got[at].len() == usize::from(at == n % 3)));
        req.receive(pipes[n % 3], reply(&got[n % 3][0], b"y"));
        assert_eq!(req.recv(SOCKET).body(), "y");
    }
}

/// A peer of an endpoint with this priority.
fn ranked(req: &mut Harness<Req0>, priority: u8) -> PipeId {
    let mut facts = PipeFacts::new(rep0::NUMBER);
    facts.send_priority = priority;
    req.add_pipe_with(&facts)
}

// SP-RR-006, SP-RR-054
#[test]
fn those_of_a_worse_rank_wait_until_the_better_are_full() {
    let mut req = req();
    let [spare, second, first] = [16, 8, 1].map(|priority| ranked(&mut req, priority));
    let contexts = [(); 6].map(|()| req.open_context());
    req.set_room(first, 2);
    req.set_room(second, 1);
    for (context, taken) in contexts
        .into_iter()
        .zip([first, first, second, spare, spare])
    {
        assert!(req.send(context, "x").is_done());
        assert_eq!(req.sent(taken).len(), 1);
    }
    req.set_room(first, 1);
    assert!(req.send(contexts[5], "x").is_done());
    assert_eq!(req.sent(first).len(), 1);
}

// SP-RR-010, SP-RR-013, SP-RR-054
#[test]
fn what_is_sent_again_goes_to_the_best_rank_that_has_room() {
    let mut req = req_with(Some(300));
    let spare = ranked(&mut req, 16);
    assert!(req.send(SOCKET, "x").is_done());
    let request = req.sent(spare).remove(0);
    let [second, first] = [8, 1].map(|priority| ranked(&mut req, priority));
    req.advance(millis(300));
    assert_eq!(req.sent(first), [&request[..]], "due again");
    req.advance(millis(300));
    assert_eq!(req.sent(first), [&request[..]], "and again to the best");
    req.remove_pipe(first);
    assert_eq!(req.sent(second), [&request[..]], "its peer is lost");
    req.set_room(second, 0);
    req.advance(millis(300));
    assert_eq!(req.sent(spare), [&request[..]], "the better one is full");
}

// SP-RR-009
#[test]
fn without_a_peer_the_sender_waits_and_uses_up_no_id() {
    let mut req = req();
    req.load_dice(823);
    assert!(req.send(SOCKET, "tried").waits());
    let waiting = req.start_send(SOCKET, HELLO);
    assert_eq!(
        req.recv(SOCKET).error(),
        Some(ErrorKind::State),
        "nothing was asked yet"
    );
    req.advance(millis(120_000));
    let pipe = req.add_pipe();
    assert!(req.is_done(waiting));
    assert_eq!(req.sent(pipe), [golden("GV-BT-01")]);
}

// SP-RR-009
#[test]
fn with_only_full_peers_the_sender_waits_for_room() {
    let mut req = req();
    let pipe = req.add_pipe();
    req.set_room(pipe, 0);
    let contexts = [SOCKET, req.open_context(), req.open_context()];
    let waiting = contexts.map(|context| req.start_send(context, "x"));
    req.set_room(pipe, 2);
    assert_eq!(waiting.map(|op| req.is_done(op)), [true, true, false]);
    req.set_room(pipe, 1);
    assert!(req.is_done(waiting[2]));
}

// SP-RR-009
#[test]
fn a_sender_that_gives_up_cancels_nothing() {
    let (mut req, pipe) = asked_823();
    req.set_room(pipe, 0);
    let receiver = req.start_recv(SOCKET);
    let sender = req.start_send(SOCKET, "another");
    req.abandon(sender);
    req.receive(pipe, golden("GV-BT-06"));
    assert_eq!(req.finished(receiver).unwrap().body(), "World");
}

// SP-RR-014, SP-RR-015, SP-RR-016; H-39, H-40
#[test]
fn replies_that_are_none_are_ignored_and_counted() {
    let (mut req, pipe) = asked_823();
    let receiver = req.start_recv(SOCKET);
    for malformed in ["GV-BT-10", "GV-BT-12", "GV-BT-13", "GV-BT-14", "GV-BT-16"] {
        req.receive(pipe, golden(malformed));
    }
    for short in [&[0x80][..], &[0x80, 0], &[0x80, 0, 3]] {
        req.receive(pipe, short.to_vec());
    }
    assert_eq!(req.dropped(DropReason::Malformed), 8);
    req.receive(pipe, golden("GV-BT-15"));
    for other in [0x8000_0336_u32, 0x8000_0338] {
        req.receive(pipe, other.to_be_bytes().to_vec());
    }
    assert_eq!(req.dropped(DropReason::LateReply), 3);
    assert!(!req.is_done(receiver));
    assert_eq!(req.pipes(), [pipe]);
    req.receive(pipe, golden("GV-BT-06"));
    assert_eq!(req.finished(receiver).unwrap().body(), "World");
}

// H-43
#[test]
fn a_reply_to_a_request_that_is_yet_to_come_is_ignored() {
    let mut req = req();
    let pipe = req.add_pipe();
    req.load_dice(823);
    req.receive(pipe, golden("GV-BT-06"));
    assert!(req.send(SOCKET, HELLO).is_done());
    assert!(req.recv(SOCKET).waits());
    assert_eq!(req.dropped(DropReason::LateReply), 1);
}

// SP-RR-018, H-41
#[test]
fn of_many_replies_the_first_counts() {
    let (mut req, pipe) = asked_823();
    req.receive(pipe, golden("GV-BT-06"));
    for _ in 0..1000 {
        req.receive(pipe, [&golden("GV-BT-06")[..4], &b"forged"[..]].concat());
    }
    assert_eq!(req.recv(SOCKET).body(), "World");
    req.receive(pipe, golden("GV-BT-06"));
    assert_eq!(req.dropped(DropReason::LateReply), 1001);
    assert!(req.send(SOCKET, "next").is_done());
    let next = req.sent(pipe).remove(0);
    assert!(req.recv(SOCKET).waits());
    req.receive(pipe, reply(&next, b"its own"));
    assert_eq!(req.recv(SOCKET).body(), "its own");
}

// SP-RR-019, SP-RR-020
#[test]
fn a_new_request_cancels_the_one_before() {
    let mut req = req_with(Some(300));
    let pipe = req.add_pipe();
    assert!(req.send(SOCKET, "a").is_done());
    let receivers = [req.start_recv(SOCKET), req.start_recv(SOCKET)];
    assert!(req.send(SOCKET, "b").is_done());
    for receiver in receivers {
        let outcome = req.finished(receiver).unwrap();
        assert_eq!(outcome.error(), Some(ErrorKind::Canceled));
    }
    let [a, b] = <[_; 2]>::try_from(req.sent(pipe)).unwrap();
    req.advance(millis(300));
    assert_eq!(req.sent(pipe), [&b[..]], "only the new one is sent again");
    req.receive_batch(
        pipe,
        [reply(&a, b"to a"), reply(&b, b"to b")].map(Message::from),
    );
    assert_eq!(req.recv(SOCKET).body(), "to b");
    assert_eq!(req.dropped(DropReason::LateReply), 1);
}

// SP-RR-019
#[test]
fn a_new_request_drops_the_reply_that_nobody_fetched() {
    let (mut req, pipe) = asked_823();
    req.receive(pipe, golden("GV-BT-06"));
    assert_eq!(req.queued(SOCKET), 1);
    assert!(req.send(SOCKET, "next").is_done());
    assert_eq!(req.queued(SOCKET), 0);
    assert_eq!(req.dropped(DropReason::LateReply), 1);
    assert!(req.recv(SOCKET).waits());
}

// SP-RR-019: also when the old one waits for a peer
#[test]
fn a_cancelled_request_is_not_sent_when_a_peer_comes() {
    let (mut req, pipe) = asked_823();
    req.remove_pipe(pipe);
    let context = req.open_context();
    req.start_send(context, "waits");
    req.close_context(context);
    let next = req.add_pipe();
    assert_eq!(req.sent(next), [golden("GV-BT-01")]);
    assert!(req.send(SOCKET, "b").is_done());
    req.sent(next);
    req.remove_pipe(next);
    let last = req.add_pipe();
    assert!(req.sent(last)[0].ends_with(b"b"));
}

// SP-RR-021
#[test]
fn the_reply_may_come_over_any_connection() {
    let (mut req, _) = asked_823();
    let other = req.add_pipe();
    req.receive(other, golden("GV-BT-06"));
    assert_eq!(req.recv(SOCKET).body(), "World");
}

// SP-RR-022
#[test]
fn an_empty_reply_is_a_reply() {
    let (mut req, pipe) = asked_823();
    req.receive(pipe, vec![0x80, 0, 3, 0x37]);
    assert_eq!(req.recv(SOCKET).body(), "");
}

// SP-RR-023, H-42
#[test]
fn a_flood_of_stray_replies_holds_nothing() {
    let (mut req, flood) = asked_823();
    let good = req.add_pipe();
    let receiver = req.start_recv(SOCKET);
    for n in 0..100 {
        let strays = (0..1000_u32).map(|id| Message::from((n << 10 | id).to_be_bytes().to_vec()));
        req.receive_batch(flood, strays);
    }
    assert_eq!((req.held(), req.received()), (0, 100_000));
    req.receive(good, golden("GV-BT-06"));
    assert_eq!(req.finished(receiver).unwrap().body(), "World");
}

// SP-RR-025
#[test]
fn each_context_gets_the_reply_to_its_own_request() {
    let mut req = req();
    let pipe = req.add_pipe();
    let contexts: Vec<_> = (0..10).map(|_| req.open_context()).collect();
    let mut receivers = Vec::new();
    for context in &contexts {
        assert!(req.send(*context, context.raw().to_string()).is_done());
        receivers.push(req.start_recv(*context));
    }
    let mut requests = req.sent(pipe);
    assert!(requests.windows(2).all(|two| id(&two[0]) != id(&two[1])));
    requests.reverse();
    for request in requests {
        // The replier sends back what it got.
        req.receive(pipe, request);
    }
    for (context, receiver) in contexts.iter().zip(receivers) {
        let body = req.finished(receiver).unwrap().body();
        assert_eq!(body, context.raw().to_string());
    }
}

#[test]
fn receiving_needs_a_request() {
    let (mut req, pipe) = asked_823();
    let second = req.open_context();
    assert_eq!(req.recv(second).error(), Some(ErrorKind::State));
    req.receive(pipe, golden("GV-BT-06"));
    assert!(req.recv(SOCKET).is_done());
    let Outcome::Failed(error, None) = req.recv(SOCKET) else {
        panic!("one request, one reply");
    };
    assert_eq!(error.kind(), ErrorKind::State);
    assert!(error.to_string().contains("send one first"), "{error}");
}

#[test]
fn of_two_receivers_one_gets_the_reply_and_one_an_error() {
    let (mut req, pipe) = asked_823();
    let [first, second] = [req.start_recv(SOCKET), req.start_recv(SOCKET)];
    req.receive(pipe, golden("GV-BT-06"));
    assert_eq!(req.finished(first).unwrap().body(), "World");
    let outcome = req.finished(second).unwrap();
    assert_eq!(outcome.error(), Some(ErrorKind::State));
}

#[test]
fn a_closed_context_leaves_nothing_behind() {
    let mut req = req_with(Some(300));
    let pipe = req.add_pipe();
    let context = req.open_context();
    assert!(req.send(context, "x").is_done());
    let request = req.sent(pipe).remove(0);
    let receiver = req.start_recv(context);
    req.close_context(context);
    let outcome = req.finished(receiver).unwrap();
    assert_eq!(outcome.error(), Some(ErrorKind::Canceled));
    assert!(req.timers().is_empty());
    req.receive(pipe, request);
    assert_eq!(req.dropped(DropReason::LateReply), 1);
    assert_eq!(req.send(context, "x").error(), Some(ErrorKind::Closed));
    assert_eq!(req.recv(context).error(), Some(ErrorKind::Closed));
}

#[test]
fn ten_thousand_full_peers_are_tried_once() {
    let mut req = req();
    for _ in 0..10_000 {
        let pipe = req.add_pipe();
        req.set_room(pipe, 0);
    }
    for _ in 0..100 {
        assert!(req.send(SOCKET, "x").waits());
    }
    assert_eq!(req.attempts(), 10_000);
}

#[test]
fn no_order_of_events_breaks_it() {
    let fresh = format!("{:?}", Req0::default());
    storm::lawless(Req0::default, 20_000);
    let with = |resend: &str| {
        let mut req = Req0::default();
        let resend = Value::Text(resend.to_owned());
        harness::with_cx(1, |cx| {
            req.on_event(cx, Event::option_set(SOCKET, RESEND.name(), &resend));
        });
        req
    };
    for resend in ["timer", "disconnect", "never"] {
        storm::lawful(
            || with(resend),
            10_000,
            |mut req| {
                req.set_option(SOCKET, RESEND, "timer".to_owned());
                assert_eq!(req.timers(), []);
                req.set_option(SOCKET, RESEND_TIME, Some(millis(60_000)));
                req.set_option(SOCKET, MAX_ATTEMPTS, 0);
                req.protocol_mut().awaited.restart_ids();
                assert_eq!(format!("{:?}", req.protocol()), fresh);
            },
        );
    }
}
