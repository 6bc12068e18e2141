//! Users of one-way and two-way streams: they send so many messages, or receive whatever comes.

use std::{cell::Cell, rc::Rc};

use spkit_api::{Message, PipeId};
use spkit_runtime::sim::{At, Dice, Ended, News, OpId, SocketId, User, World};

use super::{Draw, body};

/// A pipe that never was.
const NO_PIPE: PipeId = PipeId::from_raw(u32::MAX - 1);

/// Sends numbered messages in various ways. One that was not accepted is not sent again.
pub(crate) struct Sender {
    socket: SocketId,
    dice: Dice,
    name: String,
    left: usize,
    made: usize,
    to_do: Rc<Cell<usize>>,
    op: Option<OpId>,
    /// What its bodies begin with, one or the other.
    topics: &'static [&'static str],
    /// Of a hundred messages, how many name the peer they are for.
    directed: usize,
}

impl Sender {
    pub(crate) fn new(
        socket: SocketId,
        seed: u64,
        name: &str,
        left: usize,
        to_do: &Rc<Cell<usize>>,
    ) -> Self {
        to_do.set(to_do.get() + 1);
        Self {
            socket,
            dice: Dice::new(seed),
            name: name.to_owned(),
            left,
            made: 0,
            to_do: Rc::clone(to_do),
            op: None,
            topics: &[],
            directed: 0,
        }
    }

    pub(crate) fn with_topics(self, topics: &'static [&'static str]) -> Self {
        Self { topics, ..self }
    }

    pub(crate) fn directed(self, directed: usize) -> Self {
        Self { directed, ..self }
    }

    fn message(&mut self, world: &World) -> Message {
        let topic = self.dice.pick(self.topics).unwrap_or("");
        let name = format!("{topic}{}", self.name);
        let mut message = Message::from(body(&mut self.dice, &name, self.made));
        if self.dice.chance(self.directed) {
            let somebody = self.dice.pick(&world.pipes(self.socket));
            let nobody = self.dice.chance(3);
            message.set_pipe(somebody.filter(|_| !nobody).or(Some(NO_PIPE)));
        }
        message
    }

    fn next(&mut self, world: &mut World) {
        self.op = None;
        if self.left == 0 {
            return self.to_do.set(self.to_do.get() - 1);
        }
        self.left -= 1;
        self.made += 1;
        let body = self.message(world);
        match self.dice.below(10) {
            0 => {
                // Accepted or not: the ledger knows.
                let _ = world.try_send(self.socket, body);
                self.pause(world);
            }
            1 => {
                let timeout = self.dice.millis(0, 500);
                self.op = Some(world.send(self.socket, body, timeout));
            }
            2 => {
                self.op = Some(world.send(self.socket, body, None));
                world.alarm(self.dice.millis(0, 300), self.made as u64);
            }
            _ => self.op = Some(world.send(self.socket, body, None)),
        }
    }

    fn pause(&mut self, world: &mut World) {
        let most = if self.dice.chance(80) { 0 } else { 60 };
        // No number: it is for the next one.
        world.alarm(self.dice.millis(0, most), 0);
    }
}

impl User for Sender {
    fn turn(&mut self, world: &mut World, news: News) {
        match news {
            News::Start => self.pause(world),
            News::Alarm(0) => self.next(world),
            News::Alarm(number) if number == self.made as u64 => {
                if self.op.is_some_and(|op| world.give_up(op)) {
                    self.next(world);
                }
            }
            News::Ended(op, ended) if self.op == Some(op) => {
                self.op = None;
                match ended.error() {
                    Some(spkit_api::ErrorKind::Closed) => {
                        self.left = 0;
                        self.next(world);
                    }
                    _ => self.pause(world),
                }
            }
            _ => {}
        }
    }
}

/// Receives whatever comes, now fast, now slowly.
pub(crate) struct Receiver {
    at: At,
    dice: Dice,
    slow: bool,
    op: Option<OpId>,
}

impl Receiver {
    pub(crate) fn new(at: impl Into<At>, seed: u64, slow: bool) -> Self {
        Self {
            at: at.into(),
            dice: Dice::new(seed),
            slow,
            op: None,
        }
    }

    fn next(&mut self, world: &mut World) {
        let wait = world.recv(self.at, None);
        self.op = Some(wait);
        if self.dice.chance(10) {
            world.alarm(self.dice.millis(0, 50), GIVE_UP);
        }
    }
}

const NEXT: u64 = 0;
const GIVE_UP: u64 = 1;

impl User for Receiver {
    fn turn(&mut self, world: &mut World, news: News) {
        match news {
            News::Start | News::Alarm(NEXT) => self.next(world),
            News::Alarm(_) => {
                if self.op.is_some_and(|op| world.give_up(op)) {
                    self.next(world);
                }
            }
            News::Ended(op, ended) if self.op == Some(op) => {
                self.op = None;
                match ended {
                    Ended::Failed(_) => {}
                    _ if self.slow => world.alarm(self.dice.millis(0, 20), NEXT),
                    _ if self.dice.chance(5) => world.alarm(self.dice.millis(0, 300), NEXT),
                    _ => self.next(world),
                }
            }
            _ => {}
        }
    }
}
