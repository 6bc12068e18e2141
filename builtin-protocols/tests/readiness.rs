//! Who polls is told the truth, by every protocol: an operation would succeed if and only if it is ready.

use std::time::Duration;

use spkit_api::{
    ContextId, ErrorKind, Message, PipeFacts, PipeId, Plugin, Protocol, ProtocolPlugin,
    toolkit::harness::{Dice, Harness, Outcome},
};
use spkit_protocols::{
    PLUGINS,
    options::{BACK_PRESSURE, RESEND_TIME, SUBSCRIBE, SURVEY_TIME},
    pair0::PAIR0,
    pair1::{PAIR1, XPAIR1, poly::PAIR1_POLY},
    pub0::PUB0,
    pull0::PULL0,
    push0::PUSH0,
    rep0::REP0,
    req0::{REQ0, XREQ0},
    respondent0::RESPONDENT0,
    surveyor0::SURVEYOR0,
};

const SOCKET: ContextId = ContextId::SOCKET;

type Harnessed = Harness<Box<dyn Protocol>>;

fn open(protocol: &ProtocolPlugin) -> Harnessed {
    Harness::new(protocol.build())
}

/// What peers send: a request's tag, behind a hop count for those that want one, and a body.
fn payload(id: u32) -> Message {
    let mut message = Message::from("x");
    message.push_back(0x8000_0000 | id);
    Message::from_body(message.to_payload())
}

/// An answer to what went out over this pipe last.
fn answer(socket: &mut Harnessed, pipe: PipeId) {
    let asked = socket.sent(pipe).pop().unwrap();
    socket.receive(pipe, Message::from_body(asked));
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A message that may be sent over the socket, raw ones included.
fn outgoing(socket: &Harnessed) -> Message {
    let mut message = Message::from("x");
    match socket.protocol().info().name() {
        "xpair1" | "xstar" => message.push_back(1),
        _ if socket.protocol().info().is_raw() => {
            message.push_back(1);
            message.push_back(0x8000_0001);
        }
        _ => {}
    }
    message
}

/// Whether the attempt agrees with what was said before it.
fn agrees(ready: bool, outcome: &Outcome) -> bool {
    match outcome.error() {
        // Out of turn is not ready; what the receiver waits to hear is.
        Some(ErrorKind::State) => !ready,
        Some(ErrorKind::TimedOut | ErrorKind::ConnectionReset) => ready,
        Some(other) => panic!("unexpected: {other:?}"),
        None => ready == outcome.is_done(),
    }
}

#[test]
fn in_any_state_a_socket_gets_into() {
    let protocols = PLUGINS.iter().filter_map(|plugin| match plugin {
        Plugin::Protocol(protocol) => Some(*protocol),
        _ => None,
    });
    for protocol in protocols {
        let (mut ready, mut not_ready) = (0, 0);
        for seed in 0..150 {
            let mut dice = Dice::new(seed);
            let mut socket = open(protocol);
            if protocol.info().name() == "sub" {
                socket.set_option(SOCKET, SUBSCRIBE, Vec::new());
            }
            for _ in 0..60 {
                let (is_ready, name) = step(&mut socket, &mut dice);
                ready += u32::from(is_ready == Some(true));
                not_ready += u32::from(is_ready == Some(false));
                assert!(
                    name.is_empty(),
                    "{}, seed {seed}: {name}",
                    protocol.info().name()
                );
            }
        }
        assert!(ready > 100, "{}", protocol.info().name());
        let waits =
            protocol.info().can_recv() || ["push", "xpush"].contains(&protocol.info().name());
        assert!(!waits || not_ready > 100, "{}", protocol.info().name());
    }
}

/// Something happens. Says what was said of an operation, if there was one, and what was wrong with that.
fn step(socket: &mut Harnessed, dice: &mut Dice) -> (Option<bool>, String) {
    let info = socket.protocol().info();
    let pipe = dice.pick(&socket.pipes());
    match (dice.below(10), pipe) {
        (0, _) if socket.pipes().len() < 4 => drop(socket.add_pipe()),
        (1, Some(pipe)) => socket.remove_pipe(pipe),
        (2, Some(pipe)) => socket.set_room(pipe, dice.below(3)),
        (3, Some(pipe)) => socket.receive(pipe, payload(dice.below(3) as u32)),
        (4, Some(pipe)) => {
            for sent in socket.sent(pipe) {
                socket.receive(pipe, Message::from_body(sent));
            }
        }
        (5, _) => socket.advance(millis([1, 700, 70_000][dice.below(3)])),
        (6 | 7, _) if info.can_send() => {
            let ready = socket.can_send(SOCKET);
            let message = outgoing(socket);
            let outcome = socket.send(SOCKET, message);
            return (Some(ready), complaint("send", ready, &outcome));
        }
        (8 | 9, _) if info.can_recv() => {
            let ready = socket.can_recv(SOCKET);
            let outcome = socket.recv(SOCKET);
            return (Some(ready), complaint("receive", ready, &outcome));
        }
        _ => {}
    }
    (None, String::new())
}

fn complaint(what: &str, ready: bool, outcome: &Outcome) -> String {
    match agrees(ready, outcome) {
        true => String::new(),
        false => format!("ready to {what}: {ready}, and {outcome:?}"),
    }
}

#[test]
fn those_that_send_to_one_peer_are_ready_while_one_has_room() {
    for protocol in [&PUSH0, &PAIR0, &PAIR1, &XPAIR1, &PAIR1_POLY, &REQ0, &XREQ0] {
        let name = protocol.info().name();
        let mut socket = open(protocol);
        assert!(!socket.can_send(SOCKET), "{name}: nobody is there");
        let pipe = socket.add_pipe();
        assert!(socket.can_send(SOCKET), "{name}");
        socket.set_room(pipe, 0);
        assert!(!socket.can_send(SOCKET), "{name}: the peer is full");
        socket.set_room(pipe, 1);
        assert!(socket.can_send(SOCKET), "{name}: it reads again");
        socket.remove_pipe(pipe);
        assert!(!socket.can_send(SOCKET), "{name}: it has gone");
    }
}

#[test]
fn a_peer_of_a_worse_rank_is_a_peer_too() {
    let mut push = open(&PUSH0);
    let full = push.add_pipe();
    let mut facts = PipeFacts::new(PULL0.info().number());
    facts.send_priority = 16;
    push.add_pipe_with(&facts);
    push.set_room(full, 0);
    assert!(push.can_send(SOCKET));
}

#[test]
fn a_publisher_is_ready_unless_it_waits_for_the_slow() {
    let mut publisher = open(&PUB0);
    assert!(publisher.can_send(SOCKET), "without any peer");
    let [slow, _] = [publisher.add_pipe(), publisher.add_pipe()];
    publisher.set_room(slow, 0);
    assert!(publisher.can_send(SOCKET));
    publisher.set_option(SOCKET, BACK_PRESSURE, "block".to_owned());
    assert!(!publisher.can_send(SOCKET));
    publisher.set_room(slow, 1);
    assert!(publisher.can_send(SOCKET));
    assert!(publisher.send(SOCKET, "x").is_done());
    assert!(!publisher.can_send(SOCKET));
    publisher.set_option(SOCKET, BACK_PRESSURE, "disconnect".to_owned());
    assert!(publisher.can_send(SOCKET));
}

#[test]
fn who_answers_can_send_from_a_question_to_its_answer() {
    for protocol in [&REP0, &RESPONDENT0] {
        let mut socket = open(protocol);
        let context = socket.open_context();
        let pipe = socket.add_pipe();
        assert!(!socket.can_send(SOCKET) && !socket.can_recv(SOCKET));
        socket.receive(pipe, payload(1));
        assert!(
            socket.can_recv(SOCKET) && socket.can_recv(context),
            "whoever is first"
        );
        assert!(!socket.can_send(context), "it was not fetched");
        assert!(socket.recv(context).is_done());
        assert!(!socket.can_recv(SOCKET) && !socket.can_recv(context));
        assert!(socket.can_send(context) && !socket.can_send(SOCKET));
        assert!(socket.send(context, "y").is_done());
        assert!(!socket.can_send(context));
    }
}

#[test]
fn a_requester_can_receive_its_reply_and_that_there_will_be_none() {
    let mut req = open(&REQ0);
    let context = req.open_context();
    req.set_option(context, RESEND_TIME, None);
    let pipe = req.add_pipe();
    assert!(!req.can_recv(context), "out of turn");
    assert!(req.send(context, "x").is_done());
    assert!(!req.can_recv(context));
    answer(&mut req, pipe);
    assert!(req.can_recv(context) && !req.can_recv(SOCKET));
    assert!(req.recv(context).is_done());
    assert!(!req.can_recv(context));
    assert!(req.send(context, "x").is_done());
    req.remove_pipe(pipe);
    assert!(req.can_recv(context));
    let lost = req.recv(context).error();
    assert_eq!(lost, Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_surveyor_can_receive_answers_and_once_the_end() {
    let mut surveyor = open(&SURVEYOR0);
    surveyor.set_option(SOCKET, SURVEY_TIME, Some(millis(100)));
    let pipe = surveyor.add_pipe();
    assert!(
        surveyor.can_send(SOCKET) && !surveyor.can_recv(SOCKET),
        "out of turn"
    );
    assert!(surveyor.send(SOCKET, "x").is_done());
    assert!(!surveyor.can_recv(SOCKET));
    answer(&mut surveyor, pipe);
    assert!(surveyor.can_recv(SOCKET));
    assert!(surveyor.recv(SOCKET).is_done());
    assert!(!surveyor.can_recv(SOCKET));
    surveyor.advance(millis(100));
    assert!(surveyor.can_recv(SOCKET), "its end is news");
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::TimedOut));
    assert!(!surveyor.can_recv(SOCKET), "and no more than that");
}
