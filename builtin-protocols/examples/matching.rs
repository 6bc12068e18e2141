//! What it costs SUB to match a message against its subscriptions, by their number:
//! `cargo run --release -p spkit-protocols --example matching`.
//!
//! For each shape of topic it prints nanoseconds a message, the best of several runs, with 10 and with 100,000
//! subscriptions, and the ratio: of matching alone, and of all that the machine of a SUB socket does with it. `hot`
//! matches the same ten messages over and over; `any` messages of all topics in turn, whose nodes no cache near the CPU
//! holds together; `none` messages that nobody subscribed to. A loaded computer prints nonsense.
//!
//! With arguments `SHAPE KIND COUNT` it matches a million times and prints nothing, for a profiler to count the
//! instructions: `valgrind --tool=callgrind --toggle-collect='*look*' .../matching hex any 100000`.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use spkit_api::{ContextId, Event, Inbox, PipeId, Protocol, Value, toolkit::harness};
use spkit_protocols::{options::SUBSCRIBE, sub0::Sub0};

/// The tree as SUB has it.
#[path = "../src/sub0"]
mod sub0 {
    #[allow(dead_code)]
    mod topics;

    pub(super) fn matcher(of: impl Iterator<Item = Vec<u8>>) -> impl Fn(&[u8]) -> bool {
        let mut topics = topics::Topics::default();
        of.for_each(|topic| topics.add(&topic));
        move |body| look(&topics, body)
    }

    /// Apart, so that a profiler sees it.
    #[inline(never)]
    fn look(topics: &topics::Topics, body: &[u8]) -> bool {
        topics.matches(body)
    }
}

const FEW: u32 = 10;
const MANY: u32 = 100_000;
const MATCHES: usize = 1_000_000;
const RUNS: usize = 7;

/// Bodies that are made at a time, so that they are in the cache as a received one is.
const BATCH: usize = 100;

/// The n-th topic of a shape: all are different.
type Shape = fn(u32) -> Vec<u8>;

const SHAPES: [(&str, Shape); 4] = [
    ("numbers", |n| {
        format!("news/{:05}/", n * 7919 % MANY).into_bytes()
    }),
    ("hex", |n| {
        format!("{:08x}", n.wrapping_mul(2_654_435_761)).into_bytes()
    }),
    ("binary", |n| {
        n.wrapping_mul(2_654_435_761).to_be_bytes().to_vec()
    }),
    ("paths", |n| {
        let (site, room, device) = (n % 7, n / 7 % 50, n / 350);
        format!("site{site}/room{room}/device{device}/temperature").into_bytes()
    }),
];

/// Which of so many topics the n-th message is of, and what stands in front of it.
type Kind = fn(u32, u32) -> (u32, &'static str);

const KINDS: [(&str, Kind); 3] = [
    ("hot", |n, _| (n % FEW, "")),
    ("any", |n, of| (n.wrapping_mul(7919) % of, "")),
    ("none", |n, _| (n % FEW, "~")),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [shape, kind, count] = &arguments[..] {
        let (Some(shape), Some(kind), Ok(count)) = (
            SHAPES.iter().find(|(name, _)| name == shape),
            KINDS.iter().find(|(name, _)| name == kind),
            count.parse(),
        ) else {
            eprintln!("matching [SHAPE KIND COUNT], for example: matching numbers hot 100000");
            std::process::exit(2);
        };
        run(
            &sub0::matcher((0..count).map(shape.1)),
            shape.1,
            kind.1,
            count,
        );
        return;
    }
    println!(
        "{:>8} {:>5} {FEW:>9} {MANY:>9} {:>6}   SUB: {FEW:>4} {MANY:>9} {:>6}",
        "topics", "", "ratio", "ratio"
    );
    for (shape, topic) in SHAPES {
        let alone = [FEW, MANY].map(|count| sub0::matcher((0..count).map(topic)));
        let mut whole = [FEW, MANY].map(|count| subscriber((0..count).map(topic)));
        for (kind, of) in KINDS {
            let mut best = [Duration::MAX; 4];
            for _ in 0..RUNS {
                for (at, count) in [FEW, MANY].into_iter().enumerate() {
                    let took = run(&alone[at], topic, of, count);
                    best[at] = best[at].min(took);
                    let took = run_whole(&mut whole[at], topic, of, count);
                    best[2 + at] = best[2 + at].min(took);
                }
            }
            let [few, many, sub_few, sub_many] =
                best.map(|time| time.as_secs_f64() * 1e9 / MATCHES as f64);
            println!(
                "{shape:>8} {kind:>5} {few:>9.1} {many:>9.1} {:>6.2} {sub_few:>11.1} {sub_many:>9.1} {:>6.2}",
                many / few,
                sub_many / sub_few,
            );
        }
    }
}

/// How long all matches take together, without the making of bodies.
fn run(matches: &impl Fn(&[u8]) -> bool, topic: Shape, of: Kind, count: u32) -> Duration {
    let batches = batches(topic, of, count);
    let took = batches.map(|bodies| {
        let start = Instant::now();
        for body in &bodies {
            black_box(matches(black_box(body)));
        }
        start.elapsed()
    });
    took.sum()
}

/// The same of the whole machine.
fn run_whole(sub: &mut Sub0, topic: Shape, of: Kind, count: u32) -> Duration {
    let batches = batches(topic, of, count);
    let took = batches.map(|bodies| {
        let mut inbox = Inbox::default();
        bodies.into_iter().for_each(|body| inbox.push(body.into()));
        harness::with_cx(1, |cx| {
            let start = Instant::now();
            sub.on_event(cx, Event::received(PipeId::from_raw(0), &mut inbox));
            start.elapsed()
        })
    });
    took.sum()
}

fn subscriber(of: impl Iterator<Item = Vec<u8>>) -> Sub0 {
    let mut sub = Sub0::default();
    harness::with_cx(1, |cx| {
        for topic in of {
            let topic = Value::Bytes(topic);
            let set = Event::option_set(ContextId::SOCKET, SUBSCRIBE.name(), &topic);
            sub.on_event(cx, set);
        }
    });
    sub
}

fn batches(topic: Shape, of: Kind, count: u32) -> impl Iterator<Item = Vec<Vec<u8>>> {
    let mut numbers = 1..;
    (0..MATCHES / BATCH).map(move |_| {
        let bodies = numbers.by_ref().take(BATCH).map(|number| {
            let (which, front) = of(number, count);
            [
                front.as_bytes(),
                &topic(which),
                b" and what there is to say",
            ]
            .concat()
        });
        bodies.collect()
    })
}
