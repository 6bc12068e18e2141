//! One message to many peers, each of which takes it or does not.

use spkit_api::{Cx, DropReason, Message, PipeId, toolkit::IdMap};

/// The peers of a socket whose messages go to all of them, in no particular order. Adding and removing is O(1).
#[derive(Debug, Default)]
pub(crate) struct Peers {
    pipes: Vec<PipeId>,
    /// Where in the row each is.
    places: IdMap<PipeId, usize>,
}

impl Peers {
    /// Adds a peer. Does nothing if it is there.
    pub(crate) fn add(&mut self, pipe: PipeId) {
        let next = self.pipes.len();
        if *self.places.entry(pipe).or_insert(next) == next {
            self.pipes.push(pipe);
        }
    }

    /// Removes a peer; the last one takes its place.
    pub(crate) fn remove(&mut self, pipe: PipeId) {
        if let Some(place) = self.places.remove(&pipe) {
            self.pipes.swap_remove(place);
            if let Some(moved) = self.pipes.get(place) {
                self.places.insert(*moved, place);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = PipeId> {
        self.pipes.iter().copied()
    }

    /// Whether there is any peer but this one.
    pub(crate) fn has_other(&self, than: PipeId) -> bool {
        self.pipes.len() > usize::from(self.places.contains_key(&than))
    }

    /// Hands the message to each peer but `except`; the copies share the body, and the last peer needs none. Nothing
    /// waits: what a peer without room does not take goes to `refused`, and if nobody is there the message is lost and
    /// counted.
    pub(crate) fn send(
        &self,
        cx: &mut Cx<'_>,
        message: Message,
        except: Option<PipeId>,
        refused: impl Fn(&mut Cx<'_>, PipeId, Message),
    ) {
        let offer = |cx: &mut Cx<'_>, pipe, message| {
            let mut slot = Some(message);
            if !cx.try_send(pipe, &mut slot)
                && let Some(message) = slot
            {
                refused(cx, pipe, message);
            }
        };
        let mut others = self.iter().filter(|pipe| Some(*pipe) != except);
        let Some(mut next) = others.next() else {
            return cx.drop_unsent(None, message, DropReason::NoPeer);
        };
        for after in others {
            offer(cx, next, message.clone());
            next = after;
        }
        offer(cx, next, message);
    }
}

/// What most protocols do with what a peer did not take: it loses the message, which is counted.
pub(crate) fn lose(cx: &mut Cx<'_>, pipe: PipeId, message: Message) {
    cx.drop_unsent(Some(pipe), message, DropReason::QueueFull);
}

#[cfg(test)]
mod tests {
    use spkit_api::toolkit::harness::Dice;

    use super::*;

    #[test]
    fn it_is_the_set_of_those_that_came_and_did_not_go() {
        let mut dice = Dice::new(1);
        let mut peers = Peers::default();
        let mut plain = std::collections::BTreeSet::new();
        for _ in 0..10_000 {
            let pipe = PipeId::from_raw(dice.below(40) as u32);
            if dice.below(2) == 0 {
                peers.add(pipe);
                plain.insert(pipe);
            } else {
                peers.remove(pipe);
                plain.remove(&pipe);
            }
            assert_eq!(peers.iter().count(), plain.len());
            assert_eq!(
                peers.iter().collect::<std::collections::BTreeSet<_>>(),
                plain
            );
            let other = plain.iter().any(|other| *other != pipe);
            assert_eq!(peers.has_other(pipe), other);
        }
    }
}
