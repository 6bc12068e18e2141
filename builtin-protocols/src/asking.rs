//! The asking end of a conversation, as far as REQ and SURVEYOR share it.
//!
//! Both put an id in front of what they ask, the answer has it in front too, and each context has one thing under way
//! (sp-request-reply-01 §6.1, sp-surveyor-01 §6.1).

pub(crate) mod raw;

use spkit_api::{
    ContextId, Cx, DropReason, Message, TimerId,
    protocol::Received,
    toolkit::{IdMap, REQUEST_BIT, RequestIds},
};

/// What is under way, by id.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    ids: RequestIds,
    whose: IdMap<u32, ContextId>,
}

impl UnderWay {
    /// An id for something new, used up by [`begin`](Self::begin).
    pub(crate) fn next_id(&mut self, cx: &mut Cx<'_>) -> u32 {
        // SP-RR-025: 2^31 ids later an old one may still be under way.
        let mut id = self.ids.peek(cx);
        while self.whose.contains_key(&id) {
            self.ids.advance();
            id = self.ids.peek(cx);
        }
        id
    }

    /// The context has something under way by the id that [`next_id`](Self::next_id) gave.
    pub(crate) fn begin(&mut self, id: u32, whose: ContextId) {
        self.ids.advance();
        self.whose.insert(id, whose);
    }

    /// It is answered, or given up.
    pub(crate) fn end(&mut self, id: u32) -> Option<ContextId> {
        self.whose.remove(&id)
    }

    /// Who waits for answers with this id.
    pub(crate) fn whose(&self, id: u32) -> Option<ContextId> {
        self.whose.get(&id).copied()
    }

    /// Everybody who waits for answers.
    pub(crate) fn contexts(&self) -> impl Iterator<Item = ContextId> {
        self.whose.values().copied()
    }

    /// Forgets which id comes next, as a restart does.
    #[cfg(test)]
    pub(crate) fn restart_ids(&mut self) {
        self.ids = RequestIds::new();
    }
}

/// The next answer of a batch, without its id. Those that have none in front are dropped.
pub(crate) fn next_answer(cx: &mut Cx<'_>, received: &mut Received<'_>) -> Option<(u32, Message)> {
    while let Some(mut message) = received.messages.pop() {
        match message.pull_word() {
            Some(id) if id & REQUEST_BIT != 0 => return Some((id, message)),
            // SP-RR-014, SP-RR-015, SP-SV-008
            _ => cx.discard(message, DropReason::Malformed),
        }
    }
    None
}

/// The timer of a context.
pub(crate) fn timer_of(context: ContextId) -> TimerId {
    TimerId(u64::from(context.raw()))
}

/// Whose timer this is.
pub(crate) fn context_of(timer: TimerId) -> Option<ContextId> {
    u32::try_from(timer.0).ok().map(ContextId::from_raw)
}
