use spkit_api::{
    ErrorKind, Message, PipeId, Protocol, ProtocolPlugin,
    options::TTL,
    toolkit::harness::{Harness, Outcome, storm},
};

use super::*;
use crate::{
    rep0::XREP0, req0::XREQ0, respondent0::XRESPONDENT0, surveyor0::XSURVEYOR0, vectors::golden,
};

const SOCKET: ContextId = ContextId::SOCKET;

type Machine = Harness<Box<dyn Protocol>>;

/// The raw answering ends, each with the raw asking end of the other side of a device.
const PAIRS: [(&ProtocolPlugin, &ProtocolPlugin); 2] =
    [(&XREP0, &XREQ0), (&XRESPONDENT0, &XSURVEYOR0)];

fn machine(plugin: &ProtocolPlugin) -> Machine {
    Harness::new(plugin.build())
}

fn answerers() -> impl Iterator<Item = Machine> {
    PAIRS.iter().map(|(answering, _)| machine(answering))
}

/// A machine with one connection, of this number.
fn with_channel(plugin: &ProtocolPlugin, channel: u32) -> (Machine, PipeId) {
    let mut machine = machine(plugin);
    machine.load_dice(channel);
    let pipe = machine.add_pipe();
    (machine, pipe)
}

#[track_caller]
fn recv(machine: &mut Machine) -> Message {
    match machine.recv(SOCKET) {
        Outcome::Done(Some(message)) => message,
        other => panic!("not a message: {other:?}"),
    }
}

fn message(header: &[u32], body: &str) -> Message {
    let mut message = Message::from(body.to_owned());
    header.iter().for_each(|word| message.push_back(*word));
    message
}

/// Carries one message through a device.
#[track_caller]
fn forward(from: &mut Machine, to: &mut Machine) {
    let message = recv(from);
    assert!(to.send(SOCKET, message).is_done());
}

#[test]
fn they_are_raw_and_without_contexts() {
    for (answering, asking) in PAIRS {
        for info in [answering.info(), asking.info()] {
            assert!(info.is_raw() && !info.has_contexts() && !info.wants_recv());
        }
        assert_eq!(answering.info().peer(), asking.info().number());
    }
}

// SP-DV-002, SP-DV-003, SP-DV-006, SP-DV-012, SP-DV-018
#[test]
fn the_figure_of_the_draft_holds_through_two_devices() {
    for (answering, asking) in PAIRS {
        let [(mut a1, client), (mut a2, first)] =
            [299, 446].map(|channel| with_channel(answering, channel));
        let [mut b1, mut b2] = [machine(asking), machine(asking)];
        let [second, service] = [b1.add_pipe(), b2.add_pipe()];

        a1.receive(client, golden("GV-BT-01"));
        forward(&mut a1, &mut b1);
        assert_eq!(b1.sent(second), [golden("GV-BT-02")]);
        a2.receive(first, golden("GV-BT-02"));
        forward(&mut a2, &mut b2);
        assert_eq!(b2.sent(service), [golden("GV-BT-03")]);

        b2.receive(service, golden("GV-BT-04"));
        forward(&mut b2, &mut a2);
        assert_eq!(a2.sent(first), [golden("GV-BT-05")]);
        b1.receive(second, golden("GV-BT-05"));
        forward(&mut b1, &mut a1);
        assert_eq!(a1.sent(client), [golden("GV-BT-06")]);
    }
}

// SP-RR-051, SP-DV-002
#[test]
fn the_header_is_the_connection_and_the_tags_whoever_brings_them() {
    for (answering, _) in PAIRS {
        let (mut raw, pipe) = with_channel(answering, 0xffff_fff0);
        for payload in [
            Message::from(golden("GV-BT-02")),
            message(&[299, 0x8000_0337], "Hello"),
        ] {
            raw.receive(pipe, payload);
            let asked = recv(&mut raw);
            assert_eq!(asked.header_words(), [0x7fff_fff0, 299, 0x8000_0337]);
            assert_eq!(asked.body(), b"Hello");
        }
    }
}

// SP-DV-007, SP-SV-018
#[test]
fn as_many_tags_as_the_ttl_pass_and_more_are_dropped() {
    for (answering, asking) in PAIRS {
        let (mut raw, pipe) = with_channel(answering, 1);
        let mut next = machine(asking);
        let beyond = next.add_pipe();
        raw.receive(pipe, golden("GV-TTL-08"));
        forward(&mut raw, &mut next);
        let nine = [&[0, 0, 0, 1], &golden("GV-TTL-08")[..]].concat();
        assert_eq!(next.sent(beyond), [nine]);
        raw.receive(pipe, golden("GV-TTL-09"));
        assert_eq!(raw.dropped(DropReason::Ttl), 1);
        raw.set_option(SOCKET, TTL, 9);
        raw.receive(pipe, golden("GV-TTL-09"));
        assert_eq!(recv(&mut raw).header_words().len(), 10);
        assert_eq!(raw.pipes(), [pipe]);
    }
}

// SP-DV-008
#[test]
fn what_has_no_id_does_not_pass() {
    for mut raw in answerers() {
        let pipe = raw.add_pipe();
        for malformed in ["GV-BT-10", "GV-BT-11", "GV-BT-12", "GV-BT-13"] {
            raw.receive(pipe, golden(malformed));
        }
        assert!(raw.recv(SOCKET).waits());
        assert_eq!(raw.dropped(DropReason::Malformed), 4);
    }
}

// SP-DV-009, SP-DV-019, SP-RR-052
#[test]
fn equal_ids_of_two_clients_are_not_confused_in_any_order() {
    for mut raw in answerers() {
        let pipes = [raw.add_pipe(), raw.add_pipe()];
        for (pipe, body) in pipes.into_iter().zip(["a", "b"]) {
            for _ in 0..50 {
                raw.receive(pipe, message(&[0x8000_0337], body));
            }
        }
        let mut asked: Vec<_> = (0..100).map(|_| recv(&mut raw)).collect();
        asked.reverse();
        for request in asked {
            assert!(raw.send(SOCKET, request).is_done());
        }
        for (pipe, body) in pipes.into_iter().zip(["a", "b"]) {
            let expected = message(&[0x8000_0337], body).to_payload();
            assert_eq!(raw.sent(pipe), vec![expected; 50]);
        }
    }
}

// SP-DV-004, SP-DV-005, SP-DV-010, SP-DV-011, SP-RR-052, H-48
#[test]
fn answers_that_name_no_connection_are_dropped_and_counted() {
    for (answering, _) in PAIRS {
        let (mut raw, pipe) = with_channel(answering, 100);
        let gone = raw.add_pipe();
        raw.remove_pipe(gone);
        let back = raw.add_pipe();
        for header in [&[99, 0x8000_0337][..], &[101, 0x8000_0337]] {
            assert!(raw.send(SOCKET, message(header, "x")).is_done());
        }
        assert_eq!(raw.dropped(DropReason::PipeGone), 2);
        assert!(raw.send(SOCKET, message(&[0x8000_0337], "x")).is_done());
        assert_eq!(raw.dropped(DropReason::Malformed), 1);
        assert!(raw.sent(pipe).is_empty() && raw.sent(back).is_empty());
        assert!(
            raw.send(SOCKET, message(&[100, 0x8000_0337], "x"))
                .is_done()
        );
        assert_eq!(raw.sent(pipe).len(), 1);
    }
}

// SP-RR-052
#[test]
fn an_answer_that_goes_nowhere_or_answers_nothing_is_an_error_and_comes_back() {
    for (answering, _) in PAIRS {
        let (mut raw, pipe) = with_channel(answering, 100);
        for header in [&[][..], &[100], &[100, 299], &[0; 300]] {
            let sent = message(header, "lost");
            let Outcome::Failed(error, Some(back)) = raw.send(SOCKET, sent.clone()) else {
                panic!("{header:?} was sent");
            };
            assert_eq!((error.kind(), back), (ErrorKind::HeaderInvalid, sent));
            assert!(error.to_string().contains("an id last"), "{error}");
        }
        assert!(raw.sent(pipe).is_empty());
    }
}

// SP-DV-020
#[test]
fn an_answer_to_a_slow_peer_is_dropped_and_others_are_not() {
    for (answering, _) in PAIRS {
        let (mut raw, slow) = with_channel(answering, 100);
        let fast = raw.add_pipe();
        raw.set_room(slow, 1);
        for _ in 0..10 {
            for channel in [100, 101] {
                let answer = message(&[channel, 0x8000_0337], "x");
                assert!(raw.send(SOCKET, answer).is_done());
            }
        }
        assert_eq!(raw.dropped(DropReason::QueueFull), 9);
        assert_eq!(raw.sent(fast).len(), 10);
    }
}

#[test]
fn no_order_of_events_breaks_them() {
    for (answering, _) in PAIRS {
        storm::lawless(|| answering.build(), 10_000);
        storm::lawful(
            || answering.build(),
            10_000,
            |raw| {
                let left = format!("{:?}", raw.protocol());
                assert!(left.contains("of_pipe: {}, pipes: {}"), "{left}");
            },
        );
    }
}
