//! What a REQ does: one request under way, sent again when its time is over or its connection is lost.

use std::{sync::Arc, thread, time::Duration};

use super::{
    Fault,
    hub::{Hub, Received, State},
};
use crate::pace::Deadline;

/// A request that waits for its reply.
#[derive(Debug)]
pub(super) struct Request {
    tag: u32,
    body: Vec<u8>,
    /// The connection it went over last, if that is there.
    pub(super) over: Option<u32>,
    due: Deadline,
}

impl Hub {
    /// Sends a request to the next peer, waiting for one.
    pub(super) fn ask(&self, body: &[u8], within: Duration) -> bool {
        let deadline = Deadline::after(within);
        let mut state = self.lock();
        while state.ready.is_empty() {
            let Some(left) = deadline.left() else {
                return false;
            };
            state = self.wait(state, left);
        }
        let keeps = self.setup.has(Fault::KeepsOldRequest);
        if !keeps {
            state.requests.clear();
        }
        state.inbox.clear();
        let tag = match self.setup.has(Fault::SameTag) {
            true => 0x8000_0000 | state.next_tag,
            false => state.new_tag(),
        };
        state.requests.push(Request {
            tag,
            body: body.to_vec(),
            over: None,
            due: self.next_due(),
        });
        self.ask_again(&mut state, |request| request.over.is_none());
        true
    }

    fn next_due(&self) -> Deadline {
        Deadline::after(match () {
            () if self.setup.has(Fault::NeverResends) => Duration::from_secs(3600),
            () if self.setup.has(Fault::ResendsEarly) => self.setup.resend / 4,
            () => self.setup.resend,
        })
    }

    /// Sends those requests once more, or for the first time.
    pub(super) fn ask_again(&self, state: &mut State, which: impl Fn(&Request) -> bool) {
        let mut requests = std::mem::take(&mut state.requests);
        for request in requests.iter_mut().filter(|request| which(request)) {
            if request.over.is_some() && self.setup.has(Fault::ResendsAnew) {
                request.tag = state.new_tag();
            }
            let payload = [&request.tag.to_be_bytes(), &request.body[..]].concat();
            request.over = self.offer(state, &payload);
            request.due = self.next_due();
        }
        state.requests = requests;
    }

    /// A connection is gone: what went over it goes elsewhere.
    pub(super) fn lost(&self, state: &mut State, id: u32) {
        if !self.setup.has(Fault::NoFailover) {
            self.ask_again(state, |request| request.over == Some(id));
        }
    }

    /// A reply came, or what pretends to be one.
    pub(super) fn answered(&self, state: &mut State, id: u32, payload: Vec<u8>) {
        let Some((tag, body)) = payload.split_first_chunk() else {
            return self.threw_away(state);
        };
        let tag = u32::from_be_bytes(*tag);
        let any = self.setup.has(Fault::TakesAnyAnswer);
        let only_there = self.setup.has(Fault::OnlyAskedMayAnswer);
        let fits = |request: &Request| {
            (any || request.tag == tag) && !(only_there && request.over != Some(id))
        };
        let at = state.requests.iter().position(fits);
        let lost = body.is_empty() && self.setup.has(Fault::LosesEmptyBodies);
        if (at.is_none() && !any) || lost {
            return self.threw_away(state);
        }
        if let Some(at) = at {
            state.requests.remove(at);
        }
        state.inbox.push_back(Received {
            body: body.to_vec(),
            way_back: None,
        });
        self.changed();
    }
}

/// Sends again what is due, until the endpoint is closed.
pub(super) fn keep_asking(hub: &Arc<Hub>) {
    let hub = Arc::downgrade(hub);
    thread::spawn(move || {
        while let Some(hub) = hub.upgrade().filter(|hub| !hub.is_closed()) {
            hub.ask_again(&mut hub.lock(), |request| request.due.is_over());
            drop(hub);
            thread::park_timeout(Duration::from_millis(5));
        }
    });
}
