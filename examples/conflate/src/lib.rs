//! "Latest value" publishing, as a third party would add it to spkit: `latest-pub` and `latest-sub`.
//!
//! For sensors, prices, positions: a subscriber that falls behind is not interested in what it missed. So neither end
//! queues. The publisher holds, for each peer that is busy, the newest message alone; the subscriber holds, for each
//! peer, the newest that was not received yet. What is replaced is dropped and counted.
//!
//! A program links this crate by `use example_conflate as _;` and opens the sockets by name.

use std::collections::VecDeque;

use spkit_api::{
    ContextId, Cx, DropReason, Event, Message, PipeId, Protocol, ProtocolInfo, register_protocol,
    toolkit::IdMap,
};

// Numbers from 0xf000 on are for everybody's own use (sp-protocol-ids-01 §2).
static PUB_INFO: ProtocolInfo = ProtocolInfo::new("latest-pub", 0xf000, 0xf001)
    .send_only()
    .doc("Publishes to every peer; a busy one gets the newest message when it is ready.");

static SUB_INFO: ProtocolInfo = ProtocolInfo::new("latest-sub", 0xf001, 0xf000)
    .recv_only()
    .answers_recv()
    .doc("Receives the newest message of each peer in turn.");

register_protocol!(
    /// The publisher, opened as `latest-pub`.
    pub LATEST_PUB, &PUB_INFO, || Box::new(LatestPub::default())
);
register_protocol!(
    /// The subscriber, opened as `latest-sub`.
    pub LATEST_SUB, &SUB_INFO, || Box::new(LatestSub::default())
);

/// The publisher: what each peer is still to get, if it is busy.
#[derive(Debug, Default)]
pub struct LatestPub {
    held: IdMap<PipeId, Option<Message>>,
}

impl Protocol for LatestPub {
    fn info(&self) -> &'static ProtocolInfo {
        &PUB_INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => drop(self.held.insert(added.pipe, None)),
            Event::PipeRemoved(removed) => {
                if let Some(Some(held)) = self.held.remove(&removed.pipe) {
                    cx.drop_unsent(Some(removed.pipe), held, DropReason::PipeGone);
                }
            }
            Event::PipeWritable(writable) => {
                if let Some(held @ Some(_)) = self.held.get_mut(&writable.pipe) {
                    _ = cx.try_send(writable.pipe, held);
                }
            }
            Event::Send(request) => {
                let Some(message) = request.message.take() else {
                    return;
                };
                for (pipe, held) in &mut self.held {
                    match held.replace(message.clone()) {
                        Some(older) => cx.drop_unsent(Some(*pipe), older, DropReason::QueueFull),
                        None => _ = cx.try_send(*pipe, held),
                    }
                }
                if self.held.is_empty() {
                    cx.drop_unsent(None, message, DropReason::NoPeer);
                }
            }
            _ => {}
        }
    }
}

/// The subscriber: the newest message of each peer, and whose turn it is.
#[derive(Debug, Default)]
pub struct LatestSub {
    newest: IdMap<PipeId, Message>,
    turns: VecDeque<PipeId>,
}

impl Protocol for LatestSub {
    fn info(&self) -> &'static ProtocolInfo {
        &SUB_INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::Received(received) => {
                while let Some(mut message) = received.messages.pop() {
                    // It may stay for long: let it not keep the buffer alive that it came in.
                    message.detach();
                    match self.newest.insert(received.pipe, message) {
                        Some(older) => cx.discard(older, DropReason::QueueFull),
                        None => self.turns.push_back(received.pipe),
                    }
                }
                cx.readable(ContextId::SOCKET);
            }
            Event::Recv(request) => {
                let next = self.turns.pop_front();
                *request.message = next.and_then(|pipe| self.newest.remove(&pipe));
            }
            Event::CanRecv(request) => *request.ready = Some(!self.turns.is_empty()),
            Event::PipeRemoved(removed) => {
                if let Some(message) = self.newest.remove(&removed.pipe) {
                    self.turns.retain(|pipe| *pipe != removed.pipe);
                    cx.discard(message, DropReason::PipeGone);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
