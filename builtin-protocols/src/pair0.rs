//! PAIR version 0: one peer, messages both ways.
//!
//! There is no RFC; the three older implementations agree (SP-P0). The payload is the body. A socket has
//! one peer at a time, and a further one is closed after its handshake. Without a peer, or with a slow one, sending
//! waits; nothing is dropped. When the peer goes, the next connection takes its place.

use spkit_api::{ContextId, Cx, Event, Protocol, ProtocolInfo, register_protocol};

use crate::{headerless::Headerless, only_peer::OnlyPeer};

/// What PAIR announces, and expects its peer to announce.
pub const NUMBER: u16 = 0x0010;

static INFO: ProtocolInfo = ProtocolInfo::new("pair", NUMBER, NUMBER)
    .doc("Two peers, messages both ways; a socket has one peer at a time.");

static RAW_INFO: ProtocolInfo = ProtocolInfo::new("xpair", NUMBER, NUMBER)
    .raw()
    .doc("PAIR for forwarders: there is no header to see.");

register_protocol!(
    /// PAIR version 0, opened as `pair`.
    pub PAIR0, &INFO, || Box::new(Pair0::default())
);

register_protocol!(
    /// The raw form of PAIR version 0, opened as `xpair`: the same (SP-P0-010).
    pub XPAIR0, &RAW_INFO, || Box::new(Headerless::new(&RAW_INFO, Pair0::default()))
);

/// The state machine of a PAIR socket.
#[derive(Debug, Default)]
pub struct Pair0 {
    peer: OnlyPeer,
}

impl Protocol for Pair0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            // What a refused peer sent before it was closed stays in its batch, to be dropped (SP-P0-003).
            Event::Received(received) => {
                if self.peer.is(received.pipe) {
                    cx.queue_all(ContextId::SOCKET, received.messages);
                }
            }
            Event::Send(request) => {
                if let (Some(peer), Some(message)) = (self.peer.pipe(), &mut *request.message) {
                    message.clear_header();
                    // Refused or not, the slot says so (SP-P0-007, SP-P0-008).
                    let _taken = cx.try_send(peer, request.message);
                }
            }
            other => self.peer.follow(cx, other),
        }
    }
}

#[cfg(test)]
mod tests {
    use spkit_api::{
        DropReason, ErrorKind, Message, PipeId,
        toolkit::harness::{Effect, Harness, storm},
    };

    use super::*;

    const SOCKET: ContextId = ContextId::SOCKET;

    fn pair() -> Harness<Pair0> {
        Harness::new(Pair0::default())
    }

    // SP-P0-001
    #[test]
    fn it_announces_0x10_to_0x10() {
        assert_eq!((PAIR0.info().number(), PAIR0.info().peer()), (0x10, 0x10));
    }

    // SP-P0-001, SP-P0-002, SP-P0-006, SP-P0-009, SP-P0-010
    #[test]
    fn bodies_pass_both_ways_unchanged_and_in_order() {
        let mut pair = pair();
        let peer = pair.add_pipe();
        let bodies: Vec<Vec<u8>> = (0..1000_u32).map(|n| vec![1; n as usize % 5]).collect();
        for body in &bodies {
            let mut message = Message::from(body.clone());
            message.push_back(9);
            assert!(pair.send(SOCKET, message).is_done());
            pair.receive(peer, body.clone());
        }
        assert_eq!(pair.sent(peer), bodies);
        for body in bodies {
            assert_eq!(pair.recv(SOCKET).body(), body);
        }
    }

    // SP-P0-003, H-51
    #[test]
    fn a_second_peer_is_closed_and_the_first_undisturbed() {
        let mut pair = pair();
        let first = pair.add_pipe();
        for _ in 0..100 {
            let second = pair.add_pipe();
            assert_eq!(
                pair.effects().last(),
                Some(&Effect::Close(second, ErrorKind::State))
            );
        }
        assert_eq!(pair.pipes(), [first]);
        assert!(pair.send(SOCKET, "x").is_done());
        assert_eq!(pair.sent(first), ["x"]);
        pair.receive(first, "y");
        assert_eq!(pair.recv(SOCKET).body(), "y");
    }

    // SP-P0-003
    #[test]
    fn nothing_a_refused_peer_sent_is_delivered() {
        let mut pair = pair();
        pair.add_pipe();
        let mut inbox = spkit_api::Inbox::default();
        inbox.push(Message::from("x"));
        pair.raw_event(Event::received(PipeId::from_raw(77), &mut inbox));
        assert_eq!(inbox.len(), 1, "left in the batch, which is dropped");
        assert_eq!(pair.queued(SOCKET), 0);
    }

    // SP-P0-005, SP-P0-007
    #[test]
    fn the_next_peer_gets_what_waited_for_one() {
        let mut pair = pair();
        let waiting = pair.start_send(SOCKET, "a");
        let first = pair.add_pipe();
        assert!(pair.is_done(waiting));
        pair.remove_pipe(first);
        let waiting = ["b", "c"].map(|message| pair.start_send(SOCKET, message));
        let second = pair.add_pipe();
        assert!(waiting.into_iter().all(|op| pair.is_done(op)));
        assert_eq!(pair.sent(first), ["a"]);
        assert_eq!(pair.sent(second), ["b", "c"]);
    }

    // SP-P0-008, H-52
    #[test]
    fn a_slow_peer_is_waited_for() {
        let mut pair = pair();
        let peer = pair.add_pipe();
        pair.set_room(peer, 2);
        let ops = ["a", "b", "c", "d"].map(|message| pair.start_send(SOCKET, message));
        assert_eq!(ops.map(|op| pair.is_done(op)), [true, true, false, false]);
        pair.set_room(peer, 1);
        assert_eq!(ops.map(|op| pair.is_done(op)), [true, true, true, false]);
        pair.remove_pipe(peer);
        let next = pair.add_pipe();
        assert_eq!(pair.sent(peer), ["a", "b", "c"]);
        assert_eq!(pair.sent(next), ["d"]);
        assert!(DropReason::ALL.iter().all(|why| pair.dropped(*why) == 0));
    }

    #[test]
    fn no_order_of_events_breaks_it() {
        let fresh = format!("{:?}", Pair0::default());
        storm::lawless(Pair0::default, 20_000);
        storm::lawful(Pair0::default, 20_000, |pair| {
            assert_eq!(format!("{:?}", pair.protocol()), fresh);
        });
    }
}
