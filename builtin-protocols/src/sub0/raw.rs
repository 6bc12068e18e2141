//! SUB without its selection: what a device forwards (SP-DV-013).

use spkit_api::{ContextId, Cx, Event, Protocol, ProtocolInfo, register_protocol};

use super::NUMBER;
use crate::pub0;

static INFO: ProtocolInfo = ProtocolInfo::new("xsub", NUMBER, pub0::NUMBER)
    .recv_only()
    .raw()
    .doc("The receiving end of publish/subscribe, raw: every message of all peers, merged.");

register_protocol!(
    /// SUB version 0, raw, opened as `xsub`.
    pub XSUB0, &INFO, || Box::new(Xsub0)
);

/// The state machine of a raw SUB socket, which has no state: it needs no subscription, and selects nothing (as in nng
/// and mangos; nanomsg's does, D-24). A slow reader is felt by the publishers.
#[derive(Debug, Default)]
pub struct Xsub0;

impl Protocol for Xsub0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        if let Event::Received(received) = event {
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

    // SP-DV-013
    #[test]
    fn everything_comes_unchanged_without_a_subscription() {
        let info = XSUB0.info();
        assert_eq!((info.number(), info.peer()), (0x21, 0x20));
        assert!(info.is_raw() && info.can_recv() && !info.can_send());
        let mut sub = Harness::new(Xsub0);
        let pipe = sub.add_pipe();
        sub.receive_batch(pipe, ["news|hi", "", "weather"].map(Message::from));
        for body in ["news|hi", "", "weather"] {
            assert_eq!(sub.recv(ContextId::SOCKET).body(), body);
        }
        assert!(sub.recv(ContextId::SOCKET).waits());
    }

    #[test]
    fn no_order_of_events_breaks_it() {
        storm::lawless(Xsub0::default, 20_000);
        storm::lawful(Xsub0::default, 20_000, drop);
    }
}
