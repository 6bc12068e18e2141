//! Two peers and an intruder: in order, nothing twice, one peer at a time.

use std::{rc::Rc, time::Duration};

use spkit_api::ProtocolPlugin;
use spkit_protocols::{pair0::PAIR0, pair1::PAIR1};
use spkit_runtime::sim::{Dice, SocketId, World};

use super::{
    Draw, Run, any_link,
    ledger::Terms,
    pipeline,
    streamers::{Receiver, Sender},
};

/// In front of each body of PAIR v1: a hop count of 1 (SP-P1-001, SP-P1-002).
pub(super) const FIRST_HOP: &[u8] = &[0, 0, 0, 1];

pub(crate) fn run(seed: u64) -> Run {
    scenario(seed, &PAIR0, b"", false)
}

pub(crate) fn run_with(seed: u64, plugin: ProtocolPlugin) -> Run {
    scenario(seed, &plugin, b"", false)
}

pub(crate) fn run_with_cuts(seed: u64) -> Run {
    scenario(seed, &PAIR0, b"", true)
}

pub(crate) fn run_pair1(seed: u64) -> Run {
    run_pair1_with(seed, PAIR1)
}

pub(crate) fn run_pair1_with(seed: u64, plugin: ProtocolPlugin) -> Run {
    scenario(seed, &plugin, FIRST_HOP, false)
}

pub(crate) fn run_pair1_with_cuts(seed: u64) -> Run {
    scenario(seed, &PAIR1, FIRST_HOP, true)
}

fn scenario(seed: u64, plugin: &ProtocolPlugin, header: &'static [u8], cuts: bool) -> Run {
    let mut world = World::new(seed);
    let mut dice = Dice::new(!seed);
    let to_do = Rc::default();
    world.set_links(any_link(&mut dice));
    let sockets: Vec<_> = ["left", "right", "other"]
        .iter()
        .map(|name| {
            let socket = super::open(&mut world, &mut dice, plugin, name, |_| Ok(()));
            let slow = dice.chance(30);
            world.enlist(Receiver::new(socket, dice.throw(), slow));
            let messages = dice.between(1, 60);
            world.enlist(Sender::new(socket, dice.throw(), name, messages, &to_do));
            socket
        })
        .collect();
    let [left, right, other] = sockets[..] else {
        unreachable!("three names");
    };
    for (a, b) in [(left, right), (left, other)] {
        let link = any_link(&mut dice);
        world.set_link(a, b, link);
    }
    let _ = world.listen(left, "left");
    dial(&mut world, &mut dice, right, 0, 200);
    dial(&mut world, &mut dice, other, 0, 2_000);
    // Whoever came first keeps the place: the other two could wait for ever.
    let leaves = dice.millis(0, 20_000);
    let drain = dice.millis(0, 500);
    world.after(leaves, move |world| world.close(other, drain));
    if cuts {
        super::trouble(&mut world, &mut dice, &[left], &[right, other]);
    }
    let terms = Terms {
        exclusive: true,
        header,
        ..Terms::default()
    };
    pipeline::finish(world, &to_do, terms)
}

fn dial(world: &mut World, dice: &mut Dice, socket: SocketId, least: usize, most: usize) {
    let after: Duration = dice.millis(least, most);
    world.after(after, move |world| {
        let _ = world.dial(socket, "left");
    });
}
