//! A user who asks, requests or surveys, and pursues each in one of several ways.

use std::{cell::Cell, rc::Rc};

use spkit_api::ErrorKind;
use spkit_runtime::sim::{At, Dice, Ended, News, OpId, User, World};

use super::{Draw, body};

pub(crate) struct Habits {
    pub(crate) name: String,
    pub(crate) requests: usize,
    /// Waiting for an answer comes to an end.
    pub(crate) patient: bool,
    /// There may be several answers to each.
    pub(crate) many: bool,
}

pub(crate) struct Requester {
    at: At,
    dice: Dice,
    habits: Habits,
    to_do: Rc<Cell<usize>>,
    /// Requests made so far, those that nobody took included.
    made: usize,
    sending: Option<OpId>,
    receiving: Option<OpId>,
    /// Timeouts it takes before it asks for something else.
    tries: usize,
    /// Counts its changes of mind: alarms set before are void.
    mind: u64,
    done: bool,
}

/// What it does when its alarm rings.
const ASK: u64 = 0;
const GIVE_UP: u64 = 1;
const TRY: u64 = 2;
const KINDS: u64 = 3;

impl Requester {
    pub(crate) fn new(at: At, seed: u64, habits: Habits, to_do: &Rc<Cell<usize>>) -> Self {
        to_do.set(to_do.get() + 1);
        Self {
            at,
            dice: Dice::new(seed),
            habits,
            to_do: Rc::clone(to_do),
            made: 0,
            sending: None,
            receiving: None,
            tries: 0,
            mind: 0,
            done: false,
        }
    }

    /// Asks for the next thing. A request that is under way is canceled by it.
    fn ask(&mut self, world: &mut World) {
        if self.made >= self.habits.requests {
            return self.finish(world);
        }
        self.made += 1;
        self.mind += 1;
        self.receiving = None;
        let body = body(&mut self.dice, &self.habits.name, self.made);
        if !self.is_last() && self.dice.chance(20) {
            match world.try_send(self.at, body) {
                Ok(()) => return self.pursue(world),
                // Somebody may be there a little later.
                Err(_) => return self.next(world),
            }
        }
        let hurry = !self.is_last() && self.dice.chance(15);
        let timeout = hurry.then(|| self.dice.millis(1, 2_000));
        self.sending = Some(world.send(self.at, body, timeout));
    }

    /// The request is on its way: waits for the reply, in some way or other.
    fn pursue(&mut self, world: &mut World) {
        self.tries = self.dice.between(1, 3);
        match self.dice.below(10) {
            0 => self.alarm(world, 50, TRY),
            1 | 2 if !self.is_last() => {
                // Changes its mind, whether it waits or not.
                if self.dice.chance(70) {
                    self.receive(world);
                }
                let soon = self.dice.pick(&[2, 30, 800]).unwrap_or(0);
                self.alarm(world, soon, ASK);
            }
            3 => {
                self.receive(world);
                let soon = self.dice.pick(&[2, 30, 300]).unwrap_or(0);
                self.alarm(world, soon, GIVE_UP);
            }
            _ => self.receive(world),
        }
    }

    fn receive(&mut self, world: &mut World) {
        // The last request is waited for, if that is not in vain.
        let timeout = if self.habits.patient && (self.is_last() || self.dice.chance(60)) {
            None
        } else if self.dice.chance(50) {
            Some(self.dice.millis(1, 100))
        } else {
            Some(self.dice.millis(1, 3_000))
        };
        self.receiving = Some(world.recv(self.at, timeout));
    }

    fn received(&mut self, world: &mut World, op: OpId, ended: &Ended) {
        if self.receiving != Some(op) {
            // One that was overtaken by a new request.
            return;
        }
        self.receiving = None;
        if self.done {
            if ended.error().is_none() {
                self.receiving = Some(world.recv(self.at, None));
            }
            return;
        }
        match ended.error() {
            Some(ErrorKind::TimedOut) if self.tries > 0 => {
                self.tries -= 1;
                self.receive(world);
            }
            None if self.habits.many && self.dice.chance(85) => self.receive(world),
            _ => self.next(world),
        }
    }

    /// Thinks, and asks.
    fn next(&mut self, world: &mut World) {
        self.mind += 1;
        self.alarm(world, 400, ASK);
    }

    fn alarm(&mut self, world: &mut World, most: usize, kind: u64) {
        world.alarm(self.dice.millis(0, most), self.mind * KINDS + kind);
    }

    /// Whether its request is the last one.
    fn is_last(&self) -> bool {
        self.made >= self.habits.requests
    }

    fn try_once(&mut self, world: &mut World) {
        match world.try_recv(self.at) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && self.tries > 0 => {
                self.tries -= 1;
                self.alarm(world, 100, TRY);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.receive(world),
            Ok(_) if self.habits.many => self.alarm(world, 100, TRY),
            _ => self.next(world),
        }
    }

    fn finish(&mut self, world: &mut World) {
        if !self.done {
            self.done = true;
            self.to_do.set(self.to_do.get() - 1);
            if self.habits.many {
                // What nobody takes would hold up the answers of others.
                self.receiving = Some(world.recv(self.at, None));
            }
        }
    }
}

impl User for Requester {
    fn turn(&mut self, world: &mut World, news: News) {
        match news {
            News::Start => {
                self.alarm(world, 1_000, ASK);
            }
            News::Alarm(key) if key / KINDS == self.mind => match key % KINDS {
                ASK => self.ask(world),
                GIVE_UP => {
                    if self.receiving.is_some_and(|op| world.give_up(op)) {
                        self.receive(world);
                    }
                }
                _ => self.try_once(world),
            },
            News::Ended(op, ended) if self.sending == Some(op) => {
                self.sending = None;
                match ended {
                    Ended::Sent => self.pursue(world),
                    _ => self.next(world),
                }
            }
            News::Ended(op, ended) => self.received(world, op, &ended),
            _ => {}
        }
    }
}
