//! Surveyors and respondents: answers to the survey that runs, in time, each once; and nobody waits for more.

mod check;

pub(crate) use self::check::check;

use std::{cell::Cell, rc::Rc, time::Duration};

use spkit_api::{
    ProtocolPlugin,
    options::{RECONNECT_MIN, RECV_BUFFER, RECV_BUFFER_MESSAGES, SEND_BUFFER},
};
use spkit_protocols::{options::SURVEY_TIME, respondent0::RESPONDENT0, surveyor0::SURVEYOR0};
use spkit_runtime::sim::{At, Dice, SocketId, World};

use super::{
    Draw, Run, any_link, any_narrow_link,
    replier::Replier,
    requester::{Habits, Requester},
};

/// The protocols under test: the real ones, or sabotaged ones.
#[derive(Clone, Copy)]
pub(crate) struct Protocols {
    pub(crate) surveyor: ProtocolPlugin,
    pub(crate) respondent: ProtocolPlugin,
}

const REAL: Protocols = Protocols {
    surveyor: SURVEYOR0,
    respondent: RESPONDENT0,
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
    let respondents: Vec<_> = (0..dice.between(1, 4))
        .map(|n| respondent(&mut world, &mut dice, &protocols.respondent, n))
        .collect();
    let surveyors: Vec<_> = (0..dice.between(1, 3))
        .map(|n| surveyor(&mut world, &mut dice, &protocols.surveyor, n, &to_do))
        .collect();
    super::connect(
        &mut world,
        &mut dice,
        any_narrow_link,
        &surveyors,
        &respondents,
    );
    if cuts {
        super::trouble(&mut world, &mut dice, &surveyors, &respondents);
    }
    super::finish(world, &to_do, check)
}

fn surveyor(
    world: &mut World,
    dice: &mut Dice,
    plugin: &ProtocolPlugin,
    n: usize,
    to_do: &Rc<Cell<usize>>,
) -> SocketId {
    let name = format!("surv{n}");
    let socket = open(world, dice, plugin, &name);
    for context in 0..dice.between(1, 3) {
        let at = match context {
            0 => Ok(socket.into()),
            _ => world.open_context(socket),
        };
        let Ok(at) = at else {
            continue;
        };
        let time = time(dice);
        let _ = world.set(at, SURVEY_TIME, time);
        if time.is_some() && dice.chance(30) {
            change(world, dice, at);
        }
        let habits = Habits {
            name: format!("{name}.{context}"),
            requests: dice.between(1, 15),
            patient: time.is_some(),
            many: true,
        };
        to_do.set(to_do.get() + 1);
        let user = Requester::new(at, dice.throw(), habits, Rc::clone(to_do));
        world.enlist(user);
    }
    socket
}

/// How long a survey takes.
fn time(dice: &mut Dice) -> Option<Duration> {
    match dice.below(6) {
        0 => None,
        1 => Some(Duration::from_secs(1)),
        2 => Some(dice.millis(1, 20)),
        _ => Some(dice.millis(20, 600)),
    }
}

/// Surveys take longer or shorter from some time on.
fn change(world: &mut World, dice: &mut Dice, at: At) {
    let (time, after) = (dice.millis(10, 800), dice.millis(0, 3_000));
    world.after(after, move |world| {
        let _ = world.set(at, SURVEY_TIME, Some(time));
    });
}

fn respondent(world: &mut World, dice: &mut Dice, plugin: &ProtocolPlugin, n: usize) -> SocketId {
    let socket = open(world, dice, plugin, &format!("resp{n}"));
    let slow = dice.pick(&[25, 25, 300, 1_000]).unwrap_or(0);
    let own = dice.chance(70);
    for worker in 0..dice.between(1, 3) {
        let at = match worker {
            0 if own => Ok(socket.into()),
            _ => world.open_context(socket),
        };
        if let Ok(at) = at {
            let replier = Replier::new(at, dice.throw(), true);
            world.enlist(replier.slow(slow));
        }
    }
    socket
}

/// A socket with small buffers, or the usual ones.
fn open(world: &mut World, dice: &mut Dice, plugin: &ProtocolPlugin, name: &str) -> SocketId {
    let small = dice.chance(50);
    let (messages, bytes) = (dice.between(1, 8), dice.between(1, 1_000));
    let opened = world.open_with(name, plugin, |options| {
        options.set(RECONNECT_MIN, Duration::from_millis(20))?;
        if small {
            options.set(RECV_BUFFER_MESSAGES, messages as i64)?;
            options.set(RECV_BUFFER, bytes)?;
            options.set(SEND_BUFFER, bytes)?;
        }
        Ok(())
    });
    opened.unwrap_or_else(|error| panic!("{name}: {error}"))
}
