//! Receive queues as their documentation has them: how much waits, and when one is full.

use spkit_api::{ContextId, Value};
use spkit_runtime::sim::ConnectionId;

/// How much may wait before a queue is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    messages: usize,
    bytes: usize,
}

/// A message that came for a queue. Everything has its place in the history.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) at: usize,
    pub(crate) connection: Option<ConnectionId>,
    /// Bytes of body.
    pub(crate) bytes: usize,
    /// Until when it was in the queue, if that is known: it was received, or there was no use for it any more.
    pub(crate) until: Option<usize>,
}

impl Default for Limit {
    fn default() -> Self {
        Self {
            messages: 1024,
            bytes: 128 << 10,
        }
    }
}

impl Limit {
    /// An option is set that may be about it.
    pub(crate) fn set(&mut self, context: ContextId, option: &str, value: &Value) {
        match (option, value) {
            _ if context != ContextId::SOCKET => {}
            ("recv-buffer", Value::Size(bytes)) => self.bytes = *bytes,
            ("recv-buffer-messages", Value::Int(messages)) => self.messages = *messages as usize,
            _ => {}
        }
    }

    fn is_reached<'a>(&self, queued: impl Iterator<Item = &'a Queued>) -> bool {
        let (messages, bytes) = queued.fold((0, 0), |(messages, bytes), item| {
            (messages + 1, bytes + item.bytes)
        });
        messages >= self.messages || bytes >= self.bytes
    }

    /// Whether the queue was full when this came, with something of the same connection in it: nobody is shut out by
    /// others.
    pub(crate) fn refuses<'a>(
        &self,
        newcomer: &Queued,
        all: impl Iterator<Item = &'a Queued> + Clone,
    ) -> bool {
        let waits = |item: &&Queued| {
            item.at < newcomer.at && item.until.is_some_and(|until| until > newcomer.at)
        };
        self.is_full_for(newcomer, all.filter(waits))
    }

    /// Whether a queue that holds these refuses a newcomer.
    pub(crate) fn is_full_for<'a>(
        &self,
        newcomer: &Queued,
        queued: impl Iterator<Item = &'a Queued> + Clone,
    ) -> bool {
        let mut own = queued.clone();
        own.any(|item| item.connection == newcomer.connection) && self.is_reached(queued)
    }

    /// Whether the queue can have been full when something newer came.
    pub(crate) fn overtakes<'a>(
        &self,
        dropped: &Queued,
        all: impl Iterator<Item = &'a Queued> + Clone,
    ) -> bool {
        let mut newer = all.clone().filter(|item| item.at > dropped.at);
        newer.any(|newer| {
            let waits = |item: &&Queued| {
                item.at < newer.at && item.until.is_none_or(|until| until > newer.at)
            };
            self.is_reached(all.clone().filter(waits))
        })
    }
}
