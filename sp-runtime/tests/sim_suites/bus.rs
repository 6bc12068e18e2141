//! Buses: each message to every direct peer, once, and on from there only through somebody who forwards.

mod check;

use std::{cell::Cell, rc::Rc};

use spkit_api::ProtocolPlugin;
use spkit_protocols::bus0::{BUS0, XBUS0};
use spkit_runtime::sim::{Dice, SocketId, World};

use super::{
    Draw, Run, any_link, any_narrow_link,
    forwarder::Forwarder,
    open,
    streamers::{Receiver, Sender},
};

/// The protocols under test: the real ones, or sabotaged ones.
#[derive(Clone, Copy)]
pub(crate) struct Protocols {
    pub(crate) cooked: ProtocolPlugin,
    pub(crate) raw: ProtocolPlugin,
}

const REAL: Protocols = Protocols {
    cooked: BUS0,
    raw: XBUS0,
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
    let hub = dice.chance(50).then(|| {
        let hub = open(&mut world, &mut dice, &protocols.raw, "hub", |_| Ok(()));
        world.enlist(Forwarder::new(hub, hub));
        hub
    });
    let nodes: Vec<_> = (0..dice.between(2, 5))
        .map(|n| {
            node(
                &mut world,
                &mut dice,
                &protocols.cooked,
                &format!("bus{n}"),
                &to_do,
            )
        })
        .collect();
    let (one, others) = nodes.split_at(1);
    match hub {
        Some(hub) => super::connect(&mut world, &mut dice, any_narrow_link, &nodes, &[hub]),
        None => super::connect(&mut world, &mut dice, any_narrow_link, others, one),
    }
    // Some know each other besides.
    for (n, a) in others.iter().enumerate() {
        for b in &others[n + 1..] {
            if dice.chance(30) {
                super::join(&mut world, &mut dice, any_narrow_link, *a, *b);
            }
        }
    }
    if cuts {
        let all: Vec<_> = nodes.iter().copied().chain(hub).collect();
        super::trouble(&mut world, &mut dice, &nodes, &all);
    }
    super::finish(world, &to_do, check::check)
}

/// A socket that sends and receives.
fn node(
    world: &mut World,
    dice: &mut Dice,
    plugin: &ProtocolPlugin,
    name: &str,
    to_do: &Rc<Cell<usize>>,
) -> SocketId {
    let socket = open(world, dice, plugin, name, |_| Ok(()));
    let slow = dice.chance(30);
    world.enlist(Receiver::new(socket, dice.throw(), slow));
    let messages = dice.between(1, 40);
    let sender = Sender::new(socket, dice.throw(), name, messages, to_do);
    super::enlist_later(world, dice, sender);
    socket
}
