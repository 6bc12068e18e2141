//! Surveyors and respondents: answers to the survey that runs, in time, each once; and nobody waits for more.

mod check;

pub(crate) use self::check::check;

use std::{cell::Cell, rc::Rc, time::Duration};

use spkit_api::ProtocolPlugin;
use spkit_protocols::{options::SURVEY_TIME, respondent0::RESPONDENT0, surveyor0::SURVEYOR0};
use spkit_runtime::sim::{At, Dice, SocketId, World};

use super::{
    Draw, Run, any_link, any_narrow_link, contexts, open,
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
    let socket = open(world, dice, plugin, &name, |_| Ok(()));
    let users = dice.between(1, 3);
    for (context, at) in contexts(world, socket, users, true).into_iter().enumerate() {
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
        let user = Requester::new(at, dice.throw(), habits, to_do);
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
    let socket = open(world, dice, plugin, &format!("resp{n}"), |_| Ok(()));
    let slow = dice.pick(&[25, 25, 300, 1_000]).unwrap_or(0);
    let own = dice.chance(70);
    let workers = dice.between(1, 3);
    for at in contexts(world, socket, workers, own) {
        let replier = Replier::new(at, dice.throw(), true);
        world.enlist(replier.slow(slow));
    }
    socket
}
