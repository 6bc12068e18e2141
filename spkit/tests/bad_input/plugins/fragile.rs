//! A protocol that panics when it is told to: like PAIR otherwise.

use spkit::api::{
    ContextId, Cx, Event, Message, PipeId, Protocol, ProtocolInfo, TimerId, register_protocol,
};

static INFO: ProtocolInfo = ProtocolInfo::new("fragile", 0xf100, 0xf100).answers_recv();
static STILLBORN: ProtocolInfo = ProtocolInfo::new("stillborn", 0xf110, 0xf110);

register_protocol!(FRAGILE, &INFO, || Box::new(Fragile::default()));
register_protocol!(NEVER, &STILLBORN, || panic!("stillborn"));

#[derive(Debug, Default)]
struct Fragile {
    peer: Option<PipeId>,
    armed: Option<Trap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trap {
    Added,
    Closing,
    Drop,
}

/// What a message does to it.
fn panics(message: Option<&Message>, at: &str) {
    let says = |message: &Message| message.body() == format!("panic: {at}").as_bytes();
    assert!(!message.is_some_and(says), "fragile: {at}");
}

impl Fragile {
    fn spring(&self, trap: Trap) {
        assert_ne!(self.armed, Some(trap), "fragile");
    }
}

impl Protocol for Fragile {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => {
                self.spring(Trap::Added);
                self.peer = Some(added.pipe);
                cx.writable(ContextId::SOCKET);
            }
            Event::Send(request) => {
                panics(request.message.as_ref(), "send");
                let body = request.message.as_ref().map_or(&[][..], Message::body);
                match body {
                    b"panic: timer" => cx.set_timer(TimerId(1), std::time::Duration::ZERO),
                    b"arm: added" => self.armed = Some(Trap::Added),
                    b"arm: closing" => self.armed = Some(Trap::Closing),
                    b"arm: drop" => self.armed = Some(Trap::Drop),
                    _ => {}
                }
                if let Some(peer) = self.peer {
                    let _ = cx.try_send(peer, request.message);
                }
            }
            Event::Received(received) => {
                panics(received.messages.peek(), "received");
                cx.queue_all(ContextId::SOCKET, received.messages);
            }
            Event::Recv(request) => {
                *request.message = cx.dequeue(request.context);
                panics(request.message.as_ref(), "recv");
            }
            Event::Timer(_) => panic!("fragile: timer"),
            Event::Closing => self.spring(Trap::Closing),
            _ => {}
        }
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        self.spring(Trap::Drop);
    }
}
