//! What a call of the core asks of its surroundings, to be done after the core's lock is released.

use std::sync::Arc;

use spkit_api::{EndpointId, Message, PipeId};

use super::{readiness::Signal, waiters::Wake};
use crate::{event::SocketEvent, handover::level::Answer};

#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Operations to try again.
    pub(crate) wakes: Vec<Wake>,
    /// What those who poll are to see.
    pub(crate) signals: Vec<(Arc<dyn Signal>, Answer)>,
    /// Pipes that got messages to send.
    pub(crate) touched: Vec<PipeId>,
    /// Pipes that may deliver again.
    pub(crate) resumed: Vec<PipeId>,
    /// Pipes to close.
    pub(crate) closed: Vec<PipeId>,
    /// Dialers to dial.
    pub(crate) dial: Vec<EndpointId>,
    /// News.
    pub(crate) events: Vec<SocketEvent>,
    /// What was dropped: its owners' destructors run outside of the lock.
    pub(crate) garbage: Vec<Message>,
    /// A timer was set that may be the earliest.
    pub(crate) timer_set: bool,
}

impl Outcome {
    /// The wake, if that is all there is: the common case.
    #[inline]
    pub(crate) fn only_wake(&mut self) -> Option<Wake> {
        let only = self.wakes.len() == 1 && self.others() == 0;
        only.then(|| self.wakes.pop()).flatten()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.wakes.len() | self.others() == 0
    }

    #[inline]
    fn others(&self) -> usize {
        // Without branches: asked after each operation.
        self.signals.len()
            | self.touched.len()
            | self.resumed.len()
            | self.closed.len()
            | self.dial.len()
            | self.events.len()
            | self.garbage.len()
            | usize::from(self.timer_set)
    }
}
