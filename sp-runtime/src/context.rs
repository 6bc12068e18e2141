//! Contexts: several conversations on one socket.

use std::{sync::Arc, time::Duration};

use spkit_api::{ContextId, Message, Result, SendError};

use crate::{
    core::Direction,
    driver::operations::Patience,
    future::{RecvFuture, SendFuture},
    socket::{Handle, within},
};

/// A conversation of its own on a socket: its own outstanding request, its own reply, next to others of the same socket.
///
/// Dropping it closes it; what waits for it is gone then.
#[derive(Debug)]
pub struct Context {
    handle: Arc<Handle>,
    id: ContextId,
}

impl Context {
    pub(crate) fn open(handle: &Arc<Handle>) -> Result<Self> {
        let id = handle
            .shared
            .with_core(|hosted| hosted.core.open_context())?;
        Ok(Self {
            handle: Arc::clone(handle),
            id,
        })
    }

    /// Its number in events.
    pub fn id(&self) -> ContextId {
        self.id
    }

    /// As [`Socket::send`](crate::Socket::send).
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        let patience = Patience::For(self.handle.shared.timeout(Direction::Send));
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

    /// As [`Socket::recv`](crate::Socket::recv).
    pub fn recv(&self) -> Result<Message> {
        let patience = Patience::For(self.handle.shared.timeout(Direction::Recv));
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
}

impl Drop for Context {
    fn drop(&mut self) {
        self.handle
            .shared
            .with_core(|hosted| hosted.core.close_context(self.id));
    }
}
