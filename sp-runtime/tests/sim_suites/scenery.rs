//! What scenarios are drawn with: sockets, links between them, and what goes wrong.

use std::time::Duration;

use spkit_api::{
    Options, ProtocolPlugin, Result,
    options::{RECONNECT_MIN, RECV_BUFFER, RECV_BUFFER_MESSAGES, SEND_BUFFER},
};
use spkit_runtime::sim::{At, Dice, Link, SocketId, User, World};

/// Faults begin within this time.
pub(crate) const TROUBLE_MS: usize = 4_000;

/// What is drawn by the dice.
pub(crate) trait Draw {
    /// True so many times of a hundred.
    fn chance(&mut self, percent: usize) -> bool;

    /// A number from `least` to `most`.
    fn between(&mut self, least: usize, most: usize) -> usize;

    /// A time, from `least` to `most` milliseconds.
    fn millis(&mut self, least: usize, most: usize) -> Duration;
}

impl Draw for Dice {
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    fn millis(&mut self, least: usize, most: usize) -> Duration {
        let micros = self.between(least * 1000, most * 1000);
        Duration::from_micros(micros as u64)
    }
}

/// A socket with small buffers, or the usual ones, and whatever else is to be set.
pub(crate) fn open(
    world: &mut World,
    dice: &mut Dice,
    plugin: &ProtocolPlugin,
    name: &str,
    set: impl FnOnce(&mut Options) -> Result<()>,
) -> SocketId {
    let small = dice.chance(60);
    let messages = dice.between(1, 8);
    let bytes = dice.between(1, 1_500);
    let opened = world.open_with(name, plugin, |options| {
        options.set(RECONNECT_MIN, Duration::from_millis(20))?;
        if small {
            options.set(RECV_BUFFER_MESSAGES, messages as i64)?;
            options.set(RECV_BUFFER, bytes)?;
            options.set(SEND_BUFFER, bytes)?;
        }
        set(options)
    });
    opened.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// So many contexts of a socket. Its own, which works as any other, may be one of them.
pub(crate) fn contexts(world: &mut World, socket: SocketId, count: usize, own: bool) -> Vec<At> {
    let mut contexts = Vec::new();
    contexts.extend(own.then(|| At::from(socket)));
    while contexts.len() < count {
        let opened = world.open_context(socket);
        contexts.push(opened.unwrap_or_else(|error| panic!("{error}")));
    }
    contexts
}

/// A way to draw a link.
type AnyLink = fn(&mut Dice) -> Link;

/// A usual link, or any.
pub(crate) fn any_link(dice: &mut Dice) -> Link {
    if dice.chance(40) {
        Link::default()
    } else {
        Link::random(dice)
    }
}

/// Each of the one sort has one of the other sort at least; either dials.
pub(crate) fn connect(
    world: &mut World,
    dice: &mut Dice,
    any: AnyLink,
    some: &[SocketId],
    others: &[SocketId],
) {
    for socket in some.iter().chain(others) {
        let address = world.transcript().name(*socket).to_owned();
        let _ = world.listen(*socket, &address);
    }
    for one in some {
        let sure = dice.below(others.len());
        for (number, other) in others.iter().enumerate() {
            if number == sure || dice.chance(60) {
                join(world, dice, any, *one, *other);
            }
        }
    }
}

/// One of two listening sockets dials the other a little later, over any link.
pub(crate) fn join(world: &mut World, dice: &mut Dice, any: AnyLink, a: SocketId, b: SocketId) {
    let link = any(dice);
    world.set_link(a, b, link);
    let (from, to) = if dice.chance(50) { (a, b) } else { (b, a) };
    let address = world.transcript().name(to).to_owned();
    let after = dice.millis(0, 300);
    world.after(after, move |world| {
        let _ = world.dial(from, &address);
    });
}

/// A user who begins when most connections are there, or a little before that.
pub(crate) fn enlist_later(world: &mut World, dice: &mut Dice, user: impl User + 'static) {
    let after = dice.millis(0, 700);
    world.after(after, move |world| {
        world.enlist(user);
    });
}

/// A link that is full after a few messages, or any.
pub(crate) fn any_narrow_link(dice: &mut Dice) -> Link {
    if dice.chance(60) {
        return any_link(dice);
    }
    Link::random(dice).with(|link| {
        link.window = 100;
        link.latency = link.latency.max(Duration::from_millis(5));
    })
}

/// A link that takes a message or two at once, or any.
pub(crate) fn any_wide_link(dice: &mut Dice) -> Link {
    any_link(dice).with(|link| link.window = link.window.max(4_096))
}

/// Cuts, partitions, slow ways and slow processes between these sockets, for a while.
pub(crate) fn trouble(world: &mut World, dice: &mut Dice, some: &[SocketId], others: &[SocketId]) {
    for _ in 0..dice.between(1, 7) {
        let after = dice.millis(0, TROUBLE_MS);
        let (Some(a), Some(b)) = (dice.pick(some), dice.pick(others)) else {
            return;
        };
        let time = dice.millis(1, 4_000);
        let by = dice.millis(1, 300);
        let all = some.to_vec();
        let pace = dice.millis(0, 20);
        match dice.below(7) {
            0 | 1 => world.after(after, move |world| world.cut(a, b)),
            2 => world.after(after, move |world| world.cut_off(b)),
            3 => world.after(after, move |world| world.part(&[a], &[b], time)),
            4 => world.after(after, move |world| world.part(&all, &[b], time)),
            5 => world.after(after, move |world| world.slow(a, b, by, time)),
            _ => world.after(after, move |world| {
                world.set_pace(b, pace);
                world.after(time, move |world| world.set_pace(b, Duration::ZERO));
            }),
        }
    }
}

/// A body that begins with its number, and is of some size that fits the link.
pub(crate) fn body(dice: &mut Dice, name: &str, number: usize) -> Vec<u8> {
    let size = match dice.below(20) {
        0 => dice.between(1_000, 5_000),
        1..5 => dice.between(0, 300),
        _ => 0,
    };
    let mut body = format!("{name}.{number}:").into_bytes();
    body.resize(body.len() + size, b'.');
    body
}

/// What a body, or the reply to it, is called: its text up to its size.
pub(crate) fn label(body: &[u8]) -> String {
    let prefix = if body.starts_with(b"re:") { 3 } else { 0 };
    let end = body[prefix..].iter().position(|byte| *byte == b':');
    let end = end.map_or(body.len(), |end| prefix + end);
    body[..end.min(60)].escape_ascii().to_string()
}
