//! Stars: each message to everybody along the connections, and nowhere for ever.

mod check;

use std::{cell::Cell, rc::Rc};

use spkit_api::{ProtocolPlugin, options::TTL};
use spkit_protocols::star::STAR;
use spkit_runtime::sim::{Dice, SocketId, World};

use super::{
    Draw, Run, any_link, any_narrow_link, open,
    streamers::{Receiver, Sender},
};

pub(crate) fn run(seed: u64) -> Run {
    run_with(seed, STAR)
}

pub(crate) fn run_with(seed: u64, plugin: ProtocolPlugin) -> Run {
    scenario(seed, &plugin, false)
}

pub(crate) fn run_with_cuts(seed: u64) -> Run {
    scenario(seed, &STAR, true)
}

fn scenario(seed: u64, plugin: &ProtocolPlugin, cuts: bool) -> Run {
    let mut world = World::new(seed);
    let mut dice = Dice::new(!seed);
    world.set_links(any_link(&mut dice));
    let to_do = Rc::default();
    // In a circle each message comes again and again.
    let circle = dice.chance(30);
    let (nodes, messages, ttl) = match circle {
        true => (4, 8, dice.between(1, 5)),
        false => (6, 30, dice.pick(&[1, 2, 3, 8, 8]).unwrap_or(8)),
    };
    let nodes: Vec<_> = (0..dice.between(2, nodes))
        .map(|n| node(&mut world, &mut dice, plugin, n, (messages, ttl), &to_do))
        .collect();
    for socket in &nodes {
        let address = world.transcript().name(*socket).to_owned();
        let _ = world.listen(*socket, &address);
    }
    for n in 1..nodes.len() {
        let before = dice.below(n);
        super::join(
            &mut world,
            &mut dice,
            any_narrow_link,
            nodes[n],
            nodes[before],
        );
    }
    if circle {
        // Between any two, also those that are connected.
        let last = nodes.len() - 1;
        let another = dice.below(last);
        super::join(
            &mut world,
            &mut dice,
            any_narrow_link,
            nodes[last],
            nodes[another],
        );
    }
    if cuts {
        super::trouble(&mut world, &mut dice, &nodes, &nodes);
    }
    super::finish(world, &to_do, check::check)
}

fn node(
    world: &mut World,
    dice: &mut Dice,
    plugin: &ProtocolPlugin,
    n: usize,
    (messages, ttl): (usize, usize),
    to_do: &Rc<Cell<usize>>,
) -> SocketId {
    let name = format!("star{n}");
    let socket = open(world, dice, plugin, &name, |options| {
        options.set(TTL, ttl as i64)
    });
    let slow = dice.chance(20);
    world.enlist(Receiver::new(socket, dice.throw(), slow));
    let messages = dice.between(1, messages);
    let sender = Sender::new(socket, dice.throw(), &name, messages, to_do);
    super::enlist_later(world, dice, sender);
    socket
}
