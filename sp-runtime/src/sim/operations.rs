//! Sending and receiving, in each way of waiting.

use std::{collections::BTreeMap, time::Duration};

use spkit_api::{ContextId, Error, ErrorKind, Message, Result, SendError, Time};

use super::{At, OpId, SocketId, UserId, What, World, agenda::Happening};
use crate::core::{
    Direction, SocketCore,
    waiters::{WaitId, Wake},
};

/// How an operation ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ended {
    /// The message was accepted.
    Sent,
    /// A message was received.
    Received(Message),
    /// It failed; what was to be sent was not.
    Failed(Error),
    /// Its user gave it up.
    GivenUp,
}

impl Ended {
    /// The message, if that is how it ended.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Received(message) => Some(message),
            _ => None,
        }
    }

    /// The kind of the error, if it failed.
    pub fn error(&self) -> Option<ErrorKind> {
        match self {
            Self::Failed(error) => Some(error.kind()),
            _ => None,
        }
    }
}

/// An operation that waits.
#[derive(Debug)]
struct Op {
    user: Option<UserId>,
    at: At,
    direction: Direction,
    message: Option<Message>,
    waits: WaitId,
    deadline: Option<Time>,
}

/// The operations of a world.
#[derive(Debug, Default)]
pub(super) struct Ops {
    next: u64,
    waiting: BTreeMap<OpId, Op>,
    /// Over, and still on the list of those who wait: a thread leaves it a moment after it was served.
    leaving: BTreeMap<OpId, (At, Direction, WaitId)>,
    /// How those ended that no user asked for.
    ended: BTreeMap<OpId, Ended>,
}

impl Ops {
    fn name(&mut self) -> OpId {
        self.next += 1;
        OpId(self.next)
    }
}

/// What becomes of an operation that cannot be done now.
#[derive(Clone, Copy)]
enum Waiting {
    /// Nothing: its caller does not wait.
    Not,
    /// It is put on the list of those who wait.
    As,
    /// It is on the list.
    On(WaitId),
}

/// What an attempt came to.
enum Attempt {
    Done(Ended),
    /// It has its message back, and waits as this.
    Not(Option<Message>, Option<WaitId>),
}

impl World {
    /// Starts to send, waiting for at most `timeout`, or for ever. How it ends, its user is told.
    pub fn send(
        &mut self,
        at: impl Into<At>,
        message: impl Into<Message>,
        timeout: impl Into<Option<Duration>>,
    ) -> OpId {
        let message = message.into();
        self.start(at.into(), Direction::Send, Some(message), timeout.into())
    }

    /// Starts to receive, waiting for at most `timeout`, or for ever. How it ends, its user is told.
    pub fn recv(&mut self, at: impl Into<At>, timeout: impl Into<Option<Duration>>) -> OpId {
        self.start(at.into(), Direction::Recv, None, timeout.into())
    }

    /// Sends if that needs no waiting.
    pub fn try_send(
        &mut self,
        at: impl Into<At>,
        message: impl Into<Message>,
    ) -> Result<(), SendError> {
        let (at, message) = (at.into(), message.into());
        let op = self.begin(at, Direction::Send, Some(&message), Some(Duration::ZERO));
        let kept = message.clone();
        let attempt = self.attempt(op, at, Direction::Send, Some(message), Waiting::Not);
        match self.or_would_block(op, at, attempt) {
            Ended::Failed(error) => Err(SendError {
                error,
                message: kept,
            }),
            _ => Ok(()),
        }
    }

    /// Receives if that needs no waiting.
    pub fn try_recv(&mut self, at: impl Into<At>) -> Result<Message> {
        let at = at.into();
        let op = self.begin(at, Direction::Recv, None, Some(Duration::ZERO));
        let attempt = self.attempt(op, at, Direction::Recv, None, Waiting::Not);
        match self.or_would_block(op, at, attempt) {
            Ended::Received(message) => Ok(message),
            Ended::Failed(error) => Err(error),
            Ended::Sent | Ended::GivenUp => Err(ErrorKind::Internal.into()),
        }
    }

    /// Gives a waiting operation up, as dropping its future does; nobody is told. False: it has ended already.
    pub fn give_up(&mut self, op: OpId) -> bool {
        let Some(state) = self.ops.waiting.remove(&op) else {
            return false;
        };
        let (at, direction) = (state.at, state.direction);
        let core = &mut self.host_mut(at.socket).core;
        core.waited(at.context, direction, state.waits);
        self.end(op, at, Ended::GivenUp);
        self.settle(at.socket);
        true
    }

    /// How an operation ended that was not started by a user.
    pub fn result(&self, op: OpId) -> Option<&Ended> {
        self.ops.ended.get(&op)
    }

    /// Operations that wait now.
    pub fn waiting(&self) -> impl Iterator<Item = OpId> + '_ {
        self.ops.waiting.keys().copied()
    }

    fn start(
        &mut self,
        at: At,
        direction: Direction,
        message: Option<Message>,
        timeout: Option<Duration>,
    ) -> OpId {
        let op = self.begin(at, direction, message.as_ref(), timeout);
        let user = self.current;
        let (message, waits) = match self.attempt(op, at, direction, message, Waiting::As) {
            Attempt::Not(message, Some(waits)) => (message, waits),
            attempt => {
                let ended = self.or_would_block(op, at, attempt);
                self.tell(op, at, user, ended);
                return op;
            }
        };
        let deadline = timeout.map(|timeout| self.now() + timeout);
        let state = Op {
            user,
            at,
            direction,
            message,
            waits,
            deadline,
        };
        self.ops.waiting.insert(op, state);
        if let Some(deadline) = deadline {
            let what = Happening::Deadline { op };
            self.env.hub.net().enter_at(at.socket.0, deadline, what);
        }
        op
    }

    /// A woken operation tries again, or one whose time is over, for the last time.
    pub(super) fn retry(&mut self, op: OpId) {
        let Some(mut state) = self.ops.waiting.remove(&op) else {
            return;
        };
        let (at, direction) = (state.at, state.direction);
        let message = state.message.take();
        let ended = match self.attempt(op, at, direction, message, Waiting::On(state.waits)) {
            Attempt::Done(ended) => ended,
            Attempt::Not(message, _) => {
                let now = self.now();
                if state.deadline.is_none_or(|deadline| deadline > now) {
                    state.message = message;
                    self.ops.waiting.insert(op, state);
                    return;
                }
                let ended = Ended::Failed(ErrorKind::TimedOut.into());
                self.end(op, at, ended.clone());
                ended
            }
        };
        self.ops.leaving.insert(op, (at, direction, state.waits));
        if self.env.dice.below(2) == 0 {
            self.leave(op);
        } else {
            self.env.enter_soon(at.socket.0, Happening::Leave { op });
        }
        self.tell(op, at, state.user, ended);
    }

    /// An operation that is over leaves the list.
    pub(super) fn leave(&mut self, op: OpId) {
        if let Some((at, direction, waits)) = self.ops.leaving.remove(&op) {
            let host = self.host_mut(at.socket);
            host.core.waited(at.context, direction, waits);
            self.settle(at.socket);
        }
    }

    /// Waiting operations that could be served although nobody told them, of these sockets.
    pub(super) fn overlooked(&mut self, socket: SocketId) -> Vec<OpId> {
        let waiting = self.ops.waiting.iter();
        let there = waiting.filter(|(_, state)| state.at.socket == socket);
        let there: Vec<_> = there.map(|(op, _)| *op).collect();
        let mut overlooked = Vec::new();
        for op in there {
            self.retry(op);
            if !self.ops.waiting.contains_key(&op) {
                overlooked.push(op);
            }
        }
        overlooked
    }

    fn begin(
        &mut self,
        at: At,
        direction: Direction,
        message: Option<&Message>,
        within: Option<Duration>,
    ) -> OpId {
        let op = self.ops.name();
        let sends = match direction {
            Direction::Send => message.cloned(),
            Direction::Recv => None,
        };
        let what = What::Started {
            op,
            context: at.context,
            sends,
            within,
        };
        self.note_of(at.socket, what);
        op
    }

    fn end(&mut self, op: OpId, at: At, ended: Ended) {
        let context = at.context;
        self.note_of(at.socket, What::Ended { op, context, ended });
    }

    /// How an operation that does not wait ended.
    fn or_would_block(&mut self, op: OpId, at: At, attempt: Attempt) -> Ended {
        match attempt {
            Attempt::Done(ended) => ended,
            Attempt::Not(..) => {
                let ended = Ended::Failed(ErrorKind::WouldBlock.into());
                self.end(op, at, ended.clone());
                ended
            }
        }
    }

    fn tell(&mut self, op: OpId, at: At, user: Option<UserId>, ended: Ended) {
        match user {
            Some(user) => self.tell_user(user, at.socket, op, ended),
            None => {
                self.ops.ended.insert(op, ended);
            }
        }
    }

    fn attempt(
        &mut self,
        op: OpId,
        at: At,
        direction: Direction,
        mut message: Option<Message>,
        waiting: Waiting,
    ) -> Attempt {
        let context = at.context;
        let core = &mut self.host_mut(at.socket).core;
        let attempt = still_waits(core, context, direction, waiting)
            .and_then(|()| try_once(core, context, direction, waiting, &mut message));
        let attempt = match attempt {
            Ok(None) => {
                let waits = match waiting {
                    Waiting::Not => None,
                    Waiting::As => Some(core.wait(context, direction, Wake::Tag(op.0))),
                    Waiting::On(waits) => Some(waits),
                };
                Attempt::Not(message, waits)
            }
            Ok(Some(done)) => {
                core.passed(context, direction);
                Attempt::Done(done)
            }
            Err(error) => {
                if direction == Direction::Send && message.is_none() {
                    self.violate(format!("{error}: a failed send kept its message"));
                }
                Attempt::Done(Ended::Failed(error))
            }
        };
        // In the transcript it ends before what came of it.
        if let Attempt::Done(ended) = &attempt {
            self.end(op, at, ended.clone());
        }
        // Only now: what a waiting operation missed before it was on the list, nobody would tell it.
        self.settle(at.socket);
        attempt
    }
}

/// From here on a wake counts again. An error if the operation was ended meanwhile.
fn still_waits(
    core: &mut SocketCore,
    context: ContextId,
    direction: Direction,
    waiting: Waiting,
) -> Result<()> {
    let Waiting::On(waits) = waiting else {
        return Ok(());
    };
    core.wait_again(context, direction, waits, None);
    core.ended(context, waits).map_or(Ok(()), Err)
}

fn try_once(
    core: &mut SocketCore,
    context: ContextId,
    direction: Direction,
    waiting: Waiting,
    message: &mut Option<Message>,
) -> Result<Option<Ended>> {
    if direction == Direction::Send {
        return Ok(core.send(context, message)?.then_some(Ended::Sent));
    }
    let queued = match waiting {
        Waiting::On(_) => None,
        // The shortest way, which the driver tries first.
        Waiting::Not | Waiting::As => core.next_queued(context),
    };
    let received = match queued {
        Some(next) => Some(core.take_queued(context, next)),
        None => core.recv(context)?,
    };
    Ok(received.map(Ended::Received))
}
