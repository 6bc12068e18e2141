//! The peers of a PUB, and which of them a sender waits for.

use spkit_api::{Cx, PipeId, toolkit::IdMap};

use crate::broadcast::Peers;

#[derive(Debug, Default)]
pub(super) struct Audience {
    pub(super) peers: Peers,
    /// Those that were found full, and will say when they are not. While there are any, nobody looks again.
    full: IdMap<PipeId, ()>,
}

impl Audience {
    /// Removes a peer. True: it was the last one that a sender waits for.
    pub(super) fn remove(&mut self, pipe: PipeId) -> bool {
        self.peers.remove(pipe);
        self.writable(pipe)
    }

    /// A peer has room. True: it was the last one that a sender waits for.
    pub(super) fn writable(&mut self, pipe: PipeId) -> bool {
        self.full.remove(&pipe).is_some() && self.full.is_empty()
    }

    /// Whether every peer has room. If not, each that has none will announce itself.
    pub(super) fn has_room(&mut self, cx: &mut Cx<'_>) -> bool {
        if self.full.is_empty() {
            let full = self.peers.iter().filter(|pipe| !cx.can_send(*pipe));
            self.full.extend(full.map(|pipe| (pipe, ())));
        }
        self.full.is_empty()
    }
}
