//! Judges a history by the requirements SP-RR. Knows nothing of how the protocols work.
//!
//! A request is known by its body, which no other request has; its reply is `re:` and that body.

mod requesters;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use spkit_api::{ErrorKind, Time};
use spkit_runtime::sim::{At, OpId, SocketId};

use super::{
    super::{
        history::{Act, Deed, History},
        label,
    },
    Roles,
};

/// How late an operation may be told that its time is over.
const LATE: Duration = Duration::from_secs(1);

/// What is wrong with a history.
pub(crate) fn check(history: &History, roles: &Roles) -> Vec<String> {
    let mut judge = Judge::default();
    for act in &history.acts {
        let fault = judge.operation(act);
        judge.faults.extend(fault);
        let socket = &act.who.socket;
        if let Some(resend) = roles.requesters.get(socket) {
            judge.requester(act, *resend);
        } else if roles.repliers.contains(socket) {
            judge.given(act);
        }
        judge.forget(act);
    }
    judge.finish(history, roles);
    judge.faults
}

#[derive(Default)]
struct Judge {
    faults: Vec<String>,
    /// Operations that did not end yet.
    ops: BTreeMap<OpId, Op>,
    /// What each requester's context is about.
    talks: BTreeMap<At, Talk>,
    requests: BTreeMap<Vec<u8>, Request>,
    /// When each socket lost a connection.
    losses: BTreeMap<SocketId, Vec<Time>>,
}

struct Op {
    who: At,
    began: Time,
    within: Option<Duration>,
    /// What it sends, if it does.
    sends: Option<Vec<u8>>,
    /// A new request was sent while it waited for the reply to an old one.
    overtaken: bool,
}

#[derive(Default)]
struct Talk {
    current: Option<Vec<u8>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    Asked,
    Answered,
    Lost,
}

struct Request {
    who: At,
    sent: Time,
    /// Answered, canceled, or lost.
    ended: Option<Time>,
    /// A receive for it timed out.
    timed_out: bool,
    /// How often a replier was given it.
    seen: usize,
}

impl Judge {
    fn fault(&mut self, act: &Act, what: &str, body: &[u8]) {
        let seconds = act.at.as_nanos() as f64 / 1e9;
        let text = format!("{seconds:.9} {:?}: {what} ({})", act.who, label(body));
        self.faults.push(text);
    }

    /// What holds for any operation: it ends once, and in time.
    fn operation(&mut self, act: &Act) -> Option<String> {
        let (op, why) = match &act.deed {
            Deed::Sends {
                op, body, within, ..
            } => {
                self.begin(act, *op, *within, Some(body.to_vec()));
                return None;
            }
            Deed::Receives { op, within } => {
                self.begin(act, *op, *within, None);
                return None;
            }
            Deed::Sent { op } | Deed::Received { op, .. } | Deed::GivenUp { op } => (op, None),
            Deed::Failed { op, why } => (op, Some(*why)),
            _ => return None,
        };
        let Some(state) = self.ops.get(op) else {
            return Some(format!("{op} ended and had not begun, or ended twice"));
        };
        let within = state.within?;
        let due = state.began + within;
        if why == Some(ErrorKind::TimedOut) && act.at < due {
            return Some(format!("{op} timed out early"));
        }
        (act.at > due + LATE).then(|| format!("{op} ended long after its time was over"))
    }

    fn begin(&mut self, act: &Act, op: OpId, within: Option<Duration>, sends: Option<Vec<u8>>) {
        let state = Op {
            who: act.who,
            began: act.at,
            within,
            sends,
            overtaken: false,
        };
        self.ops.insert(op, state);
    }

    /// A request comes from somebody who sent it, as it was sent (SP-RR-002, SP-RR-024).
    fn given(&mut self, act: &Act) {
        if let Deed::Received { body, .. } = &act.deed {
            match self.requests.get_mut(&body[..]) {
                Some(request) => request.seen += 1,
                None => self.fault(act, "a request that nobody sent", body),
            }
        }
    }

    /// An operation that ended has been judged.
    fn forget(&mut self, act: &Act) {
        if let Deed::Sent { op }
        | Deed::Received { op, .. }
        | Deed::Failed { op, .. }
        | Deed::GivenUp { op } = &act.deed
        {
            self.ops.remove(op);
        }
    }

    fn is_send(&self, op: OpId) -> bool {
        self.ops.get(&op).is_some_and(|op| op.sends.is_some())
    }

    /// What can only be said at the end.
    fn finish(&mut self, history: &History, roles: &Roles) {
        for (op, state) in &self.ops {
            if roles.requesters.contains_key(&state.who.socket) {
                let who = state.who;
                self.faults.push(format!("{op} of {who:?} never ended"));
            }
        }
        let end = history
            .acts
            .last()
            .map_or(Time::from_nanos(0), |act| act.at);
        for (body, request) in &self.requests {
            let name = label(body);
            if request.ended.is_none() && !request.timed_out {
                self.faults
                    .push(format!("request {name} has neither a reply nor an error"));
            }
            let resend = roles.requesters.get(&request.who.socket).copied();
            let losses = self.losses.get(&request.who.socket);
            let most = request.most(resend.flatten(), losses.map_or(&[], Vec::as_slice), end);
            if request.seen > most {
                let seen = request.seen;
                self.faults.push(format!(
                    "request {name} was seen {seen} times, {most} at most"
                ));
            }
        }
    }
}

impl Request {
    /// How often it can have been sent: once, once more for each connection lost, and after each interval.
    fn most(&self, resend: Option<Duration>, losses: &[Time], end: Time) -> usize {
        let Some(resend) = resend else {
            return 1;
        };
        let end = self.ended.unwrap_or(end);
        let lost = losses.iter().filter(|at| (self.sent..=end).contains(at));
        let intervals = end.since(self.sent).as_nanos() / resend.as_nanos().max(1);
        1 + lost.count() + intervals as usize
    }
}
