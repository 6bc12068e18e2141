//! Contexts: several conversations on one socket.

use std::{sync::Arc, time::Duration};

use spkit_api::{
    ContextId, Message, Result, SendError, Value,
    option::{Opt, OptionType, Scope},
    options::{RECV_TIMEOUT, SEND_TIMEOUT},
};

#[cfg(unix)]
use crate::readiness::Readiness;
use crate::{
    core::Direction,
    driver::operations::Patience,
    future::{RecvFuture, SendFuture},
    socket::{Handle, within},
    sync::{Mutex, lock},
};

/// A conversation of its own on a socket: its own outstanding request, its own reply, next to others of the same socket.
///
/// Dropping it closes it; what waits for it is gone then.
#[derive(Debug)]
pub struct Context {
    handle: Arc<Handle>,
    id: ContextId,
    /// Its own timeouts, by direction, where they were set.
    timeouts: Mutex<[Option<Option<Duration>>; 2]>,
}

impl Context {
    pub(crate) fn open(handle: &Arc<Handle>) -> Result<Self> {
        let id = handle
            .shared
            .with_core(|hosted| hosted.core.open_context())?;
        Ok(Self {
            handle: Arc::clone(handle),
            id,
            timeouts: Mutex::default(),
        })
    }

    /// Its number in events.
    pub fn id(&self) -> ContextId {
        self.id
    }

    /// As [`Socket::send`](crate::Socket::send).
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        let patience = self.patience(Direction::Send);
        self.handle
            .shared
            .send(self.id, &mut Some(message.into()), patience)
    }

    /// As [`Socket::try_send`](crate::Socket::try_send).
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.handle
            .shared
            .send(self.id, &mut Some(message.into()), Patience::None)
    }

    /// As [`Socket::send_timeout`](crate::Socket::send_timeout).
    pub fn send_timeout(
        &self,
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.handle
            .shared
            .send(self.id, &mut Some(message.into()), within(timeout))
    }

    /// As [`Socket::send_async`](crate::Socket::send_async).
    pub fn send_async(&self, message: impl Into<Message>) -> SendFuture {
        SendFuture::new(Arc::clone(&self.handle), self.id, message.into())
    }

    /// As [`Socket::send_ready`](crate::Socket::send_ready).
    #[cfg(unix)]
    pub fn send_ready(&self) -> Result<Readiness> {
        Readiness::open(&self.handle, self.id, Direction::Send)
    }

    /// As [`Socket::recv`](crate::Socket::recv).
    pub fn recv(&self) -> Result<Message> {
        let patience = self.patience(Direction::Recv);
        self.handle.shared.recv(self.id, patience)
    }

    /// As [`Socket::try_recv`](crate::Socket::try_recv).
    pub fn try_recv(&self) -> Result<Message> {
        self.handle.shared.recv(self.id, Patience::None)
    }

    /// As [`Socket::recv_timeout`](crate::Socket::recv_timeout).
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Message> {
        self.handle.shared.recv(self.id, within(timeout))
    }

    /// As [`Socket::recv_async`](crate::Socket::recv_async).
    pub fn recv_async(&self) -> RecvFuture {
        RecvFuture::new(Arc::clone(&self.handle), self.id)
    }

    /// As [`Socket::recv_ready`](crate::Socket::recv_ready).
    #[cfg(unix)]
    pub fn recv_ready(&self) -> Result<Readiness> {
        Readiness::open(&self.handle, self.id, Direction::Recv)
    }

    /// As [`Socket::set`](crate::Socket::set), for this conversation alone: options whose scope is
    /// [`Scope::Context`]. What is not set here is as the protocol says: usually as on the socket when it was opened.
    pub fn set<T: OptionType>(&self, key: Opt<T>, value: T) -> Result<()> {
        self.set_value(key.name(), &value.into_value())
    }

    /// As [`Socket::set_str`](crate::Socket::set_str), for this conversation alone.
    pub fn set_str(&self, name: &str, text: &str) -> Result<()> {
        let value = self.handle.shared.parse_option(name, text)?;
        self.set_value(name, &value)
    }

    fn set_value(&self, name: &str, value: &Value) -> Result<()> {
        let row = lock(&self.handle.shared.options).row(name)?;
        row.check_scope(Scope::Context)?;
        self.handle.shared.check_change(row)?;
        row.check(value)?;
        if let Value::Duration(timeout) = value {
            let [send, recv] = &mut *lock(&self.timeouts);
            if name == SEND_TIMEOUT.name() {
                *send = Some(*timeout);
            } else if name == RECV_TIMEOUT.name() {
                *recv = Some(*timeout);
            }
        }
        self.handle.shared.take_note(self.id, name, value);
        self.handle.shared.with_core(|hosted| {
            let core = &mut hosted.core;
            core.set_option(self.id, row.name(), value)
        })
    }

    fn patience(&self, direction: Direction) -> Patience {
        let own = lock(&self.timeouts)[direction as usize];
        match own.unwrap_or_else(|| self.handle.shared.timeout(direction)) {
            None => Patience::For(None),
            Some(timeout) => within(timeout),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.handle
            .shared
            .with_core(|hosted| hosted.core.close_context(self.id));
    }
}
