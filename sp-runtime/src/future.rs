//! Sending and receiving as futures, for any executor.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use spkit_api::{ContextId, Message, Result, SendError};

use crate::{
    core::{Direction, waiters::Wake},
    driver::operations::Waiting,
    socket::Handle,
};

/// An operation that waits as a task. Takes itself off the list when it is dropped.
pub(crate) struct Task {
    handle: Arc<Handle>,
    context: ContextId,
    direction: Direction,
    waiting: Waiting,
    /// The background thread drives the socket for this task.
    watched: bool,
}

impl Task {
    pub(crate) fn new(handle: Arc<Handle>, context: ContextId, direction: Direction) -> Self {
        Self {
            handle,
            context,
            direction,
            waiting: Waiting::Not,
            watched: false,
        }
    }

    /// As [`poll`](Self::poll), for one operation after another: the waker is looked at only if there is a wait.
    pub(crate) fn poll_promptly<T>(
        &mut self,
        task: &mut Context<'_>,
        mut attempt: impl FnMut(&Arc<Handle>, &mut Waiting) -> Result<Option<T>>,
    ) -> Poll<Result<T>> {
        if let Waiting::Not = self.waiting
            && let Some(done) = attempt(&self.handle, &mut Waiting::Not).transpose()
        {
            return Poll::Ready(done);
        }
        self.poll(task, attempt)
    }

    /// Attempts the operation, and leaves the task's waker if it has to wait.
    fn poll<T>(
        &mut self,
        task: &mut Context<'_>,
        attempt: impl FnOnce(&Arc<Handle>, &mut Waiting) -> Result<Option<T>>,
    ) -> Poll<Result<T>> {
        let wake = Wake::Task(task.waker().clone());
        match &mut self.waiting {
            Waiting::On(_, again) => *again = Some(wake),
            other => *other = Waiting::With(wake),
        }
        let result = attempt(&self.handle, &mut self.waiting);
        match result {
            Ok(None) => {
                if !std::mem::replace(&mut self.watched, true) {
                    self.handle.shared.watch();
                }
                Poll::Pending
            }
            Ok(Some(done)) => {
                self.leave();
                Poll::Ready(Ok(done))
            }
            Err(error) => {
                self.leave();
                Poll::Ready(Err(error))
            }
        }
    }

    fn leave(&mut self) {
        let shared = &self.handle.shared;
        if let Waiting::On(id, _) = std::mem::replace(&mut self.waiting, Waiting::Not) {
            shared.give_up(self.context, self.direction, id);
        }
        if std::mem::take(&mut self.watched) {
            shared.unwatch();
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The future of [`Socket::recv_async`](crate::Socket::recv_async).
#[must_use = "futures do nothing unless polled"]
pub struct RecvFuture {
    task: Task,
}

impl RecvFuture {
    pub(crate) fn new(handle: Arc<Handle>, context: ContextId) -> Self {
        Self {
            task: Task::new(handle, context, Direction::Recv),
        }
    }
}

impl Future for RecvFuture {
    type Output = Result<Message>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let context = self.task.context;
        self.task.poll(task, |handle, waiting| {
            handle.shared.attempt_recv(context, waiting)
        })
    }
}

impl std::fmt::Debug for RecvFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecvFuture({:?})", self.task.waiting)
    }
}

/// The future of [`Socket::send_async`](crate::Socket::send_async).
#[must_use = "futures do nothing unless polled"]
pub struct SendFuture {
    task: Task,
    message: Option<Message>,
}

impl SendFuture {
    pub(crate) fn new(handle: Arc<Handle>, context: ContextId, message: Message) -> Self {
        Self {
            task: Task::new(handle, context, Direction::Send),
            message: Some(message),
        }
    }
}

impl Future for SendFuture {
    type Output = Result<(), SendError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { task: own, message } = &mut *self;
        let context = own.context;
        let sent = own.poll(task, |handle, waiting| {
            let sent = handle.shared.attempt_send(context, message, waiting)?;
            Ok(sent.then_some(()))
        });
        sent.map_err(|error| SendError {
            error,
            message: message.take().unwrap_or_default(),
        })
    }
}

impl std::fmt::Debug for SendFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SendFuture({:?})", self.task.waiting)
    }
}
