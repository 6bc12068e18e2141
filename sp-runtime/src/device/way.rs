//! One way through a device: a message at a time, taken from one socket and handed to the other.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use spkit_api::{ContextId, Error, ErrorKind, Message, Result};

use super::{Way, counts::Passed, name, tap::Feed};
use crate::{
    core::Direction,
    driver::operations::Waiting,
    future::Task,
    socket::{Handle, Socket},
};

const SOCKET: ContextId = ContextId::SOCKET;

/// Messages that pass before the other way, and other tasks, get their turn.
const BUDGET: usize = 128;

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) way: Way,
    pub(super) from: Arc<Handle>,
    pub(super) to: Arc<Handle>,
    /// Taken, and not handed on yet.
    held: Option<Message>,
    pub(super) taps: Vec<Feed>,
    pub(super) passed: Arc<Passed>,
}

/// How a lane waits as a task.
pub(super) struct Waits {
    recv: Task,
    send: Task,
}

impl Lane {
    pub(super) fn new(way: Way, from: &Socket, to: &Socket) -> Self {
        Self {
            way,
            from: Arc::clone(from.handle()),
            to: Arc::clone(to.handle()),
            held: None,
            taps: Vec::new(),
            passed: Arc::default(),
        }
    }

    // ---- on a thread of its own

    /// Passes messages on until `over` says yes, which is asked again whenever the waiters of a socket are woken.
    pub(super) fn run(&mut self, over: &impl Fn() -> bool) -> Result<()> {
        while !over() {
            if self.held.is_none() {
                let received = self.recv(over);
                received.map_err(|error| ended("received", &self.from, error))?;
                self.look_over();
            }
            let Some(bytes) = self.held.as_ref().map(Message::len) else {
                break;
            };
            let sent = self.send(over);
            if sent.is_ok() && self.held.is_some() {
                break;
            }
            self.settle(sent, bytes)?;
        }
        Ok(())
    }

    /// Takes the next message, unless it is over.
    fn recv(&mut self, over: &impl Fn() -> bool) -> Result<()> {
        let (from, held) = (&self.from.shared, &mut self.held);
        if from.take_queued(SOCKET, held) {
            return Ok(());
        }
        from.block(SOCKET, Direction::Recv, None, |waiting| {
            *held = from.attempt_recv(SOCKET, waiting)?;
            // After it came to wait: so it is woken if it is over.
            Ok((held.is_some() || over()).then_some(()))
        })
    }

    /// Hands on what is held, unless it is over.
    fn send(&mut self, over: &impl Fn() -> bool) -> Result<()> {
        let (to, held) = (&self.to.shared, &mut self.held);
        to.block(SOCKET, Direction::Send, None, |waiting| {
            let sent = to.attempt_send(SOCKET, held, waiting)?;
            Ok((sent || over()).then_some(()))
        })
    }

    // ---- as a part of a task

    pub(super) fn waits(&self) -> Waits {
        let task = |socket, direction| Task::new(Arc::clone(socket), SOCKET, direction);
        Waits {
            recv: task(&self.from, Direction::Recv),
            send: task(&self.to, Direction::Send),
        }
    }

    /// Passes messages on. Ready: there may be more, or the device is over. Pending: it waits for a message or for room.
    pub(super) fn poll(&mut self, waits: &mut Waits, task: &mut Context<'_>) -> Poll<Result<()>> {
        for _ in 0..BUDGET {
            if self.held.is_none() {
                let received = ready!(self.poll_recv(&mut waits.recv, task));
                received.map_err(|error| ended("received", &self.from, error))?;
                self.look_over();
            }
            let bytes = self.held.as_ref().map_or(0, Message::len);
            let sent = ready!(self.poll_send(&mut waits.send, task));
            self.settle(sent, bytes)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_recv(&mut self, wait: &mut Task, task: &mut Context<'_>) -> Poll<Result<()>> {
        let held = &mut self.held;
        wait.poll_promptly(task, |from, waiting| {
            let there = match waiting {
                Waiting::Not => from.shared.take_queued(SOCKET, held),
                _ => {
                    *held = from.shared.attempt_recv(SOCKET, waiting)?;
                    held.is_some()
                }
            };
            Ok(there.then_some(()))
        })
    }

    fn poll_send(&mut self, wait: &mut Task, task: &mut Context<'_>) -> Poll<Result<()>> {
        let held = &mut self.held;
        wait.poll_promptly(task, |to, waiting| {
            let sent = to.shared.attempt_send(SOCKET, held, waiting)?;
            Ok(sent.then_some(()))
        })
    }

    // ---- either way

    /// Shows what was taken to the taps, and makes it a message of the other socket, where pipes have other names.
    fn look_over(&mut self) {
        let Some(message) = &mut self.held else {
            return;
        };
        self.taps.retain(|tap| tap.show(self.way, message));
        if !Arc::ptr_eq(&self.from, &self.to) {
            message.set_pipe(None);
            if self.from.shared.info.has_local_header() {
                message.clear_header();
            }
        }
    }

    /// Counts what became of the message. An error: the device is over.
    fn settle(&mut self, sent: Result<()>, bytes: usize) -> Result<()> {
        match sent {
            Ok(()) => self.passed.forwarded(bytes),
            Err(error) if is_over(error.kind()) => return Err(ended("sent", &self.to, error)),
            // This message cannot be sent; others can.
            Err(_) => {
                self.held = None;
                self.passed.refused();
            }
        }
        Ok(())
    }
}

fn ended(what: &str, on: &Handle, error: Error) -> Error {
    error.within(format!("a device {what} on `{}`", name(&on.shared)))
}

/// Whether the socket is at its end, and not just the message refused.
fn is_over(kind: ErrorKind) -> bool {
    use ErrorKind::{Closed, Closing, PluginPanicked};
    matches!(kind, Closed | Closing | PluginPanicked)
}
