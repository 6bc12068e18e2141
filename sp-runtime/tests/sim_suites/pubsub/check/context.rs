//! What one context of a subscriber may and must receive.

use bytes::Bytes;
use spkit_api::Value;
use spkit_runtime::sim::ConnectionId;

use super::super::super::{
    label,
    queue::{Limit, Queued},
};

/// A context on its way through the history.
#[derive(Debug, Default)]
pub(super) struct Context {
    subscriptions: Vec<Vec<u8>>,
    policy: Policy,
    /// Every message that it had subscribed to when it came.
    items: Vec<Item>,
    /// Places at which the policy changed when there were messages already.
    mixed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Policy {
    /// A full queue drops what would be received next.
    #[default]
    DropOldest,
    /// A full queue drops what comes.
    DropNewest,
    /// A full queue takes no more, and nothing is dropped.
    Block,
}

/// A message for the context.
#[derive(Debug)]
struct Item {
    queued: Queued,
    body: Bytes,
    policy: Policy,
    received: bool,
}

impl Context {
    pub(super) fn wants(&self, body: &[u8]) -> bool {
        let mut subscriptions = self.subscriptions.iter();
        subscriptions.any(|topic| body.starts_with(topic))
    }

    pub(super) fn set(
        &mut self,
        place: usize,
        option: &str,
        value: &Value,
        refused: bool,
    ) -> Option<String> {
        match (option, value) {
            ("subscribe", Value::Bytes(topic)) => self.subscriptions.push(topic.clone()),
            ("unsubscribe", Value::Bytes(topic)) => {
                let known = self.subscriptions.iter().position(|one| one == topic);
                if refused != known.is_none() {
                    return Some(format!("unsubscribing {} goes wrong", label(topic)));
                }
                self.subscriptions.swap_remove(known?);
                self.sift(place);
            }
            ("prefer-new", Value::Bool(new)) if self.policy != Policy::Block => {
                let policy = match new {
                    true => Policy::DropOldest,
                    false => Policy::DropNewest,
                };
                self.mixed |= policy != self.policy && !self.items.is_empty();
                self.policy = policy;
            }
            ("back-pressure", Value::Text(policy)) if policy == "block" => {
                self.policy = Policy::Block;
            }
            _ => {}
        }
        None
    }

    /// What waits and matches no more is not received.
    fn sift(&mut self, place: usize) {
        let subscriptions = &self.subscriptions;
        for item in &mut self.items {
            let wanted = subscriptions
                .iter()
                .any(|topic| item.body.starts_with(topic));
            if !wanted {
                item.queued.until.get_or_insert(place);
            }
        }
    }

    pub(super) fn arrived(&mut self, at: usize, connection: Option<ConnectionId>, body: &Bytes) {
        let queued = Queued {
            at,
            connection,
            bytes: body.len(),
            until: None,
        };
        self.items.push(Item {
            queued,
            body: body.clone(),
            policy: self.policy,
            received: false,
        });
    }

    /// What is received came, matches, is whole (SP-PS-008), and is newer than all that was received from that
    /// connection.
    pub(super) fn received(
        &mut self,
        place: usize,
        from: Option<ConnectionId>,
        body: &Bytes,
    ) -> Option<String> {
        let there = self
            .items
            .iter_mut()
            .filter(|item| item.queued.connection == from);
        let mut there: Vec<_> = there.collect();
        let last = there.iter().rposition(|item| item.received);
        let first = there.iter().position(|item| item.body == *body);
        let why = match (first, last) {
            (None, _) => "not subscribed to, or changed",
            (Some(at), Some(last)) if at == last => "twice",
            (Some(at), Some(last)) if at < last => "out of order, or twice",
            (Some(at), _) if there[at].queued.until.is_some() => "no longer subscribed to",
            (Some(at), _) => {
                there[at].received = true;
                there[at].queued.until = Some(place);
                return None;
            }
        };
        Some(format!("{why}: {}", label(body)))
    }

    /// What is lost found its queue full.
    pub(super) fn finish(&self, limit: Limit) -> Vec<String> {
        let all = self.items.iter().map(|item| &item.queued);
        let lost = self.items.iter().filter(|item| item.queued.until.is_none());
        let faults = lost.filter_map(|item| {
            let why = match item.policy {
                Policy::Block => "lost although the queue blocks",
                _ if self.mixed => return None,
                Policy::DropNewest if !limit.refuses(&item.queued, all.clone()) => {
                    "lost although the queue had room"
                }
                Policy::DropOldest if !limit.overtakes(&item.queued, all.clone()) => {
                    "lost although nothing newer needed its room"
                }
                _ => return None,
            };
            Some(format!("{why}: {}", label(&item.body)))
        });
        faults.collect()
    }
}
