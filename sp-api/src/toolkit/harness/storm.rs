//! Random sequences of events: whatever comes, in whatever order, a protocol must not panic, and must not lose its way.
//!
//! [`lawful`] keeps the runtime's side of the contract and checks the protocol's; [`lawless`] keeps nothing, and checks
//! that nothing panics. A sequence that fails names its seed; [`lawful_seed`] repeats it alone.

use std::time::Duration;

use super::{Dice, Harness, Line, OpId, Outcome};
use crate::{
    ContextId, Event, Inbox, Message, OptSpec, PipeFacts, PipeId, Protocol, ProtocolInfo, TimerId,
    Value, option::Kind,
};

/// Events in one sequence, at most.
const STEPS: usize = 60;

/// Pipes and contexts that are there at once, at most.
const CROWD: usize = 5;

/// Runs so many sequences of events that can happen.
///
/// Before each send and receive it asks whether that would succeed, and checks the answer. After each event it checks that no waiting operation could have gone on without being woken, and that no more
/// messages are held than came and were not handed up (for each context, where contexts are served from their queues
/// and so may each have a copy). At the end of each sequence every context and pipe is gone and
/// the socket is closed; `at_end` can compare what is left with a fresh machine.
pub fn lawful<P: Protocol>(
    build: impl Fn() -> P,
    sequences: u64,
    mut at_end: impl FnMut(Harness<P>),
) {
    for seed in 0..sequences {
        at_end(lawful_seed(build(), seed));
    }
}

/// Runs the one sequence of this seed, as [`lawful`] does.
pub fn lawful_seed<P: Protocol>(protocol: P, seed: u64) -> Harness<P> {
    let _told = TellSeed(seed);
    let mut storm = Storm {
        harness: Harness::seeded(protocol, seed),
        dice: Dice::new(!seed),
        contexts: vec![ContextId::SOCKET],
        ops: Vec::new(),
        seen: Vec::new(),
    };
    for _ in 0..storm.dice.below(STEPS) {
        storm.step();
        let lost = storm.harness.find_lost_wake();
        assert!(lost.is_none(), "{lost:?} could go on, and was not woken");
        let Harness { world, .. } = &storm.harness;
        let (held, delivered, received) = (world.held(), world.delivered, world.received);
        let copies = match storm.harness.protocol().info().wants_recv() {
            true => 1,
            false => storm.harness.next_context as usize + 1,
        };
        assert!(
            held + delivered <= received * copies,
            "{held} held, {delivered} handed up, {received} received"
        );
    }
    let mut harness = storm.harness;
    let contexts = storm.contexts.split_off(1);
    contexts
        .into_iter()
        .for_each(|context| harness.close_context(context));
    harness
        .pipes()
        .into_iter()
        .for_each(|pipe| harness.remove_pipe(pipe));
    harness.close();
    harness
}

/// Hands so many sequences of arbitrary events to machines: pipes that never came, contexts that closed twice, options
/// of the wrong kind, empty slots, anything after the end.
pub fn lawless<P: Protocol>(build: impl Fn() -> P, sequences: u64) {
    for seed in 0..sequences {
        let _told = TellSeed(seed);
        let mut harness = Harness::seeded(build(), seed);
        let mut dice = Dice::new(!seed);
        harness.world.lawless = true;
        for _ in 0..dice.below(STEPS) {
            any_event(&mut harness, &mut dice);
        }
    }
}

/// Names the seed of the sequence in which a test panics.
struct TellSeed(u64);

impl Drop for TellSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the storm of seed {} failed", self.0);
        }
    }
}

struct Storm<P> {
    harness: Harness<P>,
    dice: Dice,
    contexts: Vec<ContextId>,
    ops: Vec<OpId>,
    /// Payloads that went out: what comes back is often one of them.
    seen: Vec<Message>,
}

impl<P: Protocol> Storm<P> {
    fn step(&mut self) {
        let Self { harness, dice, .. } = self;
        let info = harness.protocol().info();
        let pipe = dice.pick(&harness.pipes());
        let context = dice.pick(&self.contexts).unwrap_or(ContextId::SOCKET);
        match (dice.below(16), pipe) {
            (0, _) | (1, None) if harness.pipes().len() < CROWD => {
                harness.add_pipe();
            }
            (1, Some(pipe)) => harness.remove_pipe(pipe),
            (2, Some(pipe)) => harness.set_room(pipe, dice.below(4)),
            (3 | 4, Some(pipe)) => {
                let batch = (0..=dice.below(3)).map(|_| payload(dice, &self.seen));
                let batch = batch.collect::<Vec<_>>();
                harness.receive_batch(pipe, batch);
            }
            (5 | 6, Some(pipe)) => {
                let sent = harness.sent(pipe).into_iter().map(Message::from_body);
                self.seen.extend(sent);
                let surplus = self.seen.len().saturating_sub(16);
                self.seen.drain(..surplus);
            }
            (7, _) => {
                let ready = harness.answer(context, true);
                let outcome = harness.send(context, outgoing(dice, info, "tried"));
                check_answer("send", ready, &outcome);
            }
            (8, _) => {
                let ready = harness.answer(context, false);
                check_answer("receive", ready, &harness.recv(context));
            }
            (9, _) => {
                let message = outgoing(dice, info, "waited");
                self.ops.push(harness.start_send(context, message));
            }
            (10, _) => self.ops.push(harness.start_recv(context)),
            (11, _) => {
                if let Some(op) = dice.pick(&self.ops) {
                    harness.abandon(op);
                }
            }
            (12, _) if info.has_contexts() && self.contexts.len() < CROWD => {
                self.contexts.push(harness.open_context());
            }
            (13, _) if context != ContextId::SOCKET => {
                self.contexts.retain(|other| *other != context);
                harness.close_context(context);
            }
            (14, _) => {
                let spans = [0, 1, 250, 1_000, 70_000];
                let millis = dice.pick(&spans).unwrap_or_default();
                harness.advance(Duration::from_millis(millis));
            }
            (15, _) if !info.options().is_empty() => {
                let row = &info.options()[dice.below(info.options().len())];
                let value = value(dice, row);
                if row.check(&value).is_ok() {
                    let _refused_or_not = harness.try_set_value(context, row.name(), &value);
                }
            }
            _ => {}
        }
    }
}

/// Who polls is told the truth. A message of the application's own may fail all the same.
fn check_answer(what: &str, ready: Option<bool>, outcome: &Outcome) {
    let lie = match ready {
        Some(true) => outcome.waits(),
        Some(false) => outcome.is_done(),
        None => false,
    };
    assert!(!lie, "ready to {what}: {ready:?}, and {outcome:?}");
}

fn any_event<P: Protocol>(harness: &mut Harness<P>, dice: &mut Dice) {
    let pipe = PipeId::from_raw(dice.below(4) as u32);
    let context = ContextId::from_raw(dice.below(4) as u32);
    let mut slot = (dice.below(4) > 0).then(|| payload(dice, &[]));
    match dice.below(13) {
        0 => harness.raw_event(Event::pipe_added(pipe, &PipeFacts::new(0))),
        1 => harness.raw_event(Event::pipe_removed(pipe)),
        2 => harness.raw_event(Event::pipe_writable(pipe)),
        3 => {
            let mut inbox = Inbox::default();
            for _ in 0..dice.below(4) {
                inbox.push(payload(dice, &[]));
            }
            harness.raw_event(Event::received(pipe, &mut inbox));
        }
        4 => harness.raw_event(Event::ContextOpened(context)),
        5 => harness.raw_event(Event::ContextClosed(context)),
        6 => harness.raw_event(Event::send(context, &mut slot)),
        7 => harness.raw_event(Event::recv(context, &mut slot)),
        8 => {
            let rows = harness.protocol().info().options();
            let odd = OptSpec::bool(crate::Opt::new("odd"), true, "");
            let row = rows.get(dice.below(rows.len() + 1)).unwrap_or(&odd);
            let value = value(dice, row);
            harness.raw_event(Event::option_set(context, row.name(), &value));
        }
        9 => {
            let timers = [0, 1, 2, u64::MAX];
            let timer = TimerId(dice.pick(&timers).unwrap_or_default());
            harness.raw_event(Event::Timer(timer));
        }
        10 => harness.raw_event(Event::Closing),
        11 => {
            let mut ready = None;
            harness.raw_event(Event::can_send(context, &mut ready));
            harness.raw_event(Event::can_recv(context, &mut ready));
        }
        // What the pipes do meanwhile.
        _ => {
            if dice.below(2) == 0 {
                harness.world.lines.remove(&pipe);
            } else {
                let room = dice.below(3);
                let line = Line {
                    room,
                    ..Line::default()
                };
                harness.world.lines.insert(pipe, line);
            }
        }
    }
}

/// What an application sends: over a raw socket, most times with a header.
fn outgoing(dice: &mut Dice, info: &ProtocolInfo, body: &'static str) -> Message {
    let mut message = Message::from(body);
    if info.is_raw() && dice.below(8) > 0 {
        for _ in 0..dice.below(3) {
            message.push_back(dice.below(4) as u32);
        }
        message.push_back(0x8000_0000 | dice.below(4) as u32);
    }
    message
}

/// A payload that a peer may send: something that went out before, tags with or without a request's id, or noise; as a
/// stream brings it, or with a header as from within the process.
fn payload(dice: &mut Dice, seen: &[Message]) -> Message {
    if let Some(at) = seen.len().checked_sub(1).map(|last| dice.below(last + 1))
        && dice.below(2) == 0
    {
        return seen[at].clone();
    }
    let mut message = Message::from(vec![b'x'; dice.below(7)]);
    let tags = dice.below(4) * dice.below(4);
    for _ in 0..tags {
        message.push_front(dice.below(4) as u32);
    }
    if dice.below(3) > 0 {
        message.push_back(0x8000_0000 | dice.below(4) as u32);
    }
    match dice.below(2) {
        0 => Message::from_body(message.to_payload()),
        _ => message.into_received(),
    }
}

/// A value for an option: often one that fits its row.
fn value(dice: &mut Dice, row: &OptSpec) -> Value {
    let number = dice.below(300) as i64 - 10;
    match row.kind() {
        _ if dice.below(8) == 0 => Value::Text("odd".to_owned()),
        Kind::Bool => Value::Bool(number % 2 == 0),
        Kind::Int => Value::Int(number),
        Kind::Duration => Value::Duration(u64::try_from(number).ok().map(Duration::from_millis)),
        Kind::Size => Value::Size(number.unsigned_abs() as usize),
        Kind::Text => Value::Text("text".to_owned()),
        Kind::Bytes => Value::Bytes(b"bytes".to_vec()),
    }
}
