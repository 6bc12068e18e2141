//! What a replier may see.

use spkit_api::ErrorKind;
use spkit_runtime::sim::OpId;

use super::{Act, Deed, Judge, reply_to};

impl Judge {
    pub(super) fn replier(&mut self, act: &Act) {
        match &act.deed {
            Deed::Received { body, .. } => self.given(act, body),
            Deed::Sent { op } => self.replied(act, *op),
            Deed::Failed { op, why } => self.replier_failed(act, *op, *why),
            Deed::Closed => self.closed.push(act.who.socket),
            _ => {}
        }
    }

    /// A request comes from somebody who sent it, as it was sent (SP-RR-002, SP-RR-024).
    fn given(&mut self, act: &Act, body: &[u8]) {
        match self.requests.get_mut(body) {
            Some(request) => request.seen += 1,
            None => self.fault(act, "a request that nobody sent", body),
        }
        self.to_answer.insert(act.who, body.to_vec());
    }

    /// One reply to each request (SP-RR-037).
    fn replied(&mut self, act: &Act, op: OpId) {
        let Some(body) = self.ops.get(&op).and_then(|op| op.sends.clone()) else {
            return;
        };
        match self.to_answer.remove(&act.who) {
            Some(request) if reply_to(&request) == body => {}
            Some(_) => self.fault(act, "the scenario gave a wrong reply", &body),
            None => self.fault(act, "a reply to nothing was accepted", &body),
        }
    }

    /// SP-RR-038
    fn replier_failed(&mut self, act: &Act, op: OpId, why: ErrorKind) {
        let closed = self.closed.contains(&act.who.socket);
        let right = match why {
            ErrorKind::Closed => closed,
            ErrorKind::State => self.is_send(op) && !self.to_answer.contains_key(&act.who),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => !self.is_send(op),
            _ => false,
        };
        if !right {
            self.fault(act, &format!("a replier's operation failed: {why:?}"), b"");
        }
    }
}
