//! Publishers and subscribers: everybody gets, in order, what was published and matched; what is missing was dropped for a
//! reason, and counted.

mod check;
mod subscriber;

use std::{cell::Cell, rc::Rc};

use spkit_api::ProtocolPlugin;
use spkit_protocols::{
    options::{BACK_PRESSURE, PREFER_NEW},
    pub0::PUB0,
    sub0::SUB0,
};
use spkit_runtime::sim::{Dice, SocketId, World};

use self::subscriber::Subscriber;
use super::{
    Draw, Run, any_link, any_narrow_link, contexts, open,
    streamers::{Receiver, Sender},
};

/// What bodies begin with.
const TOPICS: &[&str] = &["", "a|", "ab|", "b|"];

/// The protocols under test: the real ones, or sabotaged ones.
#[derive(Clone, Copy)]
pub(crate) struct Protocols {
    pub(crate) publish: ProtocolPlugin,
    pub(crate) subscribe: ProtocolPlugin,
}

const REAL: Protocols = Protocols {
    publish: PUB0,
    subscribe: SUB0,
};

pub(crate) fn run(seed: u64) -> Run {
    run_with(seed, REAL)
}

pub(crate) fn run_with(seed: u64, protocols: Protocols) -> Run {
    scenario(seed, protocols, false)
}

pub(crate) fn run_with_cuts(seed: u64) -> Run {
    scenario(seed, REAL, true)
}

fn scenario(seed: u64, protocols: Protocols, cuts: bool) -> Run {
    let mut world = World::new(seed);
    let mut dice = Dice::new(!seed);
    world.set_links(any_link(&mut dice));
    let to_do = Rc::default();
    let subscribers: Vec<_> = (0..dice.between(1, 4))
        .map(|n| subscriber(&mut world, &mut dice, &protocols.subscribe, n))
        .collect();
    let publishers: Vec<_> = (0..dice.between(1, 3))
        .map(|n| publisher(&mut world, &mut dice, &protocols.publish, n, &to_do))
        .collect();
    super::connect(
        &mut world,
        &mut dice,
        any_narrow_link,
        &publishers,
        &subscribers,
    );
    if cuts {
        super::trouble(&mut world, &mut dice, &publishers, &subscribers);
    }
    super::finish(world, &to_do, check::check)
}

fn publisher(
    world: &mut World,
    dice: &mut Dice,
    plugin: &ProtocolPlugin,
    n: usize,
    to_do: &Rc<Cell<usize>>,
) -> SocketId {
    let name = format!("pub{n}");
    let policy = dice.pick(&["drop-newest", "drop-oldest", "block", "block", "disconnect"]);
    let socket = open(world, dice, plugin, &name, |options| {
        options.set(BACK_PRESSURE, policy.unwrap_or_default().to_owned())
    });
    for sender in 0..dice.between(1, 2) {
        let name = format!("{name}.{sender}");
        let messages = dice.between(1, 80);
        let sender = Sender::new(socket, dice.throw(), &name, messages, to_do);
        super::enlist_later(world, dice, sender.with_topics(TOPICS));
    }
    socket
}

fn subscriber(world: &mut World, dice: &mut Dice, plugin: &ProtocolPlugin, n: usize) -> SocketId {
    let socket = open(world, dice, plugin, &format!("sub{n}"), |_| Ok(()));
    let users = dice.between(1, 2);
    for at in contexts(world, socket, users, true) {
        let policy = if dice.chance(30) { "block" } else { "drop" };
        let _ = world.set(at, BACK_PRESSURE, policy.to_owned());
        let _ = world.set(at, PREFER_NEW, dice.chance(50));
        let slow = dice.chance(40);
        world.enlist(Receiver::new(at, dice.throw(), slow));
        world.enlist(Subscriber::new(at, dice.throw()));
    }
    socket
}
