//! How often a request goes out, and what becomes of it then.

use super::*;

/// A requester with a policy, two peers, and a request that went to the first.
fn asked_with(resend: &str, max_attempts: i64) -> (Harness<Req0>, [PipeId; 2], Vec<u8>) {
    let mut req = req_with(Some(300));
    req.set_option(SOCKET, RESEND, resend.to_owned());
    req.set_option(SOCKET, MAX_ATTEMPTS, max_attempts);
    let pipes = [req.add_pipe(), req.add_pipe()];
    assert!(req.send(SOCKET, "x").is_done());
    let request = req.sent(pipes[0]).remove(0).to_vec();
    (req, pipes, request)
}

/// The reason for which both who waits and who comes later gets no reply.
#[track_caller]
fn failed(req: &mut Harness<Req0>, receiver: OpId) -> Error {
    let Some(Outcome::Failed(error, None)) = req.finished(receiver) else {
        panic!("the request is given up");
    };
    let Outcome::Failed(later, None) = req.recv(SOCKET) else {
        panic!("and stays so");
    };
    assert_eq!(later.to_string(), error.to_string());
    error
}

// SP-RR-010, SP-RR-013
#[test]
fn resent_on_disconnect_only_it_waits_for_its_reply_as_long_as_its_peer_is_there() {
    let (mut req, [first, second], request) = asked_with("disconnect", 0);
    assert!(req.timers().is_empty());
    req.advance(millis(600_000));
    assert!(req.sent(first).is_empty() && req.sent(second).is_empty());
    req.remove_pipe(first);
    assert_eq!(req.sent(second), [&request[..]]);
    req.remove_pipe(second);
    let third = req.add_pipe();
    assert_eq!(req.sent(third), [&request[..]]);
    req.receive(third, reply(&request, b"y"));
    assert_eq!(req.recv(SOCKET).body(), "y");
}

// SP-RR-013: "with resending disabled it is abandoned instead"
#[test]
fn never_resent_it_ends_with_its_connection() {
    let (mut req, [first, second], request) = asked_with("never", 0);
    let receiver = req.start_recv(SOCKET);
    req.advance(millis(600_000));
    req.remove_pipe(first);
    let error = failed(&mut req, receiver);
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(error.to_string().contains("resending is off"), "{error}");
    assert!(req.sent(second).is_empty());
    req.receive(second, reply(&request, b"late"));
    assert_eq!(req.dropped(DropReason::LateReply), 1);
}

// SP-RR-012
#[test]
fn after_the_last_attempt_it_fails_when_it_would_be_due_again() {
    let (mut req, [first, second], request) = asked_with("timer", 3);
    let receiver = req.start_recv(SOCKET);
    req.advance(millis(600));
    assert_eq!([first, second].map(|pipe| req.sent(pipe).len()), [1, 1]);
    req.advance(millis(299));
    assert!(!req.is_done(receiver), "the last one has its interval");
    req.advance(millis(1));
    let error = failed(&mut req, receiver);
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(
        error.to_string().contains("`max-attempts` allows: 3"),
        "{error}"
    );
    assert!(req.timers().is_empty());
    req.receive(second, reply(&request, b"late"));
    assert_eq!(req.dropped(DropReason::LateReply), 1);
    assert!(req.send(SOCKET, "x").is_done());
    assert!(req.recv(SOCKET).waits(), "a new request, new attempts");
    req.advance(millis(600));
    assert!(req.recv(SOCKET).waits());
}

// SP-RR-012, SP-RR-013
#[test]
fn a_lost_connection_costs_an_attempt_as_well() {
    for resend in ["timer", "disconnect"] {
        let (mut req, [first, second], request) = asked_with(resend, 2);
        let receiver = req.start_recv(SOCKET);
        req.remove_pipe(first);
        assert_eq!(req.sent(second), [&request[..]]);
        req.add_pipe();
        req.remove_pipe(second);
        let error = failed(&mut req, receiver);
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(
            error.to_string().contains("`max-attempts` allows: 2"),
            "{error}"
        );
    }
}

// SP-RR-012
#[test]
fn waiting_for_room_costs_no_attempt() {
    let (mut req, [first, second], request) = asked_with("timer", 2);
    let receiver = req.start_recv(SOCKET);
    req.remove_pipe(second);
    req.remove_pipe(first);
    req.advance(millis(600_000));
    assert!(!req.is_done(receiver));
    let third = req.add_pipe();
    assert_eq!(req.sent(third), [&request[..]]);
    req.advance(millis(300));
    assert_eq!(failed(&mut req, receiver).kind(), ErrorKind::TimedOut);
}

// SP-RR-012
#[test]
fn each_time_it_goes_out_again_is_told() {
    let (mut req, [first, second], _) = asked_with("timer", 0);
    let resent = |req: &mut Harness<Req0>| {
        let effects = req.effects().into_iter();
        let resent = effects.filter(|effect| matches!(effect, Effect::Resent(..)));
        resent.collect::<Vec<_>>()
    };
    assert_eq!(resent(&mut req), []);
    req.advance(millis(300));
    req.remove_pipe(second);
    assert_eq!(
        resent(&mut req),
        [2, 3].map(|attempts| Effect::Resent(SOCKET, attempts))
    );
    assert_eq!(req.sent(first).len(), 1);
}

// SP-RR-011
#[test]
fn a_policy_holds_for_the_request_under_way_and_is_taken_over_by_contexts() {
    let (mut req, [first, second], _) = asked_with("disconnect", 0);
    let context = req.open_context();
    req.set_option(SOCKET, RESEND, "timer".to_owned());
    assert!(req.send(context, "y").is_done());
    req.sent(second);
    req.advance(millis(300));
    let again = [first, second].map(|pipe| req.sent(pipe).len());
    assert_eq!(
        again,
        [1, 0],
        "that of the socket, and not that of the context"
    );
    req.set_option(context, RESEND, "never".to_owned());
    let receiver = req.start_recv(context);
    req.remove_pipe(second);
    assert!(req.is_done(receiver));
}
