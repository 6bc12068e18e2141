use spkit_api::{
    DropReason, ErrorKind, PipeFacts, Protocol, ProtocolPlugin,
    toolkit::harness::{Harness, Outcome, storm},
};

use super::*;
use crate::{req0::XREQ0, surveyor0::XSURVEYOR0, vectors::golden};

const SOCKET: ContextId = ContextId::SOCKET;
const BOTH: [&ProtocolPlugin; 2] = [&XREQ0, &XSURVEYOR0];

fn machine(plugin: &ProtocolPlugin) -> Harness<Box<dyn Protocol>> {
    Harness::new(plugin.build())
}

fn message(header: &[u32], body: &str) -> Message {
    let mut message = Message::from(body.to_owned());
    header.iter().for_each(|word| message.push_back(*word));
    message
}

// SP-DV-003, SP-DV-017
#[test]
fn answers_have_all_their_tags_in_the_header() {
    for plugin in BOTH {
        let mut raw = machine(plugin);
        let pipe = raw.add_pipe();
        for (name, tags) in [("GV-BT-06", 1), ("GV-BT-04", 3), ("GV-TTL-17", 17)] {
            raw.receive(pipe, golden(name));
            let Outcome::Done(Some(answer)) = raw.recv(SOCKET) else {
                panic!("{name}");
            };
            assert_eq!(answer.header_words().len(), tags);
            assert_eq!(answer.header_words().last(), Some(&0x8000_0337));
            assert_eq!(answer.to_payload(), golden(name));
        }
    }
}

// SP-DV-005, SP-DV-017, H-48
#[test]
fn answers_without_an_id_are_dropped_and_counted() {
    for plugin in BOTH {
        let mut raw = machine(plugin);
        let pipe = raw.add_pipe();
        for malformed in ["GV-BT-10", "GV-BT-11", "GV-BT-12", "GV-BT-13"] {
            raw.receive(pipe, golden(malformed));
        }
        raw.receive(pipe, vec![0; 1 << 20]);
        assert!(raw.recv(SOCKET).waits());
        assert_eq!(raw.dropped(DropReason::Malformed), 4);
        assert_eq!(raw.dropped(DropReason::Ttl), 1);
        assert_eq!(raw.pipes(), [pipe]);
    }
}

#[test]
fn nothing_goes_out_without_an_id_in_its_header() {
    for plugin in BOTH {
        let mut raw = machine(plugin);
        let pipe = raw.add_pipe();
        for header in [&[][..], &[299], &[0x8000_0337, 299]] {
            let Outcome::Failed(error, Some(back)) = raw.send(SOCKET, message(header, "x")) else {
                panic!("{header:?}");
            };
            assert_eq!(error.kind(), ErrorKind::HeaderInvalid);
            let has = if header.is_empty() {
                "has none"
            } else {
                "0000012b"
            };
            assert!(error.to_string().ends_with(has), "{error}");
            assert_eq!(back, message(header, "x"));
        }
        assert!(raw.sent(pipe).is_empty());
    }
}

// SP-DV-002
#[test]
fn raw_requests_go_to_the_peers_in_turn_or_wait() {
    let mut raw = machine(&XREQ0);
    let request = || message(&[299, 0x8000_0337], "x");
    let waiting = raw.start_send(SOCKET, request());
    assert!(!raw.is_done(waiting));
    let first = raw.add_pipe();
    assert!(raw.is_done(waiting));
    let second = raw.add_pipe();
    raw.set_room(first, 1);
    raw.set_room(second, 1);
    assert!(raw.send(SOCKET, request()).is_done());
    assert!(raw.send(SOCKET, request()).is_done());
    let waiting = raw.start_send(SOCKET, request());
    assert!(!raw.is_done(waiting));
    raw.set_room(second, 1);
    assert!(raw.is_done(waiting));
    assert_eq!([first, second].map(|pipe| raw.sent(pipe).len()), [2, 2]);
    assert!(raw.timers().is_empty(), "nothing is resent");
}

// SP-RR-054
#[test]
fn raw_requests_go_to_the_best_rank_that_has_room() {
    let mut raw = machine(&XREQ0);
    let [spare, first] = [9, 2].map(|priority| {
        let mut facts = PipeFacts::new(raw.protocol().info().peer());
        facts.send_priority = priority;
        raw.add_pipe_with(&facts)
    });
    raw.set_room(first, 2);
    for _ in 0..3 {
        assert!(raw.send(SOCKET, message(&[0x8000_0337], "x")).is_done());
    }
    assert_eq!([first, spare].map(|pipe| raw.sent(pipe).len()), [2, 1]);
}

// SP-DV-012
#[test]
fn raw_surveys_go_to_every_peer_and_never_wait() {
    let mut raw = machine(&XSURVEYOR0);
    let survey = || message(&[299, 0x8000_0337], "Hello");
    assert!(raw.send(SOCKET, survey()).is_done());
    assert_eq!(raw.dropped(DropReason::NoPeer), 1);
    let pipes = [raw.add_pipe(), raw.add_pipe(), raw.add_pipe()];
    raw.set_room(pipes[1], 0);
    assert!(raw.send(SOCKET, survey()).is_done());
    assert_eq!(raw.sent(pipes[0]), [golden("GV-BT-02")]);
    assert_eq!(raw.sent(pipes[2]), [golden("GV-BT-02")]);
    assert_eq!(raw.dropped(DropReason::QueueFull), 1);
    for pipe in pipes {
        raw.receive(pipe, golden("GV-BT-05"));
        assert!(raw.recv(SOCKET).is_done(), "an answer from each");
    }
}

#[test]
fn no_order_of_events_breaks_them() {
    for plugin in BOTH {
        let fresh = format!("{:?}", plugin.build());
        storm::lawless(|| plugin.build(), 10_000);
        storm::lawful(
            || plugin.build(),
            10_000,
            |raw| {
                assert_eq!(format!("{:?}", raw.protocol()), fresh);
            },
        );
    }
}
