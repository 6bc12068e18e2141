//! Draws a scenario: who is there, how they are connected, what they do, and what goes wrong.

use std::{cell::Cell, rc::Rc, time::Duration};

use spkit_api::options::{HANDSHAKE_TIMEOUT, RECONNECT_MAX, RECONNECT_MIN};
use spkit_protocols::options::RESEND_TIME;
use spkit_runtime::sim::{Dice, SocketId, World};

use super::{
    super::{
        Draw, TROUBLE_MS, any_link, contexts,
        replier::Replier,
        requester::{Habits, Requester},
        trouble,
    },
    Protocols, Roles,
};

/// A scenario that is about to begin.
pub(crate) struct Scenario {
    pub(crate) world: World,
    pub(crate) roles: Roles,
    /// Requesting users that are not done.
    pub(crate) to_do: Rc<Cell<usize>>,
}

/// What a scenario is drawn with.
pub(super) struct Drawing {
    pub(super) world: World,
    pub(super) dice: Dice,
    protocols: Protocols,
    roles: Roles,
    to_do: Rc<Cell<usize>>,
    resend: Option<Duration>,
    /// Repliers may leave requests unanswered.
    skips: bool,
    repliers: Vec<SocketId>,
    requesters: Vec<SocketId>,
    /// Where requesters listen.
    listening: Vec<String>,
}

pub(crate) fn build(seed: u64, protocols: Protocols) -> Scenario {
    let mut world = World::new(seed);
    let mut dice = Dice::new(!seed);
    world.set_links(any_link(&mut dice));
    let resend = match dice.below(5) {
        0 => None,
        1 => Some(Duration::from_secs(60)),
        _ => Some(dice.millis(500, 2_000)),
    };
    let short = resend.is_some_and(|time| time < Duration::from_secs(10));
    let skips = short && dice.chance(30);
    let mut drawing = Drawing {
        world,
        dice,
        protocols,
        roles: Roles::default(),
        to_do: Rc::default(),
        resend,
        skips,
        repliers: Vec::new(),
        requesters: Vec::new(),
        listening: Vec::new(),
    };
    drawing.people();
    drawing.connections();
    drawing.faults();
    Scenario {
        world: drawing.world,
        roles: drawing.roles,
        to_do: drawing.to_do,
    }
}

impl Drawing {
    fn people(&mut self) {
        for n in 0..self.dice.between(1, 3) {
            let name = format!("rep{n}");
            let socket = self.replier(&name);
            self.repliers.push(socket);
        }
        for n in 0..self.dice.between(1, 4) {
            self.requester(&format!("req{n}"));
        }
        for a in 0..self.requesters.len() {
            for b in 0..self.repliers.len() {
                let link = any_link(&mut self.dice);
                let ends = (self.requesters[a], self.repliers[b]);
                self.world.set_link(ends.0, ends.1, link);
            }
        }
    }

    fn replier(&mut self, name: &str) -> SocketId {
        let socket = self.open(name, false);
        self.roles.repliers.insert(socket);
        let own = self.dice.chance(70);
        let workers = self.dice.between(1, 3);
        for at in contexts(&mut self.world, socket, workers, own) {
            let seed = self.dice.throw();
            self.world.enlist(Replier::new(at, seed, self.skips));
        }
        socket
    }

    fn requester(&mut self, name: &str) {
        let socket = self.open(name, true);
        self.requesters.push(socket);
        self.roles.requesters.insert(socket, self.resend);
        let users = self.dice.between(1, 3);
        for (context, at) in contexts(&mut self.world, socket, users, true)
            .into_iter()
            .enumerate()
        {
            let habits = Habits {
                name: format!("{name}.{context}"),
                requests: self.dice.between(1, 15),
                // Otherwise a lost reply would be waited for in vain.
                patient: self.resend.is_some(),
                many: false,
            };
            let user = Requester::new(at, self.dice.throw(), habits, &self.to_do);
            self.world.enlist(user);
        }
    }

    fn open(&mut self, name: &str, requests: bool) -> SocketId {
        let min = self.dice.millis(5, 100);
        let max = self.dice.millis(100, 2_000);
        let handshake = self.dice.millis(500, 10_000);
        let resend = self.resend;
        let plugin = match requests {
            true => self.protocols.req,
            false => self.protocols.rep,
        };
        let opened = self.world.open_with(name, &plugin, |options| {
            options.set(RECONNECT_MIN, min)?;
            options.set(RECONNECT_MAX, max)?;
            options.set(HANDSHAKE_TIMEOUT, handshake)?;
            if requests {
                options.set(RESEND_TIME, resend)?;
            }
            Ok(())
        });
        opened.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Every requester is connected to somebody, in one direction or the other.
    fn connections(&mut self) {
        for n in 0..self.repliers.len() {
            self.listen_soon(self.repliers[n], &format!("rep{n}"));
            if self.dice.chance(30) {
                self.listen_soon(self.repliers[n], &format!("rep{n}b"));
            }
        }
        for a in 0..self.requesters.len() {
            let requester = self.requesters[a];
            let sure = self.dice.below(self.repliers.len());
            let listens = self.dice.chance(30);
            if listens {
                for address in [format!("req{a}"), format!("req{a}b")] {
                    self.listen_soon(requester, &address);
                    self.listening.push(address);
                }
            }
            for n in 0..self.repliers.len() {
                if n != sure && self.dice.chance(50) {
                    continue;
                }
                if listens && self.dice.chance(70) {
                    let address = if self.dice.chance(50) { "" } else { "b" };
                    self.dial_soon(self.repliers[n], format!("req{a}{address}"));
                } else {
                    self.dial_soon(requester, format!("rep{n}"));
                    if self.dice.chance(20) {
                        // Nobody may listen there, ever.
                        self.dial_soon(requester, format!("rep{n}b"));
                    }
                }
            }
        }
    }

    fn listen_soon(&mut self, socket: SocketId, address: &str) {
        let late = if self.dice.chance(70) { 0 } else { 500 };
        let after = self.dice.millis(0, late);
        let address = address.to_owned();
        self.world.after(after, move |world| {
            // The socket may have been killed before.
            let _ = world.listen(socket, &address);
        });
    }

    fn dial_soon(&mut self, socket: SocketId, address: String) {
        let late = if self.dice.chance(70) { 0 } else { 500 };
        let after = self.dice.millis(0, late);
        self.world.after(after, move |world| {
            let _ = world.dial(socket, &address);
        });
    }

    // ---- what goes wrong

    fn faults(&mut self) {
        if self.dice.chance(85) {
            trouble(
                &mut self.world,
                &mut self.dice,
                &self.requesters,
                &self.repliers,
            );
        }
        if self.dice.chance(25) {
            self.restart();
        }
    }

    /// A replier's process is killed, and started again later.
    fn restart(&mut self) {
        let n = self.dice.below(self.repliers.len());
        let old = self.repliers[n];
        let new = self.replier(&format!("rep{n}'"));
        let killed = self.dice.millis(0, TROUBLE_MS);
        let back = self.dice.millis(1, 1_000);
        let dials = self.listening.clone();
        self.world.after(killed, move |world| {
            world.kill(old);
            world.after(back, move |world| {
                let _ = world.listen(new, &format!("rep{n}"));
                let _ = world.listen(new, &format!("rep{n}b"));
                for address in dials {
                    let _ = world.dial(new, &address);
                }
            });
        });
    }
}
