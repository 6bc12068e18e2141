//! Polyamorous PAIR version 1: many peers, each message to one of them.
//!
//! Only nng has it (SP-PP), and on the wire it is [`pair1`](super): a peer cannot tell. A received message
//! says by [`Message::pipe`](spkit_api::Message::pipe) which peer sent it. A message with a pipe goes to that peer, so
//! sending back what was received answers it; if the peer is gone, or has no room, the message is dropped and counted,
//! since waiting for one peer would hold up the others. A message without a pipe goes to any peer that has room, those of
//! the lowest `send-priority` first and in turn, and waits for one.
//!
//! Pipes are named within their socket: a message that came over another socket must lose its pipe first
//! ([`Message::set_pipe`](spkit_api::Message::set_pipe)).

use spkit_api::{
    Cx, DropReason, Event, PipeId, Protocol, ProtocolInfo, protocol::SendRequest, register_protocol,
};

use super::{FIRST, NUMBER, OPTIONS, deliver};
use crate::{
    hops::{self, DEFAULT_TTL},
    ranks::Ranks,
};

static INFO: ProtocolInfo = ProtocolInfo::new("pair1-poly", NUMBER, NUMBER)
    .with_options(OPTIONS)
    .doc("Many peers, messages both ways: each is sent to the peer it names, or to any.");

register_protocol!(
    /// Polyamorous PAIR version 1, opened as `pair1-poly`.
    pub PAIR1_POLY, &INFO, || Box::new(Pair1Poly::default())
);

/// The state machine of a polyamorous PAIR version 1 socket.
#[derive(Debug)]
pub struct Pair1Poly {
    ttl: u8,
    peers: Ranks,
}

impl Default for Pair1Poly {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            peers: Ranks::default(),
        }
    }
}

impl Protocol for Pair1Poly {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::Received(received) => {
                let pipe = received.pipe;
                // A peer that was closed has nothing to say any more.
                if self.peers.contains(pipe) && !deliver(cx, received, self.ttl, false) {
                    // SP-PP-005
                    self.peers.remove(pipe);
                }
            }
            Event::Send(request) => self.send(cx, request),
            Event::OptionSet(set) => self.ttl = hops::ttl_of(&set).unwrap_or(self.ttl),
            other => self.peers.follow(cx, other),
        }
    }
}

impl Pair1Poly {
    fn send(&mut self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(message) = request.message else {
            return;
        };
        let chosen = message.pipe();
        hops::put(message, FIRST);
        match chosen {
            Some(pipe) => self.send_to(cx, pipe, request),
            None => {
                self.peers.offer(cx, request.message);
                if let Some(message) = request.message {
                    message.clear_header();
                }
            }
        }
    }

    /// SP-PP-003, SP-PP-004
    fn send_to(&self, cx: &mut Cx<'_>, pipe: PipeId, request: SendRequest<'_>) {
        let is_there = self.peers.contains(pipe);
        if is_there && cx.try_send(pipe, request.message) {
            return;
        }
        if let Some(message) = request.message.take() {
            let why = match is_there {
                true => DropReason::QueueFull,
                false => DropReason::PipeGone,
            };
            cx.drop_unsent(Some(pipe), message, why);
        }
    }
}

#[cfg(test)]
mod tests;
