//! What the threads do: send, receive, ask, answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use spkit::{ErrorKind, Socket};

use super::{
    Done,
    dice::Dice,
    ledger::{Order, Stream},
    payload,
    waits::{self, Mode},
};

/// What all threads of a round share.
#[derive(Debug)]
pub(crate) struct Field {
    /// Messages nobody claimed yet.
    pub(crate) budget: AtomicU64,
    pub(crate) streams: Vec<Stream>,
    /// The longest wait, in µs, until all of a stream had arrived.
    pub(crate) slowest: AtomicU64,
    /// Something failed.
    pub(crate) over: AtomicBool,
}

impl Field {
    pub(crate) fn done(&self) -> Done {
        Done {
            messages: self.streams.iter().map(Stream::received).sum(),
            slowest: self.slowest.load(Ordering::Relaxed),
        }
    }

    /// So many messages at most are this thread's to send.
    fn claim(&self, most: u64) -> u64 {
        let take = |left: u64| left.checked_sub(most.min(left));
        let before = self
            .budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        before.map_or(0, |before| before.min(most))
    }
}

/// One thread of the round.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) field: Arc<Field>,
    pub(crate) socket: Socket,
    pub(crate) dice: Dice,
    /// Ways it may wait.
    pub(crate) modes: &'static [Mode],
    pub(crate) doing: Arc<Doing>,
}

/// What a thread does, for the watchdog.
#[derive(Debug, Default)]
pub(crate) struct Doing {
    step: AtomicU32,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Thinking,
    Sending,
    Receiving,
    WaitingForTheOtherEnd,
    Done,
}

impl Doing {
    fn set(&self, step: Step, mode: Mode) {
        self.step
            .store((step as u32) << 8 | mode as u32, Ordering::Relaxed);
    }

    pub(crate) fn line(&self) -> String {
        let step = self.step.load(Ordering::Relaxed);
        let mode = Mode::ALL[(step & 0xff) as usize];
        let steps = [
            Step::Thinking,
            Step::Sending,
            Step::Receiving,
            Step::WaitingForTheOtherEnd,
            Step::Done,
        ];
        format!("{:?} ({mode:?})", steps[(step >> 8) as usize])
    }
}

/// How a thread behaves for a while.
#[derive(Debug)]
struct Mood {
    mode: Mode,
    /// Operations until the next.
    left: u64,
    /// Pauses once in so many operations; 0 is never.
    pauses: u64,
    filler: u64,
    /// Its end is a moment when all that was sent has arrived.
    drains: bool,
}

impl Mood {
    fn roll(dice: &mut Dice, modes: &[Mode]) -> Self {
        let left = match dice.below(4) {
            0 => 1,
            1 => dice.below(20) + 1,
            _ => dice.below(1_000) + 1,
        };
        let mut mood = Self {
            mode: dice.pick(modes),
            left,
            pauses: 0,
            filler: 64,
            drains: dice.one_in(4),
        };
        if dice.one_in(16) {
            mood.pauses = dice.below(4) + 1;
            mood.left = left.min(16);
        }
        if dice.one_in(16) {
            mood.filler = 4_000;
            mood.left = left.min(200);
        } else if dice.one_in(128) {
            mood.filler = 300_000;
            mood.left = left.min(8);
        }
        mood
    }
}

impl Worker {
    /// Sends a stream until the budget is spent.
    pub(crate) fn send_all(&mut self, stream: usize) -> Result<(), String> {
        let field = Arc::clone(&self.field);
        let stream = &field.streams[stream];
        let mut number = 0;
        loop {
            let mood = self.mood();
            let share = field.claim(mood.left);
            if share == 0 {
                break;
            }
            for _ in 0..share {
                self.pause(&mood);
                self.send(stream, number, &mood)?;
                number += 1;
            }
            if mood.drains {
                self.drain(stream, &mood)?;
            }
        }
        self.doing.set(Step::Done, Mode::Blocking);
        Ok(())
    }

    /// Receives until the socket is closed.
    pub(crate) fn recv_all(&mut self, alone: bool) -> Result<(), String> {
        let field = Arc::clone(&self.field);
        let mut order = Order::default();
        loop {
            let mood = self.mood();
            for _ in 0..mood.left {
                self.pause(&mood);
                self.doing.set(Step::Receiving, mood.mode);
                match waits::recv(&self.socket, mood.mode, &mut self.dice) {
                    Ok(message) => enter(&field, message.body(), &mut order, alone)?,
                    Err(error) if error.kind() == ErrorKind::Closed => {
                        self.doing.set(Step::Done, Mode::Blocking);
                        return Ok(());
                    }
                    Err(error) => return Err(format!("recv: {error}")),
                }
            }
        }
    }

    /// Asks until the budget is spent. Replies carry the number of their request in a stream of their own.
    pub(crate) fn ask(&mut self, requests: usize, replies: usize) -> Result<(), String> {
        let field = Arc::clone(&self.field);
        let (requests, replies) = (&field.streams[requests], &field.streams[replies]);
        let mut order = Order::default();
        let mut number = 0;
        loop {
            let mood = self.mood();
            let share = field.claim((2 * mood.left).min(32)).div_ceil(2);
            if share == 0 {
                break;
            }
            for _ in 0..share {
                self.pause(&mood);
                self.send(requests, number, &mood)?;
                self.pause(&mood);
                self.doing.set(Step::Receiving, mood.mode);
                let reply = waits::recv(&self.socket, mood.mode, &mut self.dice)
                    .map_err(|error| format!("reply: {error}"))?;
                enter(&field, reply.body(), &mut order, true)?;
                if replies.received() != number + 1 {
                    return Err(format!("the reply to {number} was another stream's"));
                }
                number += 1;
            }
        }
        self.doing.set(Step::Done, Mode::Blocking);
        Ok(())
    }

    /// Answers until the socket is closed. The replies to stream `n` are stream `n + 1`.
    pub(crate) fn answer(&mut self) -> Result<(), String> {
        let field = Arc::clone(&self.field);
        let mut order = Order::default();
        loop {
            let mood = self.mood();
            for _ in 0..mood.left {
                self.doing.set(Step::Receiving, mood.mode);
                let request = match waits::recv(&self.socket, mood.mode, &mut self.dice) {
                    Ok(request) => request,
                    Err(error) if error.kind() == ErrorKind::Closed => {
                        self.doing.set(Step::Done, Mode::Blocking);
                        return Ok(());
                    }
                    Err(error) => return Err(format!("request: {error}")),
                };
                let (stream, number) = payload::read(request.body())?;
                enter(&field, request.body(), &mut order, true)?;
                self.pause(&mood);
                self.send(&field.streams[stream as usize + 1], number, &mood)?;
            }
        }
    }

    fn mood(&mut self) -> Mood {
        Mood::roll(&mut self.dice, self.modes)
    }

    fn send(&mut self, stream: &Stream, number: u64, mood: &Mood) -> Result<(), String> {
        self.doing.set(Step::Sending, mood.mode);
        let filler = self.dice.below(mood.filler) as usize;
        stream.sending();
        let message = payload::make(stream.id, number, filler);
        waits::send(&self.socket, message, mood.mode, &mut self.dice)
            .map_err(|error| format!("send {number} of stream {}: {error}", stream.id))
    }

    /// Waits until all that was sent has arrived: from here on nothing but its own wake can help a sleeper.
    fn drain(&mut self, stream: &Stream, mood: &Mood) -> Result<(), String> {
        self.doing.set(Step::WaitingForTheOtherEnd, mood.mode);
        let start = Instant::now();
        let mut turns = 0;
        while !stream.is_drained() {
            if self.field.over.load(Ordering::Relaxed) {
                return Err("the round is over".to_owned());
            }
            turns += 1;
            if turns < 100 {
                thread::yield_now();
            } else {
                thread::sleep(Duration::from_micros(50));
            }
        }
        let took = start.elapsed().as_micros() as u64;
        self.field.slowest.fetch_max(took, Ordering::Relaxed);
        Ok(())
    }

    fn pause(&mut self, mood: &Mood) {
        if mood.pauses == 0 || !self.dice.one_in(mood.pauses) {
            return;
        }
        self.doing.set(Step::Thinking, mood.mode);
        match self.dice.below(3) {
            0 => thread::yield_now(),
            1 => thread::sleep(Duration::from_micros(self.dice.below(100))),
            _ => thread::sleep(Duration::from_micros(self.dice.below(2_000))),
        }
    }
}

fn enter(field: &Field, body: &[u8], order: &mut Order, alone: bool) -> Result<(), String> {
    let (stream, number) = payload::read(body)?;
    let stream = field
        .streams
        .get(stream as usize)
        .ok_or_else(|| format!("a message of stream {stream}, which does not exist"))?;
    stream.enter(number, order, alone)
}
