//! The raw form of BUS: what a forwarding node is made of.

use spkit_api::{
    ContextId, Cx, Event, PipeId, Protocol, ProtocolInfo, protocol::Received, register_protocol,
};

use super::{Bus0, NUMBER};

static INFO: ProtocolInfo = ProtocolInfo::new("xbus", NUMBER, NUMBER)
    .raw()
    .local_header()
    .doc("BUS for forwarders: a message sent as it was received goes to all peers but its sender.");

register_protocol!(
    /// The raw form of BUS version 0, opened as `xbus`.
    ///
    /// The header of a received message is one word, the number of the pipe it came over. A message sent with such a
    /// header goes to every peer but that one, without a header to every peer: so who sends back what it receives joins
    /// its peers to one bus. There is no hop count, and nothing ends a message that goes in circles.
    ///
    /// Pipes are named within their socket: a message that is to go out over another socket must lose its header first.
    pub XBUS0, &INFO, || Box::new(XBus0::default())
);

/// The state machine of a raw BUS socket.
#[derive(Debug, Default)]
pub struct XBus0 {
    bus: Bus0,
}

impl Protocol for XBus0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::Received(received) => name_the_source(cx, received),
            Event::Send(request) => {
                let header = request.message.as_ref().map(|sent| sent.header_words());
                let source = header.and_then(|words| words.first());
                let source = source.map(|raw| PipeId::from_raw(*raw));
                self.bus.send(cx, request, source);
            }
            other => self.bus.on_event(cx, other),
        }
    }
}

/// SP-BU-007
fn name_the_source(cx: &mut Cx<'_>, received: Received<'_>) {
    while let Some(mut message) = received.messages.pop() {
        message.push_back(received.pipe.raw());
        cx.queue(ContextId::SOCKET, message);
    }
}
