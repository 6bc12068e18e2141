//! What a context received and nobody took yet: a lane per pipe. Lanes of pipes with the lowest rank are served first,
//! those of one rank in turn.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use spkit_api::{Inbox, Message, PipeId, toolkit::IdMap};

/// Messages in a lane beyond which newcomers are copied off the buffers they came in: what stays must not pin them.
const DETACH_BEYOND: usize = 256;

/// The rank of pipes that nobody ranked.
const MIDDLE: u8 = 8;

/// The pipes' ranks: few have one of their own, mostly none.
#[derive(Debug, Default)]
pub(crate) struct Ranks(IdMap<PipeId, u8>);

impl Ranks {
    pub(crate) fn set(&mut self, pipe: PipeId, rank: u8) {
        if rank != MIDDLE {
            self.0.insert(pipe, rank);
        }
    }

    pub(crate) fn forget(&mut self, pipe: PipeId) {
        self.0.remove(&pipe);
    }

    fn of(&self, pipe: PipeId) -> u8 {
        if self.0.is_empty() {
            return MIDDLE;
        }
        self.0.get(&pipe).copied().unwrap_or(MIDDLE)
    }
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimit {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

#[derive(Debug)]
pub(crate) struct RecvQueue {
    limit: QueueLimit,
    lanes: Vec<Lane>,
    free: Vec<usize>,
    of_pipe: IdMap<PipeId, usize>,
    /// Lanes that hold something, in the order of service: by rank, and then in turn.
    turn: VecDeque<usize>,
    /// Lanes of several ranks were in `turn` together, and may be.
    mixed: bool,
    /// Pipes that are paused because their lane is full.
    paused: Vec<PipeId>,
    messages: usize,
    bytes: usize,
}

/// The message to take next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next {
    pub(crate) lane: usize,
    /// Length of its body.
    pub(crate) len: usize,
}

#[derive(Debug)]
struct Lane {
    pipe: PipeId,
    rank: u8,
    messages: VecDeque<Message>,
    bytes: usize,
    paused: bool,
}

impl RecvQueue {
    pub(crate) fn new(limit: QueueLimit) -> Self {
        Self {
            limit,
            lanes: Vec::new(),
            free: Vec::new(),
            of_pipe: IdMap::default(),
            turn: VecDeque::new(),
            mixed: false,
            paused: Vec::new(),
            messages: 0,
            bytes: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages == 0
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.messages
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the limit is reached by all lanes together.
    pub(crate) fn is_full(&self) -> bool {
        self.messages >= self.limit.messages || self.bytes >= self.limit.bytes
    }

    /// Whether anything of this pipe waits.
    pub(crate) fn has(&self, pipe: PipeId) -> bool {
        self.of_pipe.contains_key(&pipe)
    }

    /// Appends a message. True: its pipe has to pause.
    #[must_use]
    pub(crate) fn push(&mut self, pipe: PipeId, message: Message, ranks: &Ranks) -> bool {
        let index = self.append(pipe, message, ranks);
        self.overfull(index)
    }

    /// Appends a message, whatever the limit. Returns its lane.
    pub(crate) fn append(&mut self, pipe: PipeId, mut message: Message, ranks: &Ranks) -> usize {
        let index = self.lane(pipe, ranks);
        let lane = &mut self.lanes[index];
        if lane.messages.len() >= DETACH_BEYOND {
            message.detach();
        }
        self.messages += 1;
        self.bytes += message.len();
        lane.bytes += message.len();
        lane.messages.push_back(message);
        index
    }

    /// Appends a batch: in one move if the lane is empty. True: the pipe has to pause.
    #[must_use]
    pub(crate) fn push_all(&mut self, pipe: PipeId, inbox: &mut Inbox, ranks: &Ranks) -> bool {
        let index = self.lane(pipe, ranks);
        let lane = &mut self.lanes[index];
        self.messages += inbox.len();
        self.bytes += inbox.bytes();
        lane.bytes += inbox.bytes();
        if lane.messages.is_empty() {
            inbox.swap(&mut lane.messages);
        } else {
            while let Some(mut message) = inbox.pop() {
                if lane.messages.len() >= DETACH_BEYOND {
                    message.detach();
                }
                lane.messages.push_back(message);
            }
        }
        self.overfull(index)
    }

    /// Takes the next message of the next lane. Afterwards [`has_paused`](Self::has_paused) pipes may go on.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let next = self.next()?;
        self.take(next.lane)
    }

    /// Enters in the books that the next message of the next lane is taken, which has to follow: in that order the
    /// message moves once, to where it is wanted.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<Next> {
        let index = *self.turn.front()?;
        let lane = &mut self.lanes[index];
        let message = lane.messages.front_mut()?;
        let bytes = message.len();
        message.fold();
        let next = Next {
            lane: index,
            len: message.len(),
        };
        lane.bytes -= bytes;
        self.messages -= 1;
        self.bytes -= bytes;
        if lane.messages.len() == 1 {
            self.turn.pop_front();
            self.of_pipe.remove(&lane.pipe);
            self.free.push(index);
        } else if self.turn.len() > 1 {
            match self.mixed {
                false => self.turn.rotate_left(1),
                true => self.next_of_its_rank(),
            }
        }
        Some(next)
    }

    /// The first lane was served: the others of its rank come before it.
    #[inline(never)]
    fn next_of_its_rank(&mut self) {
        if let Some(index) = self.turn.pop_front() {
            self.line_up(index);
        }
    }

    /// Puts a lane behind all that are not of a higher number.
    fn line_up(&mut self, index: usize) {
        let rank = self.lanes[index].rank;
        let before = |other: &usize| self.lanes[*other].rank <= rank;
        let at = self.turn.iter().rposition(before).map_or(0, |at| at + 1);
        self.turn.insert(at, index);
    }

    /// Makes room for a message of this pipe: drops what would be received next, of the peers that matter least.
    /// Nothing: the newcomer matters less than all that waits.
    pub(crate) fn drop_for(&mut self, pipe: PipeId, ranks: &Ranks) -> Option<Message> {
        if self.mixed || !ranks.0.is_empty() {
            let last = self.lanes[*self.turn.back()?].rank;
            if ranks.of(pipe) > last {
                return None;
            }
            let least = |index: &usize| self.lanes[*index].rank == last;
            let skipped = self.turn.iter().position(least).unwrap_or(0);
            self.turn.rotate_left(skipped);
            let dropped = self.pop();
            let mut turn = std::mem::take(&mut self.turn);
            for index in turn.drain(..) {
                self.line_up(index);
            }
            return dropped;
        }
        self.pop()
    }

    /// Changes how much may wait, from now on.
    pub(crate) fn set_limit(&mut self, limit: QueueLimit) {
        self.limit = limit;
    }

    pub(crate) fn limit(&self) -> QueueLimit {
        self.limit
    }

    /// Takes what [`next`](Self::next) named.
    #[inline(always)]
    pub(crate) fn take(&mut self, lane: usize) -> Option<Message> {
        self.lanes.get_mut(lane)?.messages.pop_front()
    }

    /// Takes out what is not to be kept. Afterwards [`has_paused`](Self::has_paused) pipes may go on.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Message) -> bool) -> Vec<Message> {
        let mut out = Vec::new();
        let lanes = &mut self.lanes;
        self.turn.retain(|index| {
            let lane = &mut lanes[*index];
            for _ in 0..lane.messages.len() {
                match lane.messages.pop_front() {
                    Some(message) if !keep(&message) => {
                        lane.bytes -= message.len();
                        self.bytes -= message.len();
                        self.messages -= 1;
                        out.push(message);
                    }
                    kept => lane.messages.extend(kept),
                }
            }
            if lane.messages.is_empty() {
                self.of_pipe.remove(&lane.pipe);
                self.free.push(*index);
            }
            !lane.messages.is_empty()
        });
        out
    }

    /// Whether any pipe is paused for this queue.
    pub(crate) fn has_paused(&self) -> bool {
        !self.paused.is_empty()
    }

    /// A pipe is gone: what it brought stays, but nobody has to be resumed for it.
    pub(crate) fn forget(&mut self, pipe: PipeId) {
        self.paused.retain(|paused| *paused != pipe);
        if let Some(index) = self.of_pipe.get(&pipe) {
            self.lanes[*index].paused = false;
        }
    }

    #[inline]
    fn lane(&mut self, pipe: PipeId, ranks: &Ranks) -> usize {
        if let Some(index) = self.of_pipe.get(&pipe) {
            return *index;
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.lanes.push(Lane {
                pipe,
                rank: MIDDLE,
                messages: VecDeque::new(),
                bytes: 0,
                paused: false,
            });
            self.lanes.len() - 1
        });
        self.lanes[index].pipe = pipe;
        self.lanes[index].paused = false;
        self.lanes[index].rank = ranks.of(pipe);
        self.of_pipe.insert(pipe, index);
        let last = self.turn.back().map(|last| self.lanes[*last].rank);
        self.mixed = match last {
            None => false,
            Some(rank) => self.mixed || rank != self.lanes[index].rank,
        };
        match self.mixed {
            false => self.turn.push_back(index),
            true => self.line_up(index),
        }
        index
    }

    /// A lane over the limit pauses its pipe; so does any lane while all together are over it. A pipe whose lane is
    /// empty is never paused, whatever others do.
    fn overfull(&mut self, index: usize) -> bool {
        let over = |messages, bytes| messages >= self.limit.messages || bytes >= self.limit.bytes;
        let lane = &mut self.lanes[index];
        let full = over(lane.messages.len(), lane.bytes) || over(self.messages, self.bytes);
        if full && !lane.paused {
            lane.paused = true;
            self.paused.push(lane.pipe);
        }
        full
    }

    /// The paused pipes that may deliver again.
    pub(crate) fn resume(&mut self, resumed: &mut Vec<PipeId>) {
        let under = |messages: usize, bytes: usize| {
            messages <= self.limit.messages / 2 && bytes <= self.limit.bytes / 2
        };
        let room = under(self.messages, self.bytes);
        let (of_pipe, lanes) = (&self.of_pipe, &mut self.lanes);
        self.paused.retain(|pipe| {
            let Some(index) = of_pipe.get(pipe) else {
                resumed.push(*pipe);
                return false;
            };
            let lane = &mut lanes[*index];
            let stays = !(room && under(lane.messages.len(), lane.bytes));
            if !stays {
                lane.paused = false;
                resumed.push(*pipe);
            }
            stays
        });
    }
}
