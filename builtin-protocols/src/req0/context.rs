//! One conversation of a REQ socket: its request under way, and when that is due again.

use spkit_api::{ContextId, Cx, Error, Message, PipeId, Time};

use super::policy::Policy;
use crate::asking::timer_of;

/// A context's state.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) policy: Policy,
    /// Whether this context's timer is set. It is not taken back with each reply: when it fires it looks what is due.
    pub(super) ticking: bool,
    pub(super) stage: Stage,
}

#[derive(Debug, Default)]
pub(super) enum Stage {
    /// Nothing was asked.
    #[default]
    Idle,
    /// A reply is awaited.
    Asked(Request),
    /// The reply is queued.
    Answered,
    /// The request was given up, for this reason.
    Failed(Error),
}

/// A request that a peer took, and nobody answered.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: u32,
    /// As it goes over the wire, id in front.
    pub(super) message: Message,
    /// Over which pipe it went last. That pipe may be gone while the request waits for another.
    pub(super) pipe: PipeId,
    /// When it went out last.
    pub(super) sent: Time,
    /// How often it went out.
    pub(super) attempts: u32,
}

impl Context {
    /// One that has nothing under way yet.
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    pub(super) fn request(&mut self) -> Option<&mut Request> {
        match &mut self.stage {
            Stage::Asked(request) => Some(request),
            _ => None,
        }
    }

    /// Whether its request went over this pipe last.
    pub(super) fn went_over(&self, pipe: PipeId) -> bool {
        matches!(&self.stage, Stage::Asked(request) if request.pipe == pipe)
    }

    /// Sees to it that the timer fires by the time a request sent now is due again.
    pub(super) fn tick(&mut self, cx: &mut Cx<'_>, whose: ContextId) {
        if let (false, Some(interval)) = (self.ticking, self.policy.interval()) {
            self.ticking = true;
            cx.set_timer(timer_of(whose), interval);
        }
    }

    /// Takes the timer back.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>, whose: ContextId) {
        if std::mem::take(&mut self.ticking) {
            cx.clear_timer(timer_of(whose));
        }
    }
}
