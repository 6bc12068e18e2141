//! How the reference endpoint sends: to one, to the next that has room, to all, or back.

use std::{io::Write as _, time::Duration};

use super::{
    Fault, groups,
    hub::{Hub, State},
};
use crate::{endpoints, pace::Deadline};

impl Hub {
    /// Sends as the protocol does.
    pub(super) fn send(&self, body: &[u8], within: Duration) -> bool {
        match self.setup.protocol {
            endpoints::SURVEYOR => self.survey(body),
            endpoints::REP | endpoints::RESPONDENT => self.respond(body),
            endpoints::REQ => self.ask(body, within),
            endpoints::PUB => {
                self.post_all(body, |_| true);
                true
            }
            endpoints::PUSH => self.post_one(body, within),
            protocol => match groups::to_all(protocol, body) {
                Some(payload) => {
                    self.post_all(&payload, |_| true);
                    true
                }
                None => self.send_to_one(body, within),
            },
        }
    }

    /// Sends to everybody, with a new id; what nobody is there for is lost.
    fn survey(&self, body: &[u8]) -> bool {
        let mut state = self.lock();
        let tag = state.new_tag();
        let payload = [&tag.to_be_bytes(), body].concat();
        state.outstanding = Some(tag);
        state.inbox.clear();
        if !self.setup.has(Fault::NoSurveyEnd) {
            state.survey_end = Some(Deadline::after(self.setup.survey));
        }
        if self.setup.has(Fault::KeepsSurvey) {
            state.kept = Some(payload.clone());
        }
        let some = if self.setup.has(Fault::SurveysOne) {
            1
        } else {
            usize::MAX
        };
        let times = 1 + usize::from(self.setup.has(Fault::Resurveys));
        let frame = self.frame(&payload).repeat(times);
        for (_, writer) in state.writers.iter().take(some) {
            // Who is gone, or too slow, loses it.
            let _lost = writer.try_send(frame.clone());
        }
        true
    }

    /// Answers what was received last, once.
    fn respond(&self, body: &[u8]) -> bool {
        let mut state = self.lock();
        let again = self.setup.has(Fault::AnswersTwice);
        let again = state.answered.take().filter(|_| again);
        let Some((id, tags)) = state.asked.take().or(again) else {
            return false;
        };
        let payload = [&tags[..], body].concat();
        state.answered = Some((id, tags));
        drop(state);
        let elsewhere = self.setup.has(Fault::AnswersElsewhere);
        self.post_all(&payload, |other| (other == id) != elsewhere);
        true
    }

    /// Sends on the next ready connection, waiting for one.
    fn send_to_one(&self, body: &[u8], within: Duration) -> bool {
        let deadline = Deadline::after(within);
        let mut state = self.lock();
        let id = loop {
            if let Some(id) = state.ready.pop_front() {
                state.ready.push_back(id);
                break id;
            }
            let Some(left) = deadline.left() else {
                return false;
            };
            state = self.wait(state, left);
        };
        let payload = groups::with_count(self.setup.protocol, body);
        let socket = state.socket(id);
        // The peer may have to read what this one sends before it is done: not under the lock.
        drop(state);
        let frame = self.frame(&payload);
        socket.is_some_and(|mut socket| socket.write_all(&frame).is_ok())
    }

    /// Sends on the next connection that has room, waiting for one.
    pub(super) fn post_one(&self, payload: &[u8], within: Duration) -> bool {
        let deadline = Deadline::after(within);
        let mut state = self.lock();
        loop {
            if self.offer(&mut state, payload).is_some() {
                return true;
            }
            let Some(left) = deadline.left().filter(|_| !state.closed) else {
                return false;
            };
            // Nobody tells when a writer has room again.
            state = self.wait(state, left.min(Duration::from_millis(5)));
        }
    }

    /// Hands a payload to the next connection that has room, and says which.
    pub(super) fn offer(&self, state: &mut State, payload: &[u8]) -> Option<u32> {
        let mut frame = self.frame(payload);
        if self.setup.has(Fault::WrongBytes)
            && let Some(last) = frame.last_mut()
        {
            *last ^= 1;
        }
        for at in 0..state.ready.len() {
            let id = state.ready[at];
            let writer = state.writers.iter().find(|(known, _)| *known == id);
            if writer.is_some_and(|(_, writer)| writer.try_send(frame.clone()).is_ok()) {
                if !self.setup.has(Fault::SticksToOne) {
                    state.ready.remove(at);
                    state.ready.push_back(id);
                }
                if self.setup.has(Fault::SendsToEach) {
                    for (_, writer) in state.writers.iter().filter(|(known, _)| *known != id) {
                        let _full = writer.try_send(frame.clone());
                    }
                }
                return Some(id);
            }
            if self.setup.has(Fault::WaitsForSlow) {
                return None;
            }
        }
        None
    }

    /// Sends on these connections; one whose queue is full loses the message.
    pub(super) fn post_all(&self, payload: &[u8], to: impl Fn(u32) -> bool) {
        let frame = self.frame(payload);
        let state = self.lock();
        let most = match self.setup.has(Fault::SendsToOne) {
            true => 1,
            false => usize::MAX,
        };
        let chosen = state.writers.iter().filter(|(id, _)| to(*id));
        for (_, queue) in chosen.take(most) {
            // Full, or gone.
            let _lost = queue.try_send(frame.clone());
        }
    }
}
