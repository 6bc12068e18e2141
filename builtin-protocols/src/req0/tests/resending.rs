//! Requests that go out again.

use super::*;

// SP-RR-010, SP-RR-011, SP-RR-012
#[test]
fn an_unanswered_request_is_sent_again_each_interval() {
    let mut req = req_with(Some(300));
    let pipe = req.add_pipe();
    assert!(req.send(SOCKET, "x").is_done());
    let first = req.sent(pipe).remove(0);
    for _ in 0..4 {
        req.advance(millis(299));
        assert!(req.sent(pipe).is_empty());
        req.advance(millis(1));
        assert_eq!(req.sent(pipe), [&first[..]]);
    }
}

// SP-RR-010
#[test]
fn the_interval_is_a_minute_by_default() {
    let (mut req, pipe) = asked_823();
    req.advance(millis(59_999));
    assert!(req.sent(pipe).is_empty());
    req.advance(millis(1));
    assert_eq!(req.sent(pipe), [golden("GV-BT-01")]);
}

// SP-RR-010: the timer of an earlier request is still set
#[test]
fn each_request_has_its_whole_interval() {
    let mut req = req_with(Some(300));
    let pipe = req.add_pipe();
    for _ in 0..5 {
        assert!(req.send(SOCKET, "x").is_done());
        let request = req.sent(pipe).remove(0);
        req.advance(millis(200));
        req.receive(pipe, reply(&request, b"y"));
        assert_eq!(req.recv(SOCKET).body(), "y");
    }
    assert!(req.send(SOCKET, "last").is_done());
    req.sent(pipe);
    req.advance(millis(299));
    assert!(req.sent(pipe).is_empty());
    req.advance(millis(1));
    assert_eq!(req.sent(pipe).len(), 1);
}

// SP-RR-012, SP-RR-020
#[test]
fn an_answered_request_is_not_sent_again_and_its_timer_ends() {
    let (mut req, pipe) = asked_823();
    req.receive(pipe, golden("GV-BT-06"));
    req.advance(millis(600_000));
    assert!(req.sent(pipe).is_empty());
    assert!(req.timers().is_empty(), "an idle socket wakes nobody");
    assert_eq!(req.recv(SOCKET).body(), "World");
}

#[test]
fn a_request_due_again_goes_to_the_next_peer() {
    let mut req = req_with(Some(300));
    let [first, second] = [req.add_pipe(), req.add_pipe()];
    assert!(req.send(SOCKET, "x").is_done());
    let request = req.sent(first).remove(0);
    req.advance(millis(300));
    assert_eq!(req.sent(second), [&request[..]]);
    assert!(req.sent(first).is_empty());
}

#[test]
fn a_request_due_again_waits_for_room_and_then_goes_once() {
    let mut req = req_with(Some(300));
    let pipe = req.add_pipe();
    assert!(req.send(SOCKET, "x").is_done());
    req.set_room(pipe, 0);
    req.advance(millis(3_000));
    assert_eq!(req.sent(pipe).len(), 1);
    req.set_room(pipe, 9);
    assert_eq!(req.sent(pipe).len(), 1);
    req.advance(millis(299));
    assert_eq!(
        req.sent(pipe).len(),
        0,
        "its interval began when it went out"
    );
    req.advance(millis(1));
    assert_eq!(req.sent(pipe).len(), 1);
}

// SP-RR-011
#[test]
fn a_new_interval_holds_for_the_request_under_way() {
    let (mut req, pipe) = asked_823();
    req.advance(millis(50_000));
    req.set_option(SOCKET, RESEND_TIME, Some(millis(300)));
    req.advance(millis(300));
    assert_eq!(req.sent(pipe).len(), 1);
    req.set_option(SOCKET, RESEND_TIME, None);
    assert!(req.timers().is_empty());
    req.advance(millis(600_000));
    assert!(req.sent(pipe).is_empty());
}

// SP-RR-011
#[test]
fn a_new_interval_holds_though_an_older_timer_is_set() {
    let (mut req, pipe) = asked_823();
    req.receive(pipe, golden("GV-BT-06"));
    req.set_option(SOCKET, RESEND_TIME, Some(millis(300)));
    assert!(req.send(SOCKET, "x").is_done());
    req.sent(pipe);
    req.advance(millis(300));
    assert_eq!(req.sent(pipe).len(), 1);
}

// SP-RR-011
#[test]
fn contexts_take_over_the_sockets_interval_when_they_open() {
    let mut req = req_with(Some(300));
    let pipe = req.add_pipe();
    let [fast, slow] = [req.open_context(), req.open_context()];
    req.set_option(slow, RESEND_TIME, Some(millis(900)));
    req.set_option(SOCKET, RESEND_TIME, None);
    for context in [fast, slow, SOCKET] {
        assert!(req.send(context, "x").is_done());
    }
    req.sent(pipe);
    req.advance(millis(899));
    assert_eq!(req.sent(pipe).len(), 2, "the fast one, twice");
    req.advance(millis(1));
    assert_eq!(req.sent(pipe).len(), 2, "the fast and the slow one");
}

// SP-RR-013
#[test]
fn a_request_whose_connection_is_lost_goes_elsewhere_at_once() {
    let mut req = req();
    let [first, second] = [req.add_pipe(), req.add_pipe()];
    assert!(req.send(SOCKET, "x").is_done());
    let request = req.sent(first).remove(0);
    req.remove_pipe(first);
    assert_eq!(req.sent(second), [&request[..]]);
    req.receive(second, reply(&request, b"y"));
    assert_eq!(req.recv(SOCKET).body(), "y");
}

// SP-RR-013
#[test]
fn a_request_that_went_elsewhere_has_its_whole_interval_there() {
    let mut req = req_with(Some(300));
    let [first, second] = [req.add_pipe(), req.add_pipe()];
    assert!(req.send(SOCKET, "x").is_done());
    req.advance(millis(200));
    req.remove_pipe(first);
    assert_eq!(req.sent(second).len(), 1);
    req.advance(millis(299));
    assert!(req.sent(second).is_empty());
    req.advance(millis(1));
    assert_eq!(req.sent(second).len(), 1);
}

// SP-RR-013
#[test]
fn requests_that_lost_their_peer_go_out_as_room_comes() {
    let mut req = req();
    let contexts = [SOCKET, req.open_context(), req.open_context()];
    let [slow, lost] = [req.add_pipe(), req.add_pipe()];
    req.set_room(slow, 0);
    for context in contexts {
        assert!(req.send(context, context.raw().to_string()).is_done());
    }
    let mut first = req.sent(lost);
    req.remove_pipe(lost);
    let mut again = Vec::new();
    for room_came in 1..=3 {
        req.set_room(slow, 1);
        again.extend(req.sent(slow));
        assert_eq!(again.len(), room_came);
    }
    first.sort();
    again.sort();
    assert_eq!(again, first);
}

// SP-RR-013
#[test]
fn a_request_that_lost_every_peer_is_the_first_the_next_one_gets() {
    let (mut req, pipe) = asked_823();
    let receiver = req.start_recv(SOCKET);
    let other = req.open_context();
    req.remove_pipe(pipe);
    let sender = req.start_send(other, "new");
    req.advance(millis(600_000));
    let next = req.add_pipe();
    assert!(req.is_done(sender) && !req.is_done(receiver));
    let sent = req.sent(next);
    assert_eq!(sent[0], golden("GV-BT-01"));
    assert_eq!(sent.len(), 2);
    req.receive(next, golden("GV-BT-06"));
    assert_eq!(req.finished(receiver).unwrap().body(), "World");
}

#[test]
fn losing_a_connection_that_had_an_earlier_copy_changes_nothing() {
    let mut req = req_with(Some(300));
    let [first, second] = [req.add_pipe(), req.add_pipe()];
    assert!(req.send(SOCKET, "x").is_done());
    req.advance(millis(300));
    req.sent(second);
    req.remove_pipe(first);
    assert!(req.sent(second).is_empty());
}

// SP-RR-013: "with resending disabled it is abandoned instead"
#[test]
fn with_resending_off_a_lost_connection_fails_the_request() {
    for off in [None, Some(0)] {
        let mut req = req_with(off);
        let [first, second] = [req.add_pipe(), req.add_pipe()];
        assert!(req.send(SOCKET, "x").is_done());
        let request = req.sent(first).remove(0);
        let receiver = req.start_recv(SOCKET);
        req.advance(millis(600_000));
        req.remove_pipe(first);
        let outcome = req.finished(receiver).unwrap();
        assert_eq!(outcome.error(), Some(ErrorKind::ConnectionReset));
        assert_eq!(req.recv(SOCKET).error(), Some(ErrorKind::ConnectionReset));
        assert!(req.sent(second).is_empty());
        req.receive(second, reply(&request, b"late"));
        assert_eq!(req.dropped(DropReason::LateReply), 1);
        assert!(req.send(SOCKET, "x").is_done());
        assert!(req.recv(SOCKET).waits(), "a new request, a new chance");
    }
}
