//! Pipes by their endpoints' priority.

use spkit_api::{Cx, Message, PipeId, toolkit::RoundRobin};

/// Pipes in ranks, the lowest number first, and in turn within a rank. There are 16 ranks at most, and one unless
/// somebody sets a priority.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    /// In their order; none is empty.
    ranks: Vec<(u8, RoundRobin)>,
}

impl Ranks {
    pub(super) fn add(&mut self, pipe: PipeId, priority: u8) {
        let found = self.ranks.binary_search_by_key(&priority, |rank| rank.0);
        let at = found.unwrap_or_else(|at| {
            self.ranks.insert(at, (priority, RoundRobin::new()));
            at
        });
        self.ranks[at].1.add(pipe);
    }

    pub(super) fn remove(&mut self, pipe: PipeId) {
        for (_, pipes) in &mut self.ranks {
            pipes.remove(pipe);
        }
        self.ranks.retain(|(_, pipes)| !pipes.is_empty());
    }

    pub(super) fn writable(&mut self, pipe: PipeId) {
        for (_, pipes) in &mut self.ranks {
            pipes.writable(pipe);
        }
    }

    /// Offers the message to the first rank, and to the next if all of it is full.
    pub(super) fn offer(&mut self, cx: &mut Cx<'_>, message: &mut Option<Message>) {
        for (_, pipes) in &mut self.ranks {
            if pipes.offer(cx, message).is_some() {
                return;
            }
        }
    }
}
