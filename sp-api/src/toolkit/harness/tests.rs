//! The harness has to notice what protocols do wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::{ProtocolInfo, toolkit::RoundRobin};

const SOCKET: ContextId = ContextId::SOCKET;

static INFO: ProtocolInfo = ProtocolInfo::new("odd", 0xf000, 0xf000);

/// What a machine gets wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    SendsToTheGone,
    NeverWakes,
    WakesForEver,
    ServesAndFails,
    Doubles,
    SaysReady,
    SaysNotReady,
    Panics,
}

/// Sends in turn, receives from the queue: but for its fault, a proper protocol.
#[derive(Debug)]
struct Odd {
    fault: Fault,
    pipes: RoundRobin,
}

impl Odd {
    fn harness(fault: Fault) -> Harness<Self> {
        Harness::new(Self::new(fault))
    }

    fn new(fault: Fault) -> Self {
        Self {
            fault,
            pipes: RoundRobin::new(),
        }
    }
}

impl Protocol for Odd {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => {
                self.pipes.add(added.pipe);
                if self.fault != Fault::NeverWakes {
                    cx.writable(SOCKET);
                }
            }
            Event::PipeWritable(writable) => {
                self.pipes.writable(writable.pipe);
                cx.writable(SOCKET);
            }
            Event::PipeRemoved(removed) if self.fault != Fault::SendsToTheGone => {
                self.pipes.remove(removed.pipe);
            }
            Event::Send(request) => {
                self.pipes.offer(cx, request.message);
                match self.fault {
                    Fault::WakesForEver => cx.writable(SOCKET),
                    Fault::ServesAndFails => cx.fail(ErrorKind::State),
                    _ => {}
                }
            }
            Event::Received(received) if self.fault == Fault::Doubles => {
                while let Some(message) = received.messages.pop() {
                    cx.queue(SOCKET, message.clone());
                    cx.queue(SOCKET, message);
                }
            }
            Event::Received(received) => cx.queue_all(SOCKET, received.messages),
            Event::CanSend(request) => {
                *request.ready = Some(match self.fault {
                    Fault::SaysReady => true,
                    Fault::SaysNotReady => false,
                    _ => self.pipes.has_room(cx),
                });
            }
            Event::Closing if self.fault == Fault::Panics => panic!("no"),
            _ => {}
        }
    }
}

/// Whether a storm finds the fault.
fn storm_finds(fault: Fault) -> bool {
    let run = || storm::lawful(|| Odd::new(fault), 300, drop);
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

#[test]
fn storms_find_what_is_wrong_and_nothing_else() {
    assert!(!storm_finds(Fault::None));
    for fault in [
        Fault::SendsToTheGone,
        Fault::NeverWakes,
        Fault::WakesForEver,
        Fault::ServesAndFails,
        Fault::Doubles,
        Fault::SaysReady,
        Fault::SaysNotReady,
        Fault::Panics,
    ] {
        assert!(storm_finds(fault), "{fault:?}");
    }
    let lawless = || storm::lawless(|| Odd::new(Fault::Panics), 300);
    assert!(catch_unwind(AssertUnwindSafe(lawless)).is_err());
}

#[test]
fn a_seed_repeats_its_sequence() {
    let state = |seed| {
        let mut harness = storm::lawful_seed(Odd::new(Fault::None), seed);
        (harness.effects(), harness.take_dropped(), harness.now())
    };
    assert!((0..50).all(|seed| state(seed) == state(seed)));
    assert!((1..50).any(|seed| state(seed) != state(0)));
}

#[test]
fn an_abandoned_sender_keeps_its_message_from_the_pipe() {
    let mut harness = Odd::harness(Fault::None);
    let [a, b] = ["a", "b"].map(|message| harness.start_send(SOCKET, message));
    harness.abandon(a);
    let pipe = harness.add_pipe();
    assert!(!harness.is_done(a));
    assert!(harness.finished(b).is_some_and(|outcome| outcome.is_done()));
    assert_eq!(harness.sent(pipe), ["b"]);
    assert_eq!(harness.effects(), [Effect::Writable(SOCKET)]);
}

#[test]
fn who_polls_is_told_what_an_attempt_would_find() {
    let mut harness = Odd::harness(Fault::None);
    assert!(!harness.can_send(SOCKET) && !harness.can_recv(SOCKET));
    let pipe = harness.add_pipe();
    harness.set_room(pipe, 1);
    harness.receive(pipe, "x");
    for _ in 0..2 {
        assert!(harness.can_send(SOCKET) && harness.can_recv(SOCKET));
    }
    assert!(harness.send(SOCKET, "y").is_done());
    assert_eq!(harness.recv(SOCKET).body(), "x");
    assert!(!harness.can_send(SOCKET) && !harness.can_recv(SOCKET));
    harness.set_room(pipe, 1);
    assert!(harness.can_send(SOCKET), "it was asked, so it says so");
}

static ASKED: ProtocolInfo = ProtocolInfo::new("silent", 0xf000, 0xf000).answers_recv();

/// Sends to one peer and keeps what it receives, and never says whether it could.
#[derive(Debug, Default)]
struct Silent(Option<PipeId>, Vec<Message>);

impl Protocol for Silent {
    fn info(&self) -> &'static ProtocolInfo {
        &ASKED
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => {
                self.0 = Some(added.pipe);
                cx.writable(SOCKET);
            }
            Event::PipeWritable(_) => cx.writable(SOCKET),
            Event::Received(received) => {
                self.1.extend(received.messages.pop());
                cx.readable(SOCKET);
            }
            Event::Recv(request) => *request.message = self.1.pop(),
            Event::Send(request) => {
                let _taken = self
                    .0
                    .is_some_and(|pipe| cx.try_send(pipe, request.message));
            }
            _ => {}
        }
    }
}

#[test]
fn a_protocol_that_does_not_say_is_ready_until_it_was_not() {
    let mut harness = Harness::new(Silent::default());
    assert!(harness.can_send(SOCKET));
    assert!(harness.send(SOCKET, "x").waits());
    assert!(!harness.can_send(SOCKET));
    let pipe = harness.add_pipe();
    assert!(harness.can_send(SOCKET));
    harness.set_room(pipe, 0);
    assert!(harness.send(SOCKET, "x").waits());
    assert!(!harness.can_send(SOCKET));
    harness.set_room(pipe, 1);
    assert!(harness.can_send(SOCKET));
    for _ in 0..2 {
        assert!(harness.can_recv(SOCKET));
        assert!(harness.recv(SOCKET).waits());
        assert!(!harness.can_recv(SOCKET));
        harness.receive(pipe, "y");
        assert!(harness.can_recv(SOCKET));
        assert!(harness.recv(SOCKET).is_done());
    }
}

#[test]
fn lanes_are_served_in_turn() {
    let mut harness = Odd::harness(Fault::None);
    let [a, b] = [harness.add_pipe(), harness.add_pipe()];
    harness.receive_batch(a, ["a1", "a2", "a3"].map(Message::from));
    harness.receive(b, "b1");
    let order: Vec<_> = (0..4).map(|_| harness.recv(SOCKET).body()).collect();
    assert_eq!(order, ["a1", "b1", "a2", "a3"]);
}

/// Pauses each pipe after its first message, and queues when time comes.
#[derive(Debug, Default)]
struct Careful {
    stopped: Vec<PipeId>,
}

impl Protocol for Careful {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::Received(received) => {
                if let Some(message) = received.messages.pop() {
                    cx.queue(SOCKET, message);
                }
                cx.pause(received.pipe);
                cx.set_timer(TimerId(received.pipe.raw().into()), Duration::from_secs(1));
                self.stopped.push(received.pipe);
            }
            Event::Timer(_) => self.stopped.drain(..).for_each(|pipe| cx.resume(pipe)),
            _ => {}
        }
    }
}

#[test]
fn a_paused_batch_waits_and_timers_fire_at_their_time() {
    let mut harness = Harness::new(Careful::default());
    let pipe = harness.add_pipe();
    harness.receive_batch(pipe, ["1", "2", "3"].map(Message::from));
    assert_eq!(harness.queued(SOCKET), 1);
    assert_eq!((harness.held(), harness.received()), (3, 3));
    harness.advance(Duration::from_millis(999));
    assert_eq!(harness.queued(SOCKET), 1);
    harness.advance(Duration::from_millis(1));
    assert_eq!(harness.queued(SOCKET), 2);
    assert_eq!(harness.timers().len(), 1, "set anew by the second batch");
    harness.advance(Duration::from_secs(5));
    assert_eq!(harness.queued(SOCKET), 3);
    assert_eq!(harness.now().as_nanos(), 6_000_000_000);
}
