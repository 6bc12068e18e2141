//! PUSH version 0: the sending end of a pipeline.
//!
//! There is no RFC; the three older implementations agree (SP-PL). The payload is the body. Each message
//! goes to exactly one PULL: those that have room, in turn. Without one, sending waits; nothing is dropped. What a PULL
//! sends against the rules does no harm: it is dropped and counted.
//!
//! An endpoint's `send-priority` ranks its peers: a message goes to one of the lowest number that has any room at all.

use spkit_api::{Cx, Event, Protocol, ProtocolInfo, register_protocol};

use crate::{headerless::Headerless, pull0, ranks::Ranks};

/// What PUSH announces.
pub const NUMBER: u16 = 0x0050;

static INFO: ProtocolInfo = ProtocolInfo::new("push", NUMBER, pull0::NUMBER)
    .send_only()
    .doc("The sending end of a pipeline: each message goes to one peer, in turn.");

static RAW_INFO: ProtocolInfo = ProtocolInfo::new("xpush", NUMBER, pull0::NUMBER)
    .send_only()
    .raw()
    .doc("PUSH for forwarders: there is no header to see.");

register_protocol!(
    /// PUSH version 0, opened as `push`.
    pub PUSH0, &INFO, || Box::new(Push0::default())
);

register_protocol!(
    /// The raw form of PUSH version 0, opened as `xpush`: the same.
    pub XPUSH0, &RAW_INFO, || Box::new(Headerless::new(&RAW_INFO, Push0::default()))
);

/// The state machine of a PUSH socket.
#[derive(Debug, Default)]
pub struct Push0 {
    pipes: Ranks,
}

impl Protocol for Push0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::Send(request) => {
                if let Some(message) = request.message {
                    message.clear_header();
                }
                // SP-PL-003..005: one peer, in turn; if all are full the slot stays as it is.
                self.pipes.offer(cx, request.message);
            }
            // SP-PL-009: what was received stays in its batch, which drops and counts it.
            other => self.pipes.follow(cx, other),
        }
    }
}

#[cfg(test)]
mod tests {
    use spkit_api::{
        ContextId, DropReason, Message, PipeFacts,
        toolkit::harness::{Harness, storm},
    };

    use super::*;

    const SOCKET: ContextId = ContextId::SOCKET;

    fn push() -> Harness<Push0> {
        Harness::new(Push0::default())
    }

    // SP-PL-001
    #[test]
    fn it_announces_0x50_to_0x51_and_only_sends() {
        let info = PUSH0.info();
        assert_eq!((info.number(), info.peer()), (0x50, 0x51));
        assert!(info.can_send() && !info.can_recv());
    }

    // SP-PL-002, SP-PL-003, SP-PL-004, SP-PL-011
    #[test]
    fn each_message_goes_to_one_peer_in_turn_without_a_header() {
        let mut push = push();
        let pipes = [push.add_pipe(), push.add_pipe(), push.add_pipe()];
        for n in 0..30_u8 {
            let mut message = Message::from(vec![n]);
            message.push_back(7);
            assert!(push.send(SOCKET, message).is_done());
        }
        assert!(push.send(SOCKET, "").is_done());
        for (at, pipe) in (0..).zip(pipes) {
            let mut turns: Vec<_> = (0..10).map(|round| vec![3 * round + at]).collect();
            if at == 0 {
                turns.push(vec![]);
            }
            assert_eq!(push.sent(pipe), turns);
        }
    }

    // SP-PL-004, SP-RR-054
    #[test]
    fn those_of_a_worse_rank_wait_until_the_better_are_full() {
        let mut push = push();
        let [spare, second, first] = [16, 8, 1].map(|priority| {
            let mut facts = PipeFacts::new(pull0::NUMBER);
            facts.send_priority = priority;
            push.add_pipe_with(&facts)
        });
        let third = push.add_pipe();
        push.set_room(first, 2);
        push.set_room(third, 1);
        push.set_room(second, 2);
        for message in ["a", "b", "c", "d", "e", "f"] {
            assert!(push.send(SOCKET, message).is_done());
        }
        assert_eq!(push.sent(first), ["a", "b"]);
        assert_eq!(push.sent(second), ["c", "e"]);
        assert_eq!(push.sent(third), ["d"], "in turn with its equals");
        assert_eq!(push.sent(spare), ["f"]);
        push.set_room(first, 1);
        push.remove_pipe(second);
        for message in ["g", "h"] {
            assert!(push.send(SOCKET, message).is_done());
        }
        assert_eq!(push.sent(first), ["g"]);
        assert_eq!(push.sent(spare), ["h"]);
        push.remove_pipe(first);
        push.set_room(third, 1);
        assert!(push.send(SOCKET, "i").is_done());
        assert_eq!(push.sent(third), ["i"]);
    }

    // SP-PL-004
    #[test]
    fn a_full_peer_is_passed_over_until_it_has_room() {
        let mut push = push();
        let [slow, fast] = [push.add_pipe(), push.add_pipe()];
        push.set_room(slow, 1);
        for message in ["a", "b", "c", "d"] {
            assert!(push.send(SOCKET, message).is_done());
        }
        push.set_room(slow, 5);
        for message in ["e", "f"] {
            assert!(push.send(SOCKET, message).is_done());
        }
        assert_eq!(push.sent(slow), ["a", "f"]);
        assert_eq!(push.sent(fast), ["b", "c", "d", "e"]);
    }

    // SP-PL-005
    #[test]
    fn without_a_peer_sending_waits_and_keeps_its_order() {
        let mut push = push();
        let waiting = ["a", "b"].map(|message| push.start_send(SOCKET, message));
        assert!(!push.is_done(waiting[0]));
        let pipe = push.add_pipe();
        assert!(waiting.into_iter().all(|op| push.is_done(op)));
        assert_eq!(push.sent(pipe), ["a", "b"]);
    }

    // SP-PL-005
    #[test]
    fn with_every_peer_full_sending_waits_for_room() {
        let mut push = push();
        let pipe = push.add_pipe();
        push.set_room(pipe, 1);
        push.start_send(SOCKET, "a");
        let waiting = ["b", "c"].map(|message| push.start_send(SOCKET, message));
        push.set_room(pipe, 1);
        assert!(push.is_done(waiting[0]) && !push.is_done(waiting[1]));
        push.set_room(pipe, 1);
        assert_eq!(push.sent(pipe), ["a", "b", "c"]);
    }

    // SP-PL-010
    #[test]
    fn a_lost_peer_takes_only_what_it_was_given() {
        let mut push = push();
        let [first, second] = [push.add_pipe(), push.add_pipe()];
        assert!(push.send(SOCKET, "a").is_done());
        push.remove_pipe(first);
        assert!(push.send(SOCKET, "b").is_done());
        assert!(push.send(SOCKET, "c").is_done());
        assert_eq!(push.sent(first), ["a"]);
        assert_eq!(push.sent(second), ["b", "c"]);
    }

    // SP-PL-009, H-47
    #[test]
    fn what_a_pull_sends_is_dropped_and_counted() {
        let mut push = push();
        let pipe = push.add_pipe();
        push.receive_batch(pipe, ["x", "y", "z"].map(Message::from));
        assert_eq!(push.dropped(DropReason::Ignored), 3);
        assert!(push.send(SOCKET, "a").is_done());
        assert_eq!(push.sent(pipe), ["a"]);
    }

    #[test]
    fn no_order_of_events_breaks_it() {
        let fresh = format!("{:?}", Push0::default());
        storm::lawless(Push0::default, 20_000);
        storm::lawful(Push0::default, 20_000, |push| {
            assert_eq!(format!("{:?}", push.protocol()), fresh);
        });
    }
}
