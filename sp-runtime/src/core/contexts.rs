//! Contexts, and the protocol's options.

use spkit_api::{ContextId, DropReason, Error, ErrorKind, Event, Options, Result, Value};

use super::{ContextState, SocketCore, queue::QueueLimit};

impl SocketCore {
    pub(crate) fn open_context(&mut self) -> Result<ContextId> {
        if !self.info.has_contexts() {
            return Err(Error::new(
                ErrorKind::NotSupported,
                format!("protocol `{}` has no contexts", self.info.name()),
            ));
        }
        self.rest.check_open(ContextId::SOCKET)?;
        let state = ContextState::new(self.rest.limit);
        let key = self.rest.contexts.insert(state).ok_or_else(|| {
            Error::new(
                ErrorKind::OutOfResources,
                "a socket has at most a million contexts",
            )
        })?;
        let context = ContextId::from_raw(key);
        self.event(Event::ContextOpened(context));
        Ok(context)
    }

    pub(crate) fn close_context(&mut self, context: ContextId) {
        let Some(mut state) = self.rest.contexts.remove(context.raw()) else {
            return;
        };
        state.senders.wake_all(&mut self.rest.outcome.wakes);
        state.receivers.wake_all(&mut self.rest.outcome.wakes);
        let mut resumed = Vec::new();
        while let Some(message) = state.queue.pop() {
            self.rest.discard(message, DropReason::PipeGone);
        }
        state.queue.resume(&mut resumed);
        for pipe in resumed {
            self.rest.unchoke(pipe);
        }
        self.event(Event::ContextClosed(context));
    }

    /// How much may wait for a context, from now on; for the socket's also what contexts begin with.
    pub(crate) fn limit_queue(
        &mut self,
        context: ContextId,
        messages: Option<usize>,
        bytes: Option<usize>,
    ) {
        let change = |limit: QueueLimit| QueueLimit {
            messages: messages.unwrap_or(limit.messages),
            bytes: bytes.unwrap_or(limit.bytes),
        };
        if context == ContextId::SOCKET {
            self.rest.limit = change(self.rest.limit);
        }
        if let Some(state) = self.rest.contexts.get_mut(context.raw()) {
            state.queue.set_limit(change(state.queue.limit()));
        }
        self.rest.unchoke_some(context);
    }

    /// Has everybody who waits to send try again.
    pub(crate) fn wake_senders(&mut self) {
        for key in self.rest.contexts.keys() {
            if let Some(state) = self.rest.contexts.get_mut(key) {
                state.senders.wake_all(&mut self.rest.outcome.wakes);
            }
        }
    }

    /// Tells a new protocol of all its options: their values first, then what is to be done.
    pub(crate) fn preset(&mut self, options: &mut Options) -> Result<()> {
        for row in self.info.options() {
            if let Some(value) = options.value(row.name()) {
                self.set_option(ContextId::SOCKET, row.name(), &value)?;
            }
        }
        for (row, value) in options.take_acts() {
            self.set_option(ContextId::SOCKET, row.name(), &value)?;
        }
        Ok(())
    }

    /// Tells the protocol of an option, if it is one of its own. An error: the protocol refuses the value.
    pub(crate) fn set_option(
        &mut self,
        context: ContextId,
        name: &'static str,
        value: &Value,
    ) -> Result<()> {
        if !self.info.options().iter().any(|row| row.name() == name) {
            return Ok(());
        }
        self.rest.check_open(context)?;
        self.event(Event::option_set(context, name, value));
        self.rest.failed.take().map_or(Ok(()), Err)
    }
}
