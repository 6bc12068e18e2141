use std::time::Duration;

use spkit_api::{
    ContextId, DropReason, ErrorKind, Message,
    options::TTL,
    toolkit::harness::{Harness, Outcome, storm},
};

use super::*;
use crate::{answering::DEFAULT_TTL, vectors::golden};

const SOCKET: ContextId = ContextId::SOCKET;

fn respondent() -> Harness<Respondent0> {
    Harness::new(Respondent0::default())
}

/// A survey with this id, whose body names it.
fn survey(id: u32) -> Message {
    let tag = (0x8000_0000 | id).to_be_bytes();
    Message::from([&tag[..], id.to_string().as_bytes()].concat())
}

/// Receives one survey and sends its body back.
#[track_caller]
fn echo(respondent: &mut Harness<Respondent0>, context: ContextId) {
    let body = respondent.recv(context).body();
    assert!(respondent.send(context, body).is_done());
}

// SP-SV-001
#[test]
fn it_announces_0x63_to_0x62_and_has_contexts() {
    let info = RESPONDENT0.info();
    assert_eq!((info.number(), info.peer()), (0x63, 0x62));
    assert!(info.has_contexts() && info.wants_recv() && !info.is_raw());
}

// SP-SV-014, SP-SV-018, H-36
#[test]
fn as_many_tags_as_the_ttl_are_echoed_and_more_are_dropped() {
    let mut respondent = respondent();
    let pipe = respondent.add_pipe();
    for passes in ["GV-TTL-01", "GV-TTL-02", "GV-TTL-07", "GV-TTL-08"] {
        respondent.receive(pipe, golden(passes));
        echo(&mut respondent, SOCKET);
        assert_eq!(respondent.sent(pipe), [golden(passes)]);
    }
    for dropped in ["GV-TTL-09", "GV-TTL-16", "GV-TTL-17"] {
        respondent.receive(pipe, golden(dropped));
    }
    assert!(respondent.recv(SOCKET).waits());
    assert_eq!(respondent.dropped(DropReason::Ttl), 3);
    respondent.set_option(SOCKET, TTL, 1);
    respondent.receive(pipe, golden("GV-TTL-02"));
    assert_eq!(respondent.dropped(DropReason::Ttl), 4);
    respondent.receive(pipe, golden("GV-TTL-01"));
    echo(&mut respondent, SOCKET);
    assert_eq!(respondent.pipes(), [pipe]);
}

// SP-SV-014, SP-SV-015, H-33, H-34, H-35
#[test]
fn surveys_without_an_id_are_ignored_and_counted() {
    let mut respondent = respondent();
    let pipe = respondent.add_pipe();
    for malformed in ["GV-BT-10", "GV-BT-11", "GV-BT-12", "GV-BT-13"] {
        respondent.receive(pipe, golden(malformed));
    }
    assert!(respondent.recv(SOCKET).waits());
    assert_eq!(respondent.dropped(DropReason::Malformed), 4);
    assert_eq!(respondent.pipes(), [pipe], "ignored, not closed");
}

// SP-SV-014 (as SP-RR-036)
#[test]
fn an_answer_goes_to_the_connection_that_asked() {
    let mut respondent = respondent();
    let pipes = [respondent.add_pipe(), respondent.add_pipe()];
    let contexts = [SOCKET, respondent.open_context()];
    let ask = |n: u8| vec![0x80, 0, 0, 7, n];
    for (n, pipe) in (0..).zip(pipes) {
        respondent.receive(pipe, ask(n));
    }
    let asked = contexts.map(|context| respondent.recv(context).body());
    for (context, body) in contexts.into_iter().zip(asked).rev() {
        assert!(respondent.send(context, body).is_done());
    }
    for (n, pipe) in (0..).zip(pipes) {
        assert_eq!(respondent.sent(pipe), [ask(n)]);
    }
}

// SP-SV-014 (as SP-RR-037, SP-RR-038)
#[test]
fn an_answer_needs_a_survey_and_uses_it_up() {
    let mut respondent = respondent();
    let pipe = respondent.add_pipe();
    let Outcome::Failed(error, Some(back)) = respondent.send(SOCKET, "unasked") else {
        panic!("an answer without a survey");
    };
    assert_eq!(
        (error.kind(), back.body()),
        (ErrorKind::State, &b"unasked"[..])
    );
    assert!(error.to_string().contains("no survey"), "{error}");
    respondent.receive(pipe, survey(1));
    echo(&mut respondent, SOCKET);
    assert_eq!(respondent.send(SOCKET, "x").error(), Some(ErrorKind::State));
    assert_eq!(respondent.sent(pipe).len(), 1);
}

// SP-SV-016
#[test]
fn answering_is_optional_and_the_next_survey_drops_the_one_before() {
    let mut respondent = respondent();
    let pipe = respondent.add_pipe();
    respondent.receive_batch(pipe, [1, 2].map(survey));
    drop(respondent.recv(SOCKET));
    echo(&mut respondent, SOCKET);
    assert_eq!(respondent.send(SOCKET, "1").error(), Some(ErrorKind::State));
    assert_eq!(respondent.sent(pipe), [survey(2).to_payload()]);
}

// SP-SV-017
#[test]
fn an_answer_to_a_gone_or_full_peer_is_dropped_and_counted() {
    let mut respondent = respondent();
    let [gone, slow, fast] = [0; 3].map(|_| respondent.add_pipe());
    respondent.set_room(slow, 0);
    respondent.receive(gone, survey(1));
    let body = respondent.recv(SOCKET).body();
    respondent.remove_pipe(gone);
    assert!(respondent.send(SOCKET, body).is_done());
    assert_eq!(respondent.dropped(DropReason::PipeGone), 1);
    respondent.receive(slow, survey(2));
    echo(&mut respondent, SOCKET);
    assert_eq!(respondent.dropped(DropReason::QueueFull), 1);
    respondent.receive(fast, survey(3));
    echo(&mut respondent, SOCKET);
    assert_eq!(respondent.sent(fast), [survey(3).to_payload()]);
}

// SP-SV-021
#[test]
fn a_flood_from_one_surveyor_does_not_starve_another() {
    let mut respondent = respondent();
    let [flood, quiet] = [respondent.add_pipe(), respondent.add_pipe()];
    respondent.receive_batch(flood, (0..10_000).map(survey));
    respondent.receive(quiet, survey(0));
    echo(&mut respondent, SOCKET);
    echo(&mut respondent, SOCKET);
    assert_eq!(respondent.sent(quiet).len(), 1);
}

// SP-SV-024
#[test]
fn surveys_and_answers_may_be_empty() {
    let mut respondent = respondent();
    let pipe = respondent.add_pipe();
    respondent.receive(pipe, vec![0x80, 0, 0, 1]);
    assert_eq!(respondent.recv(SOCKET).body(), "");
    assert!(respondent.send(SOCKET, "").is_done());
    assert_eq!(respondent.sent(pipe), [vec![0x80, 0, 0, 1]]);
}

// SP-SV-025
#[test]
fn it_may_answer_at_any_time() {
    let mut respondent = respondent();
    let pipe = respondent.add_pipe();
    respondent.receive(pipe, survey(1));
    let body = respondent.recv(SOCKET).body();
    respondent.advance(Duration::from_secs(3600));
    assert!(respondent.send(SOCKET, body).is_done());
    assert_eq!(respondent.sent(pipe), [survey(1).to_payload()]);
    assert!(respondent.timers().is_empty());
}

#[test]
fn no_order_of_events_breaks_it() {
    let fresh = format!("{:?}", Respondent0::default());
    storm::lawless(Respondent0::default, 20_000);
    storm::lawful(Respondent0::default, 20_000, |mut respondent| {
        respondent.set_option(SOCKET, TTL, i64::from(DEFAULT_TTL));
        assert_eq!(format!("{:?}", respondent.protocol()), fresh);
    });
}
