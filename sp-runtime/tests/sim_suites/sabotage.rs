//! Protocols with a fault put in: what the suites must notice.
//!
//! A saboteur stands between the real protocol and its socket, and hides or changes one sort of event or effect.

mod meddler;

use std::fmt;

use spkit_api::{
    Cx, Event, Message, PipeId, Protocol, ProtocolInfo, ProtocolPlugin, plugin::Origin,
    protocol::Received,
};
use spkit_protocols::{pair0::PAIR0, pull0::PULL0, push0::PUSH0, rep0::REP0, req0::REQ0};

use self::meddler::Meddler;
use super::{Run, pair, pipeline, reqrep};

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
            self.tamper(received);
        }
        if self.meddling.how == How::DeafToLoss && matches!(event, Event::PipeRemoved(_)) {
            return;
        }
        let mut meddler = Meddler {
            cx,
            meddling: &mut self.meddling,
        };
        self.inner.on_event(&mut Cx::new(&mut meddler), event);
    }
}

impl Saboteur {
    fn tamper(&mut self, received: &mut Received<'_>) {
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

/// The real protocol with this fault.
macro_rules! plugin {
    ($real:ident, $how:ident) => {
        ProtocolPlugin::new(
            $real.info(),
            || sabotage(&$real, How::$how),
            Origin::new("sabotage", "0"),
        )
    };
}

/// A fault, and the suite that has to notice it.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) run: fn(u64) -> Run,
}

/// Faults of REQ and REP.
pub(crate) static REQREP_FAULTS: &[Fault] = &[
    Fault {
        name: "req DeafToLoss",
        run: |seed| requester(seed, plugin!(REQ0, DeafToLoss)),
    },
    Fault {
        name: "req AnyId",
        run: |seed| requester(seed, plugin!(REQ0, AnyId)),
    },
    Fault {
        name: "req CancelsNothing",
        run: |seed| requester(seed, plugin!(REQ0, CancelsNothing)),
    },
    Fault {
        name: "req NoTimers",
        run: |seed| requester(seed, plugin!(REQ0, NoTimers)),
    },
    Fault {
        name: "req SilentWritable",
        run: |seed| requester(seed, plugin!(REQ0, SilentWritable)),
    },
    Fault {
        name: "req OtherId",
        run: |seed| requester(seed, plugin!(REQ0, OtherId)),
    },
    Fault {
        name: "req LosesReceived",
        run: |seed| requester(seed, plugin!(REQ0, LosesReceived)),
    },
    Fault {
        name: "req DoublesReceived",
        run: |seed| requester(seed, plugin!(REQ0, DoublesReceived)),
    },
    Fault {
        name: "req DoublesSent",
        run: |seed| requester(seed, plugin!(REQ0, DoublesSent)),
    },
    Fault {
        name: "req Alters",
        run: |seed| requester(seed, plugin!(REQ0, Alters)),
    },
    Fault {
        name: "rep SilentReadable",
        run: |seed| replier(seed, plugin!(REP0, SilentReadable)),
    },
    Fault {
        name: "rep OtherId",
        run: |seed| replier(seed, plugin!(REP0, OtherId)),
    },
    Fault {
        name: "rep LosesSent",
        run: |seed| replier(seed, plugin!(REP0, LosesSent)),
    },
    Fault {
        name: "rep DoublesSent",
        run: |seed| replier(seed, plugin!(REP0, DoublesSent)),
    },
    Fault {
        name: "rep OtherPipe",
        run: |seed| replier(seed, plugin!(REP0, OtherPipe)),
    },
    Fault {
        name: "rep Alters",
        run: |seed| replier(seed, plugin!(REP0, Alters)),
    },
];

/// Faults of PUSH and PULL.
pub(crate) static PIPELINE_FAULTS: &[Fault] = &[
    Fault {
        name: "push SilentWritable",
        run: |seed| pusher(seed, plugin!(PUSH0, SilentWritable)),
    },
    Fault {
        name: "push LosesSent",
        run: |seed| pusher(seed, plugin!(PUSH0, LosesSent)),
    },
    Fault {
        name: "push DoublesSent",
        run: |seed| pusher(seed, plugin!(PUSH0, DoublesSent)),
    },
    Fault {
        name: "push Alters",
        run: |seed| pusher(seed, plugin!(PUSH0, Alters)),
    },
    Fault {
        name: "pull LosesReceived",
        run: |seed| puller(seed, plugin!(PULL0, LosesReceived)),
    },
    Fault {
        name: "pull DoublesReceived",
        run: |seed| puller(seed, plugin!(PULL0, DoublesReceived)),
    },
    Fault {
        name: "pull Swaps",
        run: |seed| puller(seed, plugin!(PULL0, Swaps)),
    },
];

/// Faults of PAIR.
pub(crate) static PAIR_FAULTS: &[Fault] = &[
    Fault {
        name: "pair RefusesNobody",
        run: |seed| pair::run_with(seed, plugin!(PAIR0, RefusesNobody)),
    },
    Fault {
        name: "pair Swaps",
        run: |seed| pair::run_with(seed, plugin!(PAIR0, Swaps)),
    },
    Fault {
        name: "pair DoublesSent",
        run: |seed| pair::run_with(seed, plugin!(PAIR0, DoublesSent)),
    },
    Fault {
        name: "pair SilentWritable",
        run: |seed| pair::run_with(seed, plugin!(PAIR0, SilentWritable)),
    },
];

/// Each of these faults shows within a few seeds.
pub(crate) fn all_are_noticed(faults: &[Fault]) {
    let mut unnoticed = Vec::new();
    for fault in faults {
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

fn requester(seed: u64, req: ProtocolPlugin) -> Run {
    reqrep::run_with(seed, reqrep::Protocols { req, rep: REP0 })
}

fn replier(seed: u64, rep: ProtocolPlugin) -> Run {
    reqrep::run_with(seed, reqrep::Protocols { req: REQ0, rep })
}

fn pusher(seed: u64, push: ProtocolPlugin) -> Run {
    pipeline::run_with(seed, pipeline::Protocols { push, pull: PULL0 })
}

fn puller(seed: u64, pull: ProtocolPlugin) -> Run {
    pipeline::run_with(seed, pipeline::Protocols { push: PUSH0, pull })
}
