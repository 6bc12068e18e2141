//! PULL version 0: the receiving end of a pipeline.
//!
//! There is no RFC; the three older implementations agree (SP-PL). The payload is the body. Messages of all
//! PUSH peers are merged, none of them starves, and a slow reader is felt by the senders instead of losing messages:
//! the runtime's receive queue does both. PULL sends nothing.

use spkit_api::{ContextId, Cx, Event, Protocol, ProtocolInfo, register_protocol};

use crate::{headerless::Headerless, push0};

/// What PULL announces.
pub const NUMBER: u16 = 0x0051;

static INFO: ProtocolInfo = ProtocolInfo::new("pull", NUMBER, push0::NUMBER)
    .recv_only()
    .doc("The receiving end of a pipeline: the messages of all peers, merged.");

static RAW_INFO: ProtocolInfo = ProtocolInfo::new("xpull", NUMBER, push0::NUMBER)
    .recv_only()
    .raw()
    .doc("PULL for forwarders: there is no header to see.");

register_protocol!(
    /// PULL version 0, opened as `pull`.
    pub PULL0, &INFO, || Box::new(Pull0)
);

register_protocol!(
    /// The raw form of PULL version 0, opened as `xpull`: the same.
    pub XPULL0, &RAW_INFO, || Box::new(Headerless::new(&RAW_INFO, Pull0))
);

/// The state machine of a PULL socket, which has no state.
#[derive(Debug, Default)]
pub struct Pull0;

impl Protocol for Pull0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        if let Event::Received(received) = event {
            // SP-PL-007, SP-PL-012
            cx.queue_all(ContextId::SOCKET, received.messages);
        }
    }
}

#[cfg(test)]
mod tests {
    use spkit_api::{
        Message,
        toolkit::harness::{Harness, storm},
    };

    use super::*;

    const SOCKET: ContextId = ContextId::SOCKET;

    // SP-PL-001, SP-PL-008
    #[test]
    fn it_announces_0x51_to_0x50_and_only_receives() {
        let info = PULL0.info();
        assert_eq!((info.number(), info.peer()), (0x51, 0x50));
        assert!(info.can_recv() && !info.can_send() && !info.wants_recv());
    }

    // SP-PL-002, SP-PL-011
    #[test]
    fn the_payload_is_the_body_however_it_came() {
        let mut pull = Harness::new(Pull0);
        let pipe = pull.add_pipe();
        let mut from_within = Message::from("x");
        from_within.push_back(0x8000_0001);
        pull.receive_batch(pipe, [Message::from("abc"), Message::new(), from_within]);
        assert_eq!(pull.recv(SOCKET).body(), "abc");
        assert_eq!(pull.recv(SOCKET).body(), "");
        assert_eq!(pull.recv(SOCKET).body(), &b"\x80\0\0\x01x"[..]);
        assert!(pull.recv(SOCKET).waits());
    }

    // SP-PL-007
    #[test]
    fn a_flood_from_one_peer_does_not_starve_another() {
        let mut pull = Harness::new(Pull0);
        let [flood, quiet] = [pull.add_pipe(), pull.add_pipe()];
        pull.receive_batch(flood, (0..10_000).map(|_| Message::from("flood")));
        pull.receive(quiet, "quiet");
        let first_two = [pull.recv(SOCKET).body(), pull.recv(SOCKET).body()];
        assert!(first_two.contains(&"quiet".into()));
        assert_eq!(pull.queued(SOCKET), 9_999);
    }

    #[test]
    fn no_order_of_events_breaks_it() {
        storm::lawless(Pull0::default, 20_000);
        storm::lawful(Pull0::default, 20_000, drop);
    }
}
