//! Chains of devices, made of raw sockets and an application that forwards: what is asked at one end is answered as if
//! there was nothing between, until it has come too far.

mod check;

use std::{cell::Cell, rc::Rc, time::Duration};

use spkit_api::{ProtocolPlugin, options::TTL};
use spkit_protocols::{
    options::{RESEND_TIME, SURVEY_TIME},
    rep0::{REP0, XREP0},
    req0::{REQ0, XREQ0},
    respondent0::{RESPONDENT0, XRESPONDENT0},
    surveyor0::{SURVEYOR0, XSURVEYOR0},
};
use spkit_runtime::sim::{Dice, SocketId, World};

use self::check::Device;
use super::{
    Draw, Run, answerers, any_wide_link, contexts,
    forwarder::Forwarder,
    history::{self, History},
    lines,
    replier::Replier,
    reqrep::{self, Roles},
    requester::{Habits, Requester},
    survey, tags,
};

/// The protocols under test: the real ones, or sabotaged ones.
#[derive(Clone, Copy)]
pub(crate) struct Protocols {
    pub(crate) asks: ProtocolPlugin,
    pub(crate) answers: ProtocolPlugin,
    /// Towards those who ask, and towards those who answer.
    pub(crate) front: ProtocolPlugin,
    pub(crate) back: ProtocolPlugin,
    /// Each message goes to all peers, and there may be any number of answers.
    pub(crate) surveys: bool,
}

pub(crate) const REQUESTS: Protocols = Protocols {
    asks: REQ0,
    answers: REP0,
    front: XREP0,
    back: XREQ0,
    surveys: false,
};

pub(crate) const SURVEYS: Protocols = Protocols {
    asks: SURVEYOR0,
    answers: RESPONDENT0,
    front: XRESPONDENT0,
    back: XSURVEYOR0,
    surveys: true,
};

pub(crate) fn run_requests(seed: u64) -> Run {
    run_with(seed, REQUESTS)
}

pub(crate) fn run_requests_with_cuts(seed: u64) -> Run {
    scenario(seed, REQUESTS, true)
}

pub(crate) fn run_surveys(seed: u64) -> Run {
    run_with(seed, SURVEYS)
}

pub(crate) fn run_surveys_with_cuts(seed: u64) -> Run {
    scenario(seed, SURVEYS, true)
}

pub(crate) fn run_with(seed: u64, protocols: Protocols) -> Run {
    scenario(seed, protocols, false)
}

/// What a scenario is drawn with.
struct Drawing {
    world: World,
    dice: Dice,
    protocols: Protocols,
    /// After how long a request is sent again.
    resend: Option<Duration>,
}

fn scenario(seed: u64, protocols: Protocols, cuts: bool) -> Run {
    let mut drawing = Drawing {
        world: World::new(seed),
        dice: Dice::new(!seed),
        protocols,
        resend: None,
    };
    let usual = any_wide_link(&mut drawing.dice);
    drawing.world.set_links(usual);
    let devices: Vec<_> = (0..drawing.dice.between(1, 3)).collect();
    let devices: Vec<_> = devices.into_iter().map(|n| drawing.device(n)).collect();
    // Counting from the first, a message has as many tags as it has devices behind it, and its id.
    let passes = (1..).zip(&devices).all(|(tags, device)| tags <= device.ttl);
    // Otherwise it would be sent again and again.
    drawing.resend = passes.then_some(RESEND);
    let mut answering = Vec::new();
    for n in 0..drawing.dice.between(1, 2) {
        answering.push(drawing.answering(n));
    }
    let to_do = Rc::default();
    let mut asking = Vec::new();
    for n in 0..drawing.dice.between(1, 3) {
        asking.push(drawing.asking(n, passes, &to_do));
    }
    drawing.chain(&asking, &devices, &answering);
    let Drawing {
        mut world,
        mut dice,
        resend,
        ..
    } = drawing;
    if cuts {
        let ends = devices
            .iter()
            .flat_map(|device| [device.front, device.back]);
        let ends: Vec<_> = ends.collect();
        let others: Vec<_> = ends.iter().chain(&answering).copied().collect();
        super::trouble(
            &mut world,
            &mut dice,
            &[&asking[..], &ends].concat(),
            &others,
        );
    }
    let judge = |history: &History| check::check(history, &devices, protocols.surveys);
    let mut run = super::finish(world, &to_do, judge);
    run.faults.extend(match protocols.surveys {
        true => survey::check(&history::read(&run.world)),
        false => ends(&run.world, resend, &asking, &answering),
    });
    run
}

/// What is wrong at the ends of a chain of requests, which know nothing of it.
fn ends(
    world: &World,
    resend: Option<Duration>,
    asking: &[SocketId],
    answering: &[SocketId],
) -> Vec<String> {
    let history = history::read(world);
    let roles = Roles {
        requesters: asking.iter().map(|socket| (*socket, resend)).collect(),
        repliers: answering.iter().copied().collect(),
    };
    let mut faults = reqrep::check(&history, &roles);
    let lines = lines::read(&history);
    let checked = answering.iter();
    faults.extend(checked.flat_map(|socket| answerers::check(&history, &lines, *socket)));
    faults
}

/// After how long a request is sent again that can be answered.
const RESEND: Duration = Duration::from_secs(3);

impl Drawing {
    fn open(&mut self, name: &str, plugin: &ProtocolPlugin) -> SocketId {
        let (resend, survey) = (self.resend, self.dice.millis(100, 800));
        super::open(
            &mut self.world,
            &mut self.dice,
            plugin,
            name,
            |options| match plugin.info().name() {
                "req" => options.set(RESEND_TIME, resend),
                "surveyor" => options.set(SURVEY_TIME, Some(survey)),
                _ => Ok(()),
            },
        )
    }

    fn asking(&mut self, n: usize, passes: bool, to_do: &Rc<Cell<usize>>) -> SocketId {
        let Protocols { asks, surveys, .. } = self.protocols;
        let name = format!("ask{n}");
        let socket = self.open(&name, &asks);
        let users = self.dice.between(1, 2);
        for (context, at) in contexts(&mut self.world, socket, users, true)
            .into_iter()
            .enumerate()
        {
            let habits = Habits {
                name: format!("{name}.{context}"),
                requests: self.dice.between(1, 10),
                patient: passes || surveys,
                many: surveys,
            };
            let user = Requester::new(at, self.dice.throw(), habits, to_do);
            self.world.enlist(user);
        }
        socket
    }

    fn device(&mut self, n: usize) -> Device {
        let protocols = self.protocols;
        let front = self.open(&format!("front{n}"), &protocols.front);
        let back = self.open(&format!("back{n}"), &protocols.back);
        let ttl = match self.dice.chance(20) {
            true => self.dice.between(1, 3),
            false => tags::DEFAULT_TTL,
        };
        let _ = self.world.set(front, TTL, ttl as i64);
        self.world.enlist(Forwarder::new(front, back));
        self.world.enlist(Forwarder::new(back, front));
        Device { front, back, ttl }
    }

    fn answering(&mut self, n: usize) -> SocketId {
        let plugin = self.protocols.answers;
        let socket = self.open(&format!("answer{n}"), &plugin);
        let workers = self.dice.between(1, 2);
        for at in contexts(&mut self.world, socket, workers, true) {
            let seed = self.dice.throw();
            self.world
                .enlist(Replier::new(at, seed, self.protocols.surveys));
        }
        socket
    }

    /// Those who ask, one device after the other, those who answer. Now and then the last device also leads to the first.
    fn chain(&mut self, asking: &[SocketId], devices: &[Device], answering: &[SocketId]) {
        let fronts = devices.iter().map(|device| device.front);
        let backs = devices.iter().map(|device| device.back);
        let mut some: Vec<Vec<_>> = vec![asking.to_vec()];
        some.extend(backs.map(|back| vec![back]));
        let mut others: Vec<Vec<_>> = fronts.map(|front| vec![front]).collect();
        others.push(answering.to_vec());
        let (world, dice) = (&mut self.world, &mut self.dice);
        for (some, others) in some.iter().zip(&others) {
            super::connect(world, dice, any_wide_link, some, others);
        }
        if dice.chance(15) {
            let last = devices[devices.len() - 1].back;
            super::join(world, dice, any_wide_link, last, devices[0].front);
        }
    }
}
