//! Whether operations could be done, for those who poll descriptors.

use std::{fmt, sync::Arc};

use spkit_api::{ContextId, Event, Result};

use super::{Direction, Phase, Rest, SocketCore, queue::RecvQueue};
use crate::handover::level::Answer;

/// What a user polls.
pub(crate) trait Signal: Send + Sync + fmt::Debug {
    /// Shows the answer, unless a later one was shown.
    fn tell(&self, answer: Answer);
}

/// What is asked again after each event.
#[derive(Debug)]
pub(crate) struct Question {
    context: ContextId,
    direction: Direction,
    /// No operation had to wait since the protocol let those who wait try again: all there is to go by if it does not say.
    guess: bool,
    last: Answer,
    signal: Arc<dyn Signal>,
}

impl SocketCore {
    /// From now on the signal follows whether the operation could be done.
    pub(crate) fn follow(
        &mut self,
        context: ContextId,
        direction: Direction,
        signal: Arc<dyn Signal>,
    ) -> Result<()> {
        match direction {
            Direction::Send if !self.info.can_send() => return Err(self.cannot("send")),
            Direction::Recv if !self.info.can_recv() => return Err(self.cannot("receive")),
            _ => self.rest.check_open(context)?,
        }
        self.rest.questions.push(Question {
            context,
            direction,
            guess: true,
            last: Answer::default(),
            signal,
        });
        Ok(())
    }

    pub(crate) fn unfollow(&mut self, signal: &Arc<dyn Signal>) {
        let questions = &mut self.rest.questions;
        questions.retain(|question| !Arc::ptr_eq(&question.signal, signal));
    }

    /// Whether anybody follows.
    #[inline]
    pub(crate) fn is_followed(&self) -> bool {
        !self.rest.questions.is_empty()
    }

    /// Looks again what could be done. Whoever changed the core calls it before the lock is released.
    #[cold]
    pub(crate) fn answer(&mut self) {
        let was_open = matches!(self.rest.phase, Phase::Open);
        for at in 0..self.rest.questions.len() {
            let ready = self.is_ready(at);
            let question = &mut self.rest.questions[at];
            if question.last.ready != ready {
                question.last = question.last.then(ready);
                let signal = Arc::clone(&question.signal);
                self.rest.outcome.signals.push((signal, question.last));
            }
        }
        if was_open && !matches!(self.rest.phase, Phase::Open) {
            // The protocol panicked over a question: the answers before are old.
            self.answer();
        }
    }

    fn is_ready(&mut self, at: usize) -> bool {
        let Question {
            context,
            direction,
            guess,
            ..
        } = self.rest.questions[at];
        let is_open = matches!(self.rest.phase, Phase::Open);
        if !is_open || self.rest.contexts.get(context.raw()).is_none() {
            // It ends at once, if only with an error.
            return true;
        }
        let mut answer = None;
        let guess = match direction {
            Direction::Send => {
                self.event(Event::can_send(context, &mut answer));
                guess
            }
            Direction::Recv => {
                let asked = self.info.wants_recv();
                if asked {
                    self.event(Event::can_recv(context, &mut answer));
                }
                let is_empty = self.rest.queue(context).is_none_or(RecvQueue::is_empty);
                !is_empty || (asked && guess)
            }
        };
        answer.unwrap_or(guess)
    }
}

impl Rest {
    /// An operation had to wait, or need not any more.
    #[inline]
    pub(super) fn guess(&mut self, context: ContextId, direction: Direction, ready: bool) {
        for question in &mut self.questions {
            if question.context == context && question.direction == direction {
                question.guess = ready;
            }
        }
    }
}
