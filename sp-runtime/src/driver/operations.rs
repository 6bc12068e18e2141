//! Sending and receiving, in each way of waiting.

use std::{
    cell::Cell,
    sync::{Arc, MutexGuard},
    time::Duration,
};

use spkit_api::{ContextId, Error, ErrorKind, Message, Result, SendError, Time};

use super::{Hosted, Shared, clock};
use crate::{
    core::{
        Direction,
        waiters::{WaitId, Wake},
    },
    handover::{Role, Waiter},
    sync::{lock, thread},
};

thread_local! {
    /// This thread's waiter, kept from one wait to the next.
    static WAITER: Cell<Option<Arc<Waiter>>> = const { Cell::new(None) };
}

/// How long an operation may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// So long; for ever without a time. The clock is read only if there is something to wait for.
    For(Option<Duration>),
}

/// What becomes of an operation that cannot be done now.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// Nothing: its caller does not wait.
    Not,
    /// It is put on the list of those who wait.
    With(Wake),
    /// It is on the list, and stays there; the waker may have changed.
    On(WaitId, Option<Wake>),
}

impl Shared {
    /// Sends what is in the slot, where the caller made it.
    pub(crate) fn send(
        self: &Arc<Self>,
        context: ContextId,
        slot: &mut Option<Message>,
        patience: Patience,
    ) -> Result<(), SendError> {
        let result = match patience {
            Patience::None => match self.attempt_send(context, slot, &mut Waiting::Not) {
                Ok(false) => Err(ErrorKind::WouldBlock.into()),
                sent => sent.map(|_| ()),
            },
            Patience::For(timeout) => self.block(context, Direction::Send, timeout, |waiting| {
                let sent = self.attempt_send(context, slot, waiting)?;
                Ok(sent.then_some(()))
            }),
        };
        result.map_err(|error| SendError {
            error,
            // A refused message stays in its slot: that is the contract, and the kit checks it.
            message: slot.take().unwrap_or_default(),
        })
    }

    pub(crate) fn recv(
        self: &Arc<Self>,
        context: ContextId,
        patience: Patience,
    ) -> Result<Message> {
        // What is queued is taken on the shortest way: each move of a message costs as much as a lock. One result, and
        // one place where it is returned: so it is made where the caller wants it.
        let result;
        let mut hosted = lock(&self.core);
        if let Some(next) = hosted.core.next_queued(context) {
            hosted.core.passed(context, Direction::Recv);
            result = Ok(hosted.core.take_queued(context, next));
            self.finish(hosted);
        } else {
            result = self.recv_slowly(hosted, context, patience);
        }
        result
    }

    /// Moves what is queued to where it is wanted. False: the core has to be asked, by an attempt.
    #[inline]
    pub(crate) fn take_queued(
        self: &Arc<Self>,
        context: ContextId,
        slot: &mut Option<Message>,
    ) -> bool {
        let mut hosted = lock(&self.core);
        let Some(next) = hosted.core.next_queued(context) else {
            return false;
        };
        hosted.core.passed(context, Direction::Recv);
        *slot = Some(hosted.core.take_queued(context, next));
        self.finish(hosted);
        true
    }

    /// Receives what the core has to be asked for, or waits for it.
    #[inline(never)]
    fn recv_slowly(
        self: &Arc<Self>,
        hosted: MutexGuard<'_, Hosted>,
        context: ContextId,
        patience: Patience,
    ) -> Result<Message> {
        match patience {
            Patience::None => match self.recv_now(hosted, context, &mut Waiting::Not)? {
                Some(message) => Ok(message),
                None => {
                    self.handover.hurry();
                    Err(ErrorKind::WouldBlock.into())
                }
            },
            Patience::For(timeout) => {
                let mut held = Some(hosted);
                self.block(context, Direction::Recv, timeout, |waiting| {
                    let hosted = held.take().unwrap_or_else(|| lock(&self.core));
                    self.recv_now(hosted, context, waiting)
                })
            }
        }
    }

    /// Sends if that can be done now.
    #[inline]
    pub(crate) fn attempt_send(
        self: &Arc<Self>,
        context: ContextId,
        slot: &mut Option<Message>,
        waiting: &mut Waiting,
    ) -> Result<bool> {
        let mut hosted = lock(&self.core);
        let attempt = hosted
            .still_waits(context, Direction::Send, waiting)
            .and_then(|()| match hosted.core.send(context, slot) {
                Ok(false) if self.is_alone(&hosted) => Err(Error::new(
                    ErrorKind::NoPeers,
                    "nobody is connected, and option `fail-without-peers` is on",
                )),
                sent => sent,
            });
        match attempt {
            Ok(true) => {
                hosted.served(context, Direction::Send, waiting);
                self.sent(hosted);
                return Ok(true);
            }
            Ok(false) => hosted.let_wait(context, Direction::Send, waiting),
            Err(_) => {}
        }
        self.finish(hosted);
        attempt
    }

    /// Receives if that can be done now.
    pub(crate) fn attempt_recv(
        self: &Arc<Self>,
        context: ContextId,
        waiting: &mut Waiting,
    ) -> Result<Option<Message>> {
        self.recv_now(lock(&self.core), context, waiting)
    }

    fn recv_now(
        self: &Arc<Self>,
        mut hosted: MutexGuard<'_, Hosted>,
        context: ContextId,
        waiting: &mut Waiting,
    ) -> Result<Option<Message>> {
        let attempt = hosted
            .still_waits(context, Direction::Recv, waiting)
            .and_then(|()| hosted.core.recv(context));
        match attempt {
            Ok(Some(_)) => hosted.served(context, Direction::Recv, waiting),
            Ok(None) => hosted.let_wait(context, Direction::Recv, waiting),
            Err(_) => {}
        }
        self.finish(hosted);
        attempt
    }

    /// Takes an operation off the list. A wake it did not use goes to the next.
    pub(crate) fn give_up(self: &Arc<Self>, context: ContextId, direction: Direction, id: WaitId) {
        self.with_core(|hosted| hosted.core.waited(context, direction, id));
    }

    /// Tasks wait without leading: the background thread drives the socket for them.
    pub(crate) fn watch(&self) {
        self.handover.watch();
    }

    pub(crate) fn unwatch(&self) {
        self.handover.unwatch();
    }

    /// Repeats an attempt, sleeping in between, until it succeeds or fails for good.
    pub(crate) fn block<T>(
        self: &Arc<Self>,
        context: ContextId,
        direction: Direction,
        timeout: Option<Duration>,
        mut attempt: impl FnMut(&mut Waiting) -> Result<Option<T>>,
    ) -> Result<T> {
        if direction == Direction::Send
            && let Some(done) = attempt(&mut Waiting::Not)?
        {
            return Ok(done);
        }
        let deadline = timeout.map(|timeout| clock::now() + timeout);
        let me = WAITER
            .take()
            .filter(|kept| Arc::strong_count(kept) == 1)
            .unwrap_or_else(Waiter::new);
        me.renew();
        let mut waiting = Waiting::With(Wake::Thread(Arc::clone(&me)));
        let result = loop {
            match attempt(&mut waiting) {
                Ok(Some(done)) => break Ok(done),
                Ok(None) => {}
                Err(error) => break Err(error),
            }
            if deadline.is_some_and(|at| at <= clock::now()) {
                break Err(ErrorKind::TimedOut.into());
            }
            self.wait_for(&me, deadline);
        };
        if let Waiting::On(id, _) = waiting {
            self.give_up(context, direction, id);
        }
        drop(waiting);
        WAITER.set(Some(me));
        result
    }

    /// Sleeps, leading or parked, until the waiter is woken or the deadline has passed.
    fn wait_for(self: &Arc<Self>, me: &Arc<Waiter>, deadline: Option<Time>) {
        let mut role = self.handover.join(me);
        loop {
            match role {
                Role::Woken => break,
                Role::Lead => {
                    self.lead(me, deadline);
                    break;
                }
                Role::Park => match deadline {
                    None => thread::park(),
                    Some(at) => {
                        let left = at.since(clock::now());
                        if left.is_zero() {
                            break;
                        }
                        thread::park_timeout(left);
                    }
                },
            }
            role = self.handover.role(me);
        }
        self.handover.leave(me);
    }
}

impl Hosted {
    /// From here on a wake counts again, so that one which comes during the attempt is not lost. An error if the
    /// operation was ended meanwhile.
    #[inline]
    fn still_waits(
        &mut self,
        context: ContextId,
        direction: Direction,
        waiting: &mut Waiting,
    ) -> Result<()> {
        match waiting {
            Waiting::On(id, wake) => self.waits_on(context, direction, *id, wake.take()),
            _ => Ok(()),
        }
    }

    fn waits_on(
        &mut self,
        context: ContextId,
        direction: Direction,
        id: WaitId,
        wake: Option<Wake>,
    ) -> Result<()> {
        self.core.wait_again(context, direction, id, wake);
        self.core.ended(context, id).map_or(Ok(()), Err)
    }

    /// It is done: off the list, and the next one may try.
    fn served(&mut self, context: ContextId, direction: Direction, waiting: &mut Waiting) {
        self.core.passed(context, direction);
        if let Waiting::On(id, _) = std::mem::replace(waiting, Waiting::Not) {
            self.core.waited(context, direction, id);
        }
    }

    fn let_wait(&mut self, context: ContextId, direction: Direction, waiting: &mut Waiting) {
        *waiting = match std::mem::replace(waiting, Waiting::Not) {
            Waiting::With(wake) => Waiting::On(self.core.wait(context, direction, wake), None),
            other => other,
        };
    }
}
