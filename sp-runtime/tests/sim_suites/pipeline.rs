//! Pushers and pullers. On a whole network each message arrives once, in order on each connection; on a bad one nothing
//! misses but what had been handed to a connection that broke.

use std::{cell::Cell, rc::Rc};

use spkit_api::ProtocolPlugin;
use spkit_protocols::{pull0::PULL0, push0::PUSH0};
use spkit_runtime::sim::{Dice, SocketId, World};

use super::{
    Draw, Run, any_link,
    ledger::{self, Terms},
    open,
    streamers::{Receiver, Sender},
};

/// The protocols under test: the real ones, or sabotaged ones.
#[derive(Clone, Copy)]
pub(crate) struct Protocols {
    pub(crate) push: ProtocolPlugin,
    pub(crate) pull: ProtocolPlugin,
}

const REAL: Protocols = Protocols {
    push: PUSH0,
    pull: PULL0,
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
    let pullers: Vec<_> = (0..dice.between(1, 3))
        .map(|n| puller(&mut world, &mut dice, &protocols.pull, n))
        .collect();
    let pushers: Vec<_> = (0..dice.between(1, 3))
        .map(|n| pusher(&mut world, &mut dice, &protocols.push, n, &to_do))
        .collect();
    super::connect(&mut world, &mut dice, any_link, &pushers, &pullers);
    if cuts {
        super::trouble(&mut world, &mut dice, &pushers, &pullers);
    }
    finish(world, &to_do, Terms::default())
}

/// Runs to the end, and judges.
pub(super) fn finish(world: World, to_do: &Rc<Cell<usize>>, terms: Terms) -> Run {
    super::finish(world, to_do, |history| {
        ledger::check(&ledger::read(history, terms))
    })
}

fn puller(world: &mut World, dice: &mut Dice, plugin: &ProtocolPlugin, n: usize) -> SocketId {
    let socket = open(world, dice, plugin, &format!("pull{n}"), |_| Ok(()));
    for _ in 0..dice.between(1, 2) {
        let slow = dice.chance(30);
        world.enlist(Receiver::new(socket, dice.throw(), slow));
    }
    socket
}

fn pusher(
    world: &mut World,
    dice: &mut Dice,
    plugin: &ProtocolPlugin,
    n: usize,
    to_do: &Rc<Cell<usize>>,
) -> SocketId {
    let name = format!("push{n}");
    let socket = open(world, dice, plugin, &name, |_| Ok(()));
    for sender in 0..dice.between(1, 2) {
        let name = format!("{name}.{sender}");
        let messages = dice.between(1, 60);
        world.enlist(Sender::new(socket, dice.throw(), &name, messages, to_do));
    }
    socket
}
