//! Polyamorous pairs: what names a peer goes to that one or nowhere, all else to one of them.

use std::rc::Rc;

use spkit_api::ProtocolPlugin;
use spkit_protocols::pair1::{PAIR1, poly::PAIR1_POLY};
use spkit_runtime::sim::{Dice, World};

use super::{
    Draw, Run, any_link, any_narrow_link,
    ledger::Terms,
    pair::FIRST_HOP,
    pipeline,
    streamers::{Receiver, Sender},
};

/// Of a hundred messages, how many name their peer.
const DIRECTED: usize = 60;

pub(crate) fn run(seed: u64) -> Run {
    run_with(seed, PAIR1_POLY)
}

pub(crate) fn run_with(seed: u64, plugin: ProtocolPlugin) -> Run {
    scenario(seed, &plugin, false)
}

pub(crate) fn run_with_cuts(seed: u64) -> Run {
    scenario(seed, &PAIR1_POLY, true)
}

fn scenario(seed: u64, plugin: &ProtocolPlugin, cuts: bool) -> Run {
    let mut world = World::new(seed);
    let mut dice = Dice::new(!seed);
    let to_do = Rc::default();
    world.set_links(any_link(&mut dice));
    let add = |world: &mut World, dice: &mut Dice, name: &str, poly: bool| {
        let plugin = if poly { plugin } else { &PAIR1 };
        let socket = super::open(world, dice, plugin, name, |_| Ok(()));
        let slow = dice.chance(30);
        world.enlist(Receiver::new(socket, dice.throw(), slow));
        let messages = dice.between(1, 50);
        let sender = Sender::new(socket, dice.throw(), name, messages, &to_do);
        let directed = if poly { DIRECTED } else { 0 };
        super::enlist_later(world, dice, sender.directed(directed));
        socket
    };
    let hubs: Vec<_> = (0..dice.between(1, 2))
        .map(|n| add(&mut world, &mut dice, &format!("hub{n}"), true))
        .collect();
    let mut peers = Vec::new();
    for n in 0..dice.between(2, 4) {
        // Those with one peer at a time have one (SP-PP-006).
        let poly = dice.chance(30);
        peers.push(add(&mut world, &mut dice, &format!("peer{n}"), poly));
    }
    for socket in hubs.iter().chain(&peers) {
        let address = world.transcript().name(*socket).to_owned();
        let _ = world.listen(*socket, &address);
    }
    for (n, peer) in peers.iter().enumerate() {
        // Every hub has one.
        let hub = if n < hubs.len() {
            n
        } else {
            dice.below(hubs.len())
        };
        super::join(&mut world, &mut dice, any_narrow_link, *peer, hubs[hub]);
    }
    if cuts {
        super::trouble(&mut world, &mut dice, &hubs, &peers);
    }
    let terms = Terms {
        exclusive: false,
        header: FIRST_HOP,
        directed: true,
    };
    pipeline::finish(world, &to_do, terms)
}
