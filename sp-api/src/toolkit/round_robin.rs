//! Pipes in turn.

use std::fmt;

use crate::{Cx, Message, PipeId, toolkit::IdMap};

/// Pipes that take messages in turn. Those under back-pressure are set aside until they are writable again.
///
/// Every call is O(1), `offer` and `has_room` amortised: each pipe it finds full costs one step, and does not come back without an
/// [`Event::PipeWritable`](crate::Event::PipeWritable). So ten thousand full pipes cost nothing.
///
/// A protocol calls [`add`](Self::add) on `PipeAdded`, [`remove`](Self::remove) on `PipeRemoved`,
/// [`writable`](Self::writable) on `PipeWritable`, and [`offer`](Self::offer) on `Send`.
//= sp-request-reply-01 §5.1: round robin, fair also when peers come and go (SP-RR-007, SP-PL-004)
#[derive(Clone, Default)]
pub struct RoundRobin {
    places: IdMap<PipeId, usize>,
    /// A ring through those that are ready; the others and the free ones are linked to nothing.
    nodes: Vec<Node>,
    free: Vec<usize>,
    /// Whose turn it is.
    turn: Option<usize>,
    ready: usize,
}

#[derive(Clone, Copy)]
struct Node {
    pipe: PipeId,
    ready: bool,
    before: usize,
    after: usize,
}

impl RoundRobin {
    /// No pipes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pipe: it is the last of the current round. Does nothing if it is there.
    pub fn add(&mut self, pipe: PipeId) {
        if self.contains(pipe) {
            return;
        }
        let node = Node {
            pipe,
            ready: false,
            before: 0,
            after: 0,
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.nodes[at] = node;
                at
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        };
        self.places.insert(pipe, at);
        self.link(at);
    }

    /// Removes a pipe; the others keep their order. Says whether it was there.
    pub fn remove(&mut self, pipe: PipeId) -> bool {
        let Some(at) = self.places.remove(&pipe) else {
            return false;
        };
        self.unlink(at);
        self.free.push(at);
        true
    }

    /// Takes a pipe that was set aside back into the round, as its last. Says whether it had been set aside.
    pub fn writable(&mut self, pipe: PipeId) -> bool {
        match self.places.get(&pipe) {
            Some(&at) if !self.nodes[at].ready => {
                self.link(at);
                true
            }
            _ => false,
        }
    }

    /// Offers the message to each pipe in turn, beginning with the one after the last that took one, and says which
    /// took it. `None`: every pipe is full, and the message is still in its slot.
    pub fn offer(&mut self, cx: &mut Cx<'_>, message: &mut Option<Message>) -> Option<PipeId> {
        while let Some(at) = self.turn {
            let Node { pipe, after, .. } = self.nodes[at];
            if cx.try_send(pipe, message) {
                self.turn = Some(after);
                return Some(pipe);
            }
            self.unlink(at);
        }
        None
    }

    /// Whether [`offer`](Self::offer) would find a pipe that takes a message: the answer to
    /// [`Event::CanSend`](crate::Event::CanSend).
    pub fn has_room(&mut self, cx: &mut Cx<'_>) -> bool {
        while let Some(at) = self.turn {
            if cx.can_send(self.nodes[at].pipe) {
                return true;
            }
            self.unlink(at);
        }
        false
    }

    /// Whether the pipe is there, ready or set aside.
    pub fn contains(&self, pipe: PipeId) -> bool {
        self.places.contains_key(&pipe)
    }

    /// Pipes, those set aside included.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no pipe at all.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Pipes that are not known to be full.
    pub fn ready(&self) -> usize {
        self.ready
    }

    /// Puts a node in front of the one whose turn it is: at the end of the round.
    fn link(&mut self, at: usize) {
        let after = *self.turn.get_or_insert(at);
        let before = if after == at {
            at
        } else {
            self.nodes[after].before
        };
        self.nodes[at].ready = true;
        self.nodes[at].before = before;
        self.nodes[at].after = after;
        self.nodes[before].after = at;
        self.nodes[after].before = at;
        self.ready += 1;
    }

    fn unlink(&mut self, at: usize) {
        let Node {
            ready: true,
            before,
            after,
            ..
        } = self.nodes[at]
        else {
            return;
        };
        self.nodes[before].after = after;
        self.nodes[after].before = before;
        self.nodes[at].ready = false;
        self.ready -= 1;
        if self.turn == Some(at) {
            self.turn = (after != at).then_some(after);
        }
    }

    /// Those that are ready, in the order of their turns.
    fn round(&self) -> impl Iterator<Item = PipeId> {
        let mut at = self.turn;
        (0..self.ready).filter_map(move |_| {
            let node = self.nodes[at?];
            at = Some(node.after);
            Some(node.pipe)
        })
    }
}

impl fmt::Debug for RoundRobin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = self.len() - self.ready;
        f.debug_struct("RoundRobin")
            .field("ready", &self.round().collect::<Vec<_>>())
            .field("full", &full)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::{
        ContextId, Event, Protocol, ProtocolInfo,
        toolkit::harness::{Dice, Harness},
    };

    static INFO: ProtocolInfo = ProtocolInfo::new("test", 0xf000, 0xf000);

    #[derive(Debug, Default)]
    struct Sender(RoundRobin);

    impl Protocol for Sender {
        fn info(&self) -> &'static ProtocolInfo {
            &INFO
        }

        fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
            match event {
                Event::PipeAdded(added) => self.0.add(added.pipe),
                Event::PipeRemoved(removed) => assert!(self.0.remove(removed.pipe)),
                Event::PipeWritable(writable) => assert!(self.0.writable(writable.pipe)),
                Event::Send(request) => drop(self.0.offer(cx, request.message)),
                _ => {}
            }
        }
    }

    impl Harness<Sender> {
        /// The pipe that takes the next message.
        fn turn(&mut self) -> Option<PipeId> {
            drop(self.send(ContextId::SOCKET, "x"));
            let pipes = self.pipes();
            pipes.into_iter().find(|pipe| !self.sent(*pipe).is_empty())
        }
    }

    /// The same by the plainest means.
    #[derive(Default)]
    struct Model {
        ready: VecDeque<PipeId>,
        full: Vec<PipeId>,
    }

    impl Model {
        fn turn(&mut self, room: impl Fn(PipeId) -> usize) -> Option<PipeId> {
            while let Some(pipe) = self.ready.pop_front() {
                if room(pipe) > 0 {
                    self.ready.push_back(pipe);
                    return Some(pipe);
                }
                self.full.push(pipe);
            }
            None
        }
    }

    #[test]
    fn it_goes_round_as_a_plain_queue_would() {
        for seed in 0..300 {
            let mut dice = Dice::new(seed);
            let mut harness = Harness::new(Sender::default());
            let mut model = Model::default();
            let mut rooms = IdMap::<PipeId, usize>::default();
            for _ in 0..200 {
                let pipe = dice.pick(&harness.pipes());
                match (dice.below(8), pipe) {
                    (0, _) => {
                        let pipe = harness.add_pipe();
                        model.ready.push_back(pipe);
                        rooms.insert(pipe, 9);
                        harness.set_room(pipe, 9);
                    }
                    (1, Some(pipe)) => {
                        harness.remove_pipe(pipe);
                        model.ready.retain(|other| *other != pipe);
                        model.full.retain(|other| *other != pipe);
                    }
                    (2 | 3, Some(pipe)) => {
                        let room = dice.below(3);
                        harness.set_room(pipe, room);
                        rooms.insert(pipe, room);
                        if room > 0 && model.full.contains(&pipe) {
                            model.full.retain(|other| *other != pipe);
                            model.ready.push_back(pipe);
                        }
                    }
                    _ => {
                        let expected = model.turn(|pipe| rooms[&pipe]);
                        assert_eq!(harness.turn(), expected, "seed {seed}");
                        if let Some(room) = expected.and_then(|pipe| rooms.get_mut(&pipe)) {
                            *room -= 1;
                        }
                    }
                }
                let robin = &harness.protocol().0;
                assert!(robin.round().eq(model.ready.iter().copied()), "seed {seed}");
                assert_eq!(robin.len(), model.ready.len() + model.full.len());
            }
        }
    }

    // SP-RR-007
    #[test]
    fn who_comes_or_goes_does_not_cost_another_its_turn() {
        let mut harness = Harness::new(Sender::default());
        let [a, b, c] = [harness.add_pipe(), harness.add_pipe(), harness.add_pipe()];
        assert_eq!(harness.turn(), Some(a));
        let d = harness.add_pipe();
        harness.remove_pipe(b);
        let turns: Vec<_> = (0..6).filter_map(|_| harness.turn()).collect();
        assert_eq!(turns, [c, a, d, c, a, d]);
        assert_eq!(
            format!("{:?}", harness.protocol().0),
            "RoundRobin { ready: [pipe#2.0, pipe#0.0, pipe#3.0], full: 0 }"
        );
    }

    #[test]
    fn ten_thousand_full_pipes_are_looked_at_once() {
        let mut harness = Harness::new(Sender::default());
        for _ in 0..10_000 {
            let pipe = harness.add_pipe();
            harness.set_room(pipe, 0);
        }
        let open = harness.add_pipe();
        for _ in 0..1_000 {
            assert!(harness.send(ContextId::SOCKET, "x").is_done());
        }
        assert_eq!(harness.sent(open).len(), 1_000);
        assert_eq!(harness.attempts(), 11_000);
        assert_eq!(harness.protocol().0.ready(), 1);
    }

    #[test]
    fn places_are_used_again() {
        let mut robin = RoundRobin::new();
        for n in 0..1_000 {
            robin.add(PipeId::from_raw(n));
            assert!(robin.remove(PipeId::from_raw(n)));
        }
        assert!(robin.is_empty() && !robin.remove(PipeId::from_raw(0)));
        assert_eq!(robin.nodes.len(), 1);
    }
}
