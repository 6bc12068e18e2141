//! Raw forms of protocols that have no header.

use spkit_api::{Cx, Event, Protocol, ProtocolInfo};

/// A cooked machine under its raw name: without a header there is nothing to hand to the application.
#[derive(Debug)]
pub(crate) struct Headerless<P> {
    info: &'static ProtocolInfo,
    cooked: P,
}

impl<P> Headerless<P> {
    pub(crate) fn new(info: &'static ProtocolInfo, cooked: P) -> Self {
        Self { info, cooked }
    }
}

impl<P: Protocol> Protocol for Headerless<P> {
    fn info(&self) -> &'static ProtocolInfo {
        self.info
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        self.cooked.on_event(cx, event);
    }
}

#[cfg(test)]
mod tests {
    use spkit_api::{
        ContextId, Message,
        toolkit::harness::{Harness, Outcome},
    };

    use crate::{pair0::XPAIR0, pub0::XPUB0, pull0::XPULL0, push0::XPUSH0, sub0::XSUB0};

    const SOCKET: ContextId = ContextId::SOCKET;

    // SP-P0-010, SP-DV-013, SP-DV-014
    #[test]
    fn bodies_pass_a_device_unchanged_and_nothing_is_put_in_front() {
        for (from, to) in [(&XPULL0, &XPUSH0), (&XPAIR0, &XPAIR0), (&XSUB0, &XPUB0)] {
            assert!(from.info().is_raw() && to.info().is_raw());
            let mut inward = Harness::new(from.build());
            let mut outward = Harness::new(to.build());
            let [source, sink] = [inward.add_pipe(), outward.add_pipe()];
            for body in ["hello", ""] {
                inward.receive(source, body);
                let Outcome::Done(Some(message)) = inward.recv(SOCKET) else {
                    panic!("nothing received");
                };
                assert!(!message.has_header());
                assert!(outward.send(SOCKET, message).is_done());
            }
            let mut message = Message::from("x");
            message.push_back(7);
            assert!(outward.send(SOCKET, message).is_done());
            assert_eq!(outward.sent(sink), ["hello", "", "x"]);
        }
    }
}
