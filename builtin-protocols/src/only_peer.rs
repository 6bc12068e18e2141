//! The peer of a socket that has one at a time.

use spkit_api::{ContextId, Cx, ErrorKind, Event, PipeId};

/// The peer, if one is there. A further one is closed; when the peer goes, the next connection takes its place
/// (SP-P0-003, SP-P0-005, SP-P1-009).
#[derive(Debug, Default)]
pub(crate) struct OnlyPeer(Option<PipeId>);

impl OnlyPeer {
    /// Follows the pipes as they come and go, lets those who wait for the peer's room try again, and knows whether there
    /// is some.
    pub(crate) fn follow(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) if self.0.is_some() => cx.close(added.pipe, ErrorKind::State),
            Event::PipeAdded(added) => {
                self.0 = Some(added.pipe);
                cx.writable(ContextId::SOCKET);
            }
            Event::PipeRemoved(removed) if self.is(removed.pipe) => self.forget(),
            Event::PipeWritable(writable) if self.is(writable.pipe) => {
                cx.writable(ContextId::SOCKET);
            }
            Event::CanSend(request) => {
                *request.ready = Some(self.0.is_some_and(|peer| cx.can_send(peer)));
            }
            _ => {}
        }
    }

    pub(crate) fn pipe(&self) -> Option<PipeId> {
        self.0
    }

    /// Whether this is the peer. What others send is none of the socket's: they were refused, or are on their way out.
    pub(crate) fn is(&self, pipe: PipeId) -> bool {
        self.0 == Some(pipe)
    }

    /// The peer was closed: its place is free.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}
