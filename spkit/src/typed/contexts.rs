//! Contexts that do what their sockets do.

use std::{fmt, marker::PhantomData, time::Duration};

use spkit_api::{
    ContextId, Message, Result, SendError,
    option::{Opt, OptionType},
};
#[cfg(unix)]
use spkit_runtime::Readiness;
use spkit_runtime::{Context, RecvFuture, SendFuture};

use super::{Receives, Sends};

/// A conversation of its own on a typed socket, from [`Typed::context`](super::Typed::context).
///
/// Its methods are those of [`Context`].
pub struct TypedContext<K> {
    context: Context,
    kind: PhantomData<fn() -> K>,
}

impl<K> TypedContext<K> {
    pub(super) fn of(context: Context) -> Self {
        Self {
            context,
            kind: PhantomData,
        }
    }

    /// The same context without its kind.
    pub fn as_context(&self) -> &Context {
        &self.context
    }

    /// [`Context::id`]
    pub fn id(&self) -> ContextId {
        self.context.id()
    }

    /// [`Context::set`]
    pub fn set<T: OptionType>(&self, key: Opt<T>, value: T) -> Result<()> {
        self.context.set(key, value)
    }

    /// [`Context::set_str`]
    pub fn set_str(&self, name: &str, text: &str) -> Result<()> {
        self.context.set_str(name, text)
    }
}

impl<K: Sends> TypedContext<K> {
    /// [`Context::send`]
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.context.send(message)
    }

    /// [`Context::try_send`]
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.context.try_send(message)
    }

    /// [`Context::send_timeout`]
    pub fn send_timeout(
        &self,
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.context.send_timeout(message, timeout)
    }

    /// [`Context::send_async`]
    pub fn send_async(&self, message: impl Into<Message>) -> SendFuture {
        self.context.send_async(message)
    }

    /// [`Context::send_ready`]
    #[cfg(unix)]
    pub fn send_ready(&self) -> Result<Readiness> {
        self.context.send_ready()
    }
}

impl<K: Receives> TypedContext<K> {
    /// [`Context::recv`]
    pub fn recv(&self) -> Result<Message> {
        self.context.recv()
    }

    /// [`Context::try_recv`]
    pub fn try_recv(&self) -> Result<Message> {
        self.context.try_recv()
    }

    /// [`Context::recv_timeout`]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Message> {
        self.context.recv_timeout(timeout)
    }

    /// [`Context::recv_async`]
    pub fn recv_async(&self) -> RecvFuture {
        self.context.recv_async()
    }

    /// [`Context::recv_ready`]
    #[cfg(unix)]
    pub fn recv_ready(&self) -> Result<Readiness> {
        self.context.recv_ready()
    }
}

impl<K> From<TypedContext<K>> for Context {
    fn from(typed: TypedContext<K>) -> Self {
        typed.context
    }
}

impl<K> fmt::Debug for TypedContext<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)
    }
}
