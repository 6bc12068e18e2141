//! Peers of which each message goes to one.

use spkit_api::{ContextId, Cx, Event, Message, PipeId, toolkit::RoundRobin};

/// Pipes in the ranks that their endpoints' `send-priority` gives them: a message goes to the lowest number of all that
/// have room, in turn within a rank. There are 16 ranks at most, and one unless somebody sets a priority.
//= sp-request-reply-01 §5.1 (SP-RR-054)
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    /// In their order; none is empty.
    ranks: Vec<(u8, RoundRobin)>,
}

impl Ranks {
    /// Follows the pipes as they come and go. True: one of them may have room that it had not before.
    pub(crate) fn on_event(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::PipeAdded(added) => self.add(added.pipe, added.facts.send_priority),
            Event::PipeRemoved(removed) => {
                self.remove(removed.pipe);
                return false;
            }
            Event::PipeWritable(writable) => {
                for (_, pipes) in &mut self.ranks {
                    pipes.writable(writable.pipe);
                }
            }
            _ => return false,
        }
        true
    }

    /// The same, lets those who wait to send on the socket try again, and knows whether they would succeed.
    pub(crate) fn follow(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        if self.on_event(&event) {
            cx.writable(ContextId::SOCKET);
        } else if let Event::CanSend(request) = event {
            *request.ready = Some(self.has_room(cx));
        }
    }

    pub(crate) fn contains(&self, pipe: PipeId) -> bool {
        self.ranks.iter().any(|(_, pipes)| pipes.contains(pipe))
    }

    pub(crate) fn remove(&mut self, pipe: PipeId) {
        for (_, pipes) in &mut self.ranks {
            pipes.remove(pipe);
        }
        self.ranks.retain(|(_, pipes)| !pipes.is_empty());
    }

    /// Offers the message to the first rank, and to the next if all of it is full. Says who took it; `None`: nobody has
    /// room, and the message is still in its slot.
    pub(crate) fn offer(
        &mut self,
        cx: &mut Cx<'_>,
        message: &mut Option<Message>,
    ) -> Option<PipeId> {
        let mut ranks = self.ranks.iter_mut();
        ranks.find_map(|(_, pipes)| pipes.offer(cx, message))
    }

    /// Whether [`offer`](Self::offer) would find somebody.
    pub(crate) fn has_room(&mut self, cx: &mut Cx<'_>) -> bool {
        self.ranks.iter_mut().any(|(_, pipes)| pipes.has_room(cx))
    }

    fn add(&mut self, pipe: PipeId, priority: u8) {
        let found = self.ranks.binary_search_by_key(&priority, |rank| rank.0);
        let at = found.unwrap_or_else(|at| {
            self.ranks.insert(at, (priority, RoundRobin::new()));
            at
        });
        self.ranks[at].1.add(pipe);
    }
}
