//! The peers of a PUB, and which of them a sender waits for.

use spkit_api::{Cx, PipeId, toolkit::IdMap};

/// Every peer, to be sent to in no particular order.
#[derive(Debug, Default)]
pub(super) struct Audience {
    pipes: Vec<PipeId>,
    /// Where in the row each is.
    places: IdMap<PipeId, usize>,
    /// Those that were found full, and will say when they are not. While there are any, nobody looks again.
    full: IdMap<PipeId, ()>,
}

impl Audience {
    pub(super) fn add(&mut self, pipe: PipeId) {
        let next = self.pipes.len();
        if *self.places.entry(pipe).or_insert(next) == next {
            self.pipes.push(pipe);
        }
    }

    /// Removes a peer. True: it was the last one that a sender waits for.
    pub(super) fn remove(&mut self, pipe: PipeId) -> bool {
        if let Some(place) = self.places.remove(&pipe) {
            self.pipes.swap_remove(place);
            if let Some(moved) = self.pipes.get(place) {
                self.places.insert(*moved, place);
            }
        }
        self.writable(pipe)
    }

    /// A peer has room. True: it was the last one that a sender waits for.
    pub(super) fn writable(&mut self, pipe: PipeId) -> bool {
        self.full.remove(&pipe).is_some() && self.full.is_empty()
    }

    /// Whether every peer has room. If not, each that has none will announce itself.
    pub(super) fn has_room(&mut self, cx: &mut Cx<'_>) -> bool {
        if self.full.is_empty() {
            let full = self.pipes.iter().filter(|pipe| !cx.can_send(**pipe));
            self.full.extend(full.map(|pipe| (*pipe, ())));
        }
        self.full.is_empty()
    }

    pub(super) fn pipes(&self) -> &[PipeId] {
        &self.pipes
    }
}
