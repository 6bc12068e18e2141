//! SUB without its selection: what a device forwards (SP-DV-013).

use spkit_api::{ProtocolInfo, register_protocol};

use super::NUMBER;
use crate::{headerless::Headerless, pub0, pull0::Pull0};

static INFO: ProtocolInfo = ProtocolInfo::new("xsub", NUMBER, pub0::NUMBER)
    .recv_only()
    .raw()
    .doc("The receiving end of publish/subscribe, raw: every message of all peers, merged.");

register_protocol!(
    /// SUB version 0, raw, opened as `xsub`.
    ///
    /// It needs no subscription and selects nothing (as in nng and mangos; nanomsg's does, D-24): it does what PULL
    /// does, so a slow reader is felt by the publishers.
    pub XSUB0, &INFO, || Box::new(Headerless::new(&INFO, Pull0))
);

#[cfg(test)]
mod tests {
    use spkit_api::{ContextId, Message, toolkit::harness::Harness};

    use super::*;

    // SP-DV-013
    #[test]
    fn everything_comes_unchanged_without_a_subscription() {
        let info = XSUB0.info();
        assert_eq!((info.number(), info.peer()), (0x21, 0x20));
        assert!(info.is_raw() && info.can_recv() && !info.can_send());
        let mut sub = Harness::new(XSUB0.build());
        let pipe = sub.add_pipe();
        sub.receive_batch(pipe, ["news|hi", "", "weather"].map(Message::from));
        for body in ["news|hi", "", "weather"] {
            assert_eq!(sub.recv(ContextId::SOCKET).body(), body);
        }
        assert!(sub.recv(ContextId::SOCKET).waits());
    }
}
