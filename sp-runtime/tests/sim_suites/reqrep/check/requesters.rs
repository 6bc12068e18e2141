//! What a requester may see.

use std::time::Duration;

use spkit_api::{ErrorKind, Time};
use spkit_runtime::sim::OpId;

use super::{super::super::tags::answer_to, Act, Deed, Judge, Request, Stage};

impl Judge {
    pub(super) fn requester(&mut self, act: &Act, resend: Option<Duration>) {
        match &act.deed {
            Deed::Sent { op } => self.asked(act, *op),
            Deed::Received { op, body, .. } => self.answered(act, *op, body),
            Deed::Failed { op, why } if self.is_send(*op) => {
                // It is not on its way, and nothing else has changed.
                if ![ErrorKind::TimedOut, ErrorKind::WouldBlock].contains(why) {
                    self.fault(act, &format!("a send failed: {why:?}"), b"");
                }
            }
            Deed::Failed { op, why } => self.failed(act, *op, *why, resend.is_some()),
            Deed::Lost { .. } => self.losses.entry(act.who.socket).or_default().push(act.at),
            _ => {}
        }
    }

    /// A request is on its way. It cancels the one before (SP-RR-019).
    fn asked(&mut self, act: &Act, op: OpId) {
        let Some(body) = self.ops.get(&op).and_then(|op| op.sends.clone()) else {
            return;
        };
        let talk = self.talks.entry(act.who).or_default();
        let before = talk.current.replace(body.clone());
        let stage = std::mem::replace(&mut talk.stage, Stage::Asked);
        if let (Some(before), Stage::Asked) = (before, stage) {
            self.end(&before, act.at);
        }
        let receives = self.ops.values_mut().filter(|op| op.sends.is_none());
        for receive in receives.filter(|receive| receive.who == act.who) {
            receive.overtaken = true;
        }
        let request = Request {
            who: act.who,
            sent: act.at,
            ended: None,
            timed_out: false,
            seen: 0,
        };
        if self.requests.insert(body.clone(), request).is_some() {
            self.fault(act, "the scenario used a body twice", &body);
        }
    }

    /// A reply belongs to the current request, and there is one (SP-RR-016, SP-RR-018, SP-RR-019).
    fn answered(&mut self, act: &Act, op: OpId, body: &[u8]) {
        if self.ops.get(&op).is_some_and(|op| op.overtaken) {
            self.fault(act, "a receive outlived its request", body);
        }
        let talk = self.talks.entry(act.who).or_default();
        let (stage, current) = (talk.stage, talk.current.clone());
        talk.stage = Stage::Answered;
        match (stage, current) {
            (Stage::Asked, Some(current)) if answer_to(&current) == body => {
                self.end(&current, act.at);
            }
            (Stage::Asked, _) => self.fault(act, "the reply belongs to another request", body),
            (Stage::Answered, _) => self.fault(act, "a second reply", body),
            (Stage::Idle | Stage::Lost, _) => self.fault(act, "a reply to no request", body),
        }
    }

    /// A receive ends with an error only for a reason.
    fn failed(&mut self, act: &Act, op: OpId, why: ErrorKind, resends: bool) {
        let overtaken = self.ops.get(&op).is_some_and(|op| op.overtaken);
        let talk = self.talks.entry(act.who).or_default();
        let (stage, current) = (talk.stage, talk.current.clone().unwrap_or_default());
        let sent = self.requests.get(&current).map(|request| request.sent);
        let right = match why {
            ErrorKind::Canceled => overtaken,
            _ if overtaken => false,
            ErrorKind::State => matches!(stage, Stage::Idle | Stage::Answered),
            ErrorKind::TimedOut | ErrorKind::WouldBlock => stage == Stage::Asked,
            ErrorKind::ConnectionReset => {
                let losses = self.losses.get(&act.who.socket).into_iter().flatten();
                let lost = losses
                    .into_iter()
                    .any(|at| sent.is_some_and(|sent| *at >= sent));
                !resends && lost && matches!(stage, Stage::Asked | Stage::Lost)
            }
            _ => false,
        };
        if !right {
            let what = format!("a receive failed without reason: {why:?} ({stage:?})");
            self.fault(act, &what, &current);
        }
        match why {
            ErrorKind::TimedOut => {
                if let Some(request) = self.requests.get_mut(&current) {
                    request.timed_out = true;
                }
            }
            ErrorKind::ConnectionReset => {
                self.end(&current, act.at);
                self.talks.entry(act.who).or_default().stage = Stage::Lost;
            }
            _ => {}
        }
    }

    fn end(&mut self, body: &[u8], at: Time) {
        if let Some(request) = self.requests.get_mut(body) {
            request.ended.get_or_insert(at);
        }
    }
}
