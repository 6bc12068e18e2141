//! Protocols with a fault put in: what the suites must notice.
//!
//! A saboteur stands between the real protocol and its socket, and hides or changes one sort of event or effect.

pub(crate) mod faults;
mod meddler;

use std::fmt;

use spkit_api::{
    Cx, Event, Message, PipeId, Protocol, ProtocolInfo, ProtocolPlugin, Value, protocol::Received,
};

use self::meddler::Meddler;
use super::Run;

/// What a subscription to everything is to.
static EVERYTHING: Value = Value::Bytes(Vec::new());

/// Seeds within which a fault must show.
const SEEDS: u64 = 200;

/// What is done to the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It does not hear that a connection is lost.
    DeafToLoss,
    /// Any reply passes for the one to the last request.
    AnyId,
    /// Receives that are canceled wait on.
    CancelsNothing,
    /// No timer is ever set.
    NoTimers,
    /// Waiting senders are not told.
    SilentWritable,
    /// Waiting receivers of contexts are not told.
    SilentReadable,
    /// Now and then a message goes out with another id.
    OtherId,
    /// Now and then a received message is lost.
    LosesReceived,
    /// Now and then a received message is queued twice.
    DoublesReceived,
    /// Now and then two received messages change places.
    Swaps,
    /// Now and then a message is sent twice.
    DoublesSent,
    /// Now and then a message is taken and not sent.
    LosesSent,
    /// Now and then a message goes to the pipe that was used before.
    OtherPipe,
    /// Now and then the first byte of a sent body is changed.
    Alters,
    /// No peer is ever refused.
    RefusesNobody,
    /// Now and then a pipe seems to have no room.
    NoRoom,
    /// Now and then a message goes back to where it came from.
    Echoes,
    /// Now and then a message has one hop less behind it.
    ForgetsHops,
    /// Whatever is subscribed to, it is everything.
    SubscribesToAll,
    /// Nothing that is subscribed to is ever unsubscribed from.
    KeepsSubscriptions,
    /// Options are not heard of.
    DeafToOptions,
}

struct Saboteur {
    inner: Box<dyn Protocol>,
    meddling: Meddling,
}

/// The fault, and what it has to remember.
#[derive(Clone, Copy, Debug)]
struct Meddling {
    how: How,
    /// Occasions so far.
    count: u32,
    /// The id of the last request sent.
    id: Option<u32>,
    /// The pipe used last.
    pipe: Option<PipeId>,
}

impl Meddling {
    /// True now and then.
    fn now_and_then(&mut self) -> bool {
        self.count += 1;
        self.count.is_multiple_of(5)
    }
}

impl fmt::Debug for Saboteur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.meddling, self.inner)
    }
}

impl Protocol for Saboteur {
    fn info(&self) -> &'static ProtocolInfo {
        self.inner.info()
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, mut event: Event<'_>) {
        if let Event::Received(received) = &mut event {
            self.tamper(cx, received);
        }
        match (self.meddling.how, &event) {
            (How::DeafToLoss, Event::PipeRemoved(_))
            | (How::DeafToOptions, Event::OptionSet(_)) => return,
            (How::KeepsSubscriptions, Event::OptionSet(set)) if set.name == "unsubscribe" => return,
            (How::SubscribesToAll, Event::OptionSet(set)) if set.name == "subscribe" => {
                event = Event::option_set(set.context, set.name, &EVERYTHING);
            }
            _ => {}
        }
        let mut meddler = Meddler {
            cx,
            meddling: &mut self.meddling,
        };
        self.inner.on_event(&mut Cx::new(&mut meddler), event);
    }
}

impl Saboteur {
    fn tamper(&mut self, cx: &mut Cx<'_>, received: &mut Received<'_>) {
        match (self.meddling.how, self.meddling.id) {
            (How::AnyId, Some(id)) => {
                for _ in 0..received.messages.len() {
                    let Some(mut message) = received.messages.pop() else {
                        break;
                    };
                    message.trim_front(4);
                    let forged = [&id.to_be_bytes()[..], message.body()].concat();
                    received.messages.push(Message::from(forged));
                }
            }
            (How::Swaps, _) if received.messages.len() > 1 && self.meddling.now_and_then() => {
                if let Some(first) = received.messages.pop() {
                    received.messages.push(first);
                }
            }
            (How::Echoes, _) => {
                for message in received.messages.iter() {
                    if self.meddling.now_and_then() {
                        let _ = cx.try_send(received.pipe, &mut Some(message.clone()));
                    }
                }
            }
            _ => {}
        }
    }
}

fn sabotage(real: &ProtocolPlugin, how: How) -> Box<dyn Protocol> {
    Box::new(Saboteur {
        inner: real.build(),
        meddling: Meddling {
            how,
            count: 0,
            id: None,
            pipe: None,
        },
    })
}

/// A fault, and the suite that has to notice it.
pub(crate) struct Fault {
    name: &'static str,
    run: fn(u64) -> Run,
}

/// Each of these faults shows within a few seeds.
pub(crate) fn all_are_noticed(faults: &[&[Fault]]) {
    let mut unnoticed = Vec::new();
    for fault in faults.iter().copied().flatten() {
        let caught = (0..SEEDS).find_map(|seed| {
            let run = (fault.run)(seed);
            Some((seed, run.faults.into_iter().next()?))
        });
        match caught {
            Some((seed, why)) => println!("{:22} seed {seed:3}: {why}", fault.name),
            None => unnoticed.push(fault.name),
        }
    }
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:?}");
}
