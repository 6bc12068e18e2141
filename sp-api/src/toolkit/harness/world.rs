//! The effects' side of the harness: everything a protocol can act on, as plain data.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::Dice;
use crate::{
    ContextId, DropReason, Error, ErrorKind, Inbox, Message, PipeId, Time, TimerId,
    protocol::{Effects, Overflow},
};

/// An operation that was started on a [`Harness`](super::Harness).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(usize);

/// How a send or a receive ended.
#[derive(Debug)]
pub enum Outcome {
    /// It succeeded; a receive has its message.
    Done(Option<Message>),
    /// It cannot proceed now; a send has its message back.
    Waits(Option<Message>),
    /// It failed; a send has its message back.
    Failed(Error, Option<Message>),
}

/// An effect that concerns neither a message nor a timer: those are looked at where they end up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// [`Cx::readable`](crate::Cx::readable), also by queueing
    Readable(ContextId),
    /// [`Cx::writable`](crate::Cx::writable)
    Writable(ContextId),
    /// [`Cx::fail_waiting`](crate::Cx::fail_waiting)
    FailWaiting(ContextId, ErrorKind),
    /// [`Cx::pause`](crate::Cx::pause)
    Pause(PipeId),
    /// [`Cx::resume`](crate::Cx::resume)
    Resume(PipeId),
    /// [`Cx::close`](crate::Cx::close)
    Close(PipeId, ErrorKind),
    /// [`Cx::resent`](crate::Cx::resent)
    Resent(ContextId, u32),
}

/// A pipe's end at the socket.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) room: usize,
    /// It said no, and owes a `PipeWritable`.
    pub(super) refused: bool,
    pub(super) paused: bool,
    pub(super) inbox: Inbox,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            room: usize::MAX,
            refused: false,
            paused: false,
            inbox: Inbox::default(),
        }
    }
}

#[derive(Debug)]
pub(super) enum Waiter {
    Sender(Option<Message>),
    Receiver,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Wake {
    Readable(ContextId),
    Writable(ContextId),
}

type Lane = (Option<PipeId>, VecDeque<Message>);

#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Time,
    dice: Dice,
    pub(super) loaded: VecDeque<u32>,
    pub(super) lines: BTreeMap<PipeId, Line>,
    pub(super) sent: BTreeMap<PipeId, Vec<Message>>,
    pub(super) contexts: BTreeSet<ContextId>,
    queues: BTreeMap<ContextId, VecDeque<Lane>>,
    pub(super) queue_limit: usize,
    pub(super) timers: BTreeMap<TimerId, Time>,
    /// First come, first served; senders and receivers apart.
    waiters: BTreeMap<(ContextId, bool), VecDeque<(OpId, Waiter)>>,
    next_op: usize,
    pub(super) done: BTreeMap<OpId, Outcome>,
    /// Contexts whose senders, or receivers, had to wait and were not woken since.
    pub(super) refused: BTreeSet<(ContextId, bool)>,
    pub(super) wakes: VecDeque<Wake>,
    pub(super) closing: VecDeque<PipeId>,
    pub(super) resumed: VecDeque<PipeId>,
    pub(super) failure: Option<Error>,
    pub(super) effects: Vec<Effect>,
    pub(super) dropped: Vec<(DropReason, Message)>,
    pub(super) attempts: usize,
    pub(super) received: usize,
    pub(super) delivered: usize,
    /// Events need not be true: a send to a pipe that is gone is the caller's doing.
    pub(super) lawless: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            now: Time::from_nanos(0),
            dice: Dice::new(seed),
            loaded: VecDeque::new(),
            lines: BTreeMap::new(),
            sent: BTreeMap::new(),
            contexts: BTreeSet::from([ContextId::SOCKET]),
            queues: BTreeMap::new(),
            queue_limit: usize::MAX,
            timers: BTreeMap::new(),
            waiters: BTreeMap::new(),
            next_op: 0,
            done: BTreeMap::new(),
            refused: BTreeSet::new(),
            wakes: VecDeque::new(),
            closing: VecDeque::new(),
            resumed: VecDeque::new(),
            failure: None,
            effects: Vec::new(),
            dropped: Vec::new(),
            attempts: 0,
            received: 0,
            delivered: 0,
            lawless: false,
        }
    }

    pub(super) fn next_timer(&self) -> Option<(Time, TimerId)> {
        let timers = self.timers.iter();
        timers.map(|(timer, due)| (*due, *timer)).min()
    }

    pub(super) fn wait(&mut self, context: ContextId, waiter: Waiter) -> OpId {
        let op = self.op();
        let is_sender = matches!(waiter, Waiter::Sender(_));
        let line = self.waiters.entry((context, is_sender)).or_default();
        line.push_back((op, waiter));
        op
    }

    pub(super) fn finish_new(&mut self, outcome: Outcome) -> OpId {
        let op = self.op();
        self.done.insert(op, outcome);
        op
    }

    pub(super) fn take_first(
        &mut self,
        context: ContextId,
        is_sender: bool,
    ) -> Option<(OpId, Waiter)> {
        self.waiters.get_mut(&(context, is_sender))?.pop_front()
    }

    /// A repeated operation goes on waiting, still the first.
    pub(super) fn put_back(
        &mut self,
        context: ContextId,
        op: OpId,
        is_sender: bool,
        message: Option<Message>,
    ) {
        let waiter = if is_sender {
            Waiter::Sender(message)
        } else {
            Waiter::Receiver
        };
        let line = self.waiters.entry((context, is_sender)).or_default();
        line.push_front((op, waiter));
    }

    pub(super) fn abandon(&mut self, op: OpId) {
        for line in self.waiters.values_mut() {
            line.retain(|(other, _)| *other != op);
        }
    }

    pub(super) fn first_waiters(&self) -> Vec<(OpId, ContextId, bool)> {
        let lines = self.waiters.iter();
        lines
            .filter_map(|((context, is_sender), line)| {
                line.front().map(|(op, _)| (*op, *context, *is_sender))
            })
            .collect()
    }

    pub(super) fn end_waiters(&mut self, why: ErrorKind) {
        for ((_, _), line) in std::mem::take(&mut self.waiters) {
            self.end_line(line, &why.into());
        }
    }

    pub(super) fn drop_context(&mut self, context: ContextId) {
        for (_, lane) in self.queues.remove(&context).unwrap_or_default() {
            let gone = lane
                .into_iter()
                .map(|message| (DropReason::PipeGone, message));
            self.dropped.extend(gone);
        }
        for is_sender in [false, true] {
            let line = self.waiters.remove(&(context, is_sender));
            self.end_line(line.unwrap_or_default(), &ErrorKind::Canceled.into());
        }
    }

    pub(super) fn dequeue_from(&mut self, context: ContextId) -> Option<Message> {
        let lanes = self.queues.get_mut(&context)?;
        let (pipe, mut lane) = lanes.pop_front()?;
        let message = lane.pop_front();
        if !lane.is_empty() {
            lanes.push_back((pipe, lane));
        }
        message
    }

    pub(super) fn queued(&self, context: ContextId) -> usize {
        let lanes = self.queues.get(&context);
        lanes.map_or(0, |lanes| lanes.iter().map(|(_, lane)| lane.len()).sum())
    }

    pub(super) fn held(&self) -> usize {
        let queued: usize = self
            .queues
            .keys()
            .map(|context| self.queued(*context))
            .sum();
        let inboxes = self.lines.values().map(|line| line.inbox.len());
        queued + inboxes.sum::<usize>()
    }

    pub(super) fn ignore(&mut self, mut batch: Inbox) {
        while let Some(message) = batch.pop() {
            self.dropped.push((DropReason::Ignored, message));
        }
    }

    fn assert_open(&self, context: ContextId) {
        assert!(
            self.lawless || self.contexts.contains(&context),
            "the protocol serves {context:?}, which is closed"
        );
    }

    fn op(&mut self) -> OpId {
        self.next_op += 1;
        OpId(self.next_op)
    }

    fn end_line(&mut self, line: VecDeque<(OpId, Waiter)>, why: &Error) {
        for (op, waiter) in line {
            let message = match waiter {
                Waiter::Sender(message) => message,
                Waiter::Receiver => None,
            };
            self.done.insert(op, Outcome::Failed(why.clone(), message));
        }
    }

    /// The pipe, if it can take a message; else it owes a `PipeWritable`.
    fn roomy(&mut self, pipe: PipeId) -> Option<&mut Line> {
        assert!(
            self.lawless || self.lines.contains_key(&pipe),
            "the protocol sends to {pipe:?}, which is gone"
        );
        let line = self.lines.get_mut(&pipe)?;
        line.refused |= line.room == 0;
        (line.room > 0).then_some(line)
    }
}

impl Effects for World {
    fn now(&mut self) -> Time {
        self.now
    }

    fn random(&mut self) -> u32 {
        let loaded = self.loaded.pop_front();
        loaded.unwrap_or_else(|| (self.dice.throw() >> 32) as u32)
    }

    fn try_send(&mut self, pipe: PipeId, message: &mut Option<Message>) -> bool {
        self.attempts += 1;
        let Some(line) = self.roomy(pipe) else {
            return false;
        };
        let Some(message) = message.take() else {
            return false;
        };
        if line.room != usize::MAX {
            line.room -= 1;
        }
        self.sent.entry(pipe).or_default().push(message);
        true
    }

    fn can_send(&mut self, pipe: PipeId) -> bool {
        self.roomy(pipe).is_some()
    }

    fn take_back(&mut self, pipe: PipeId) -> Option<Message> {
        let line = self.lines.get_mut(&pipe)?;
        let waiting = self.sent.get_mut(&pipe).filter(|sent| !sent.is_empty())?;
        line.room = line.room.saturating_add(1);
        Some(waiting.remove(0))
    }

    fn pause(&mut self, pipe: PipeId) {
        self.effects.push(Effect::Pause(pipe));
        if let Some(line) = self.lines.get_mut(&pipe) {
            line.paused = true;
        }
    }

    fn resume(&mut self, pipe: PipeId) {
        self.effects.push(Effect::Resume(pipe));
        if let Some(line) = self.lines.get_mut(&pipe) {
            line.paused = false;
            self.resumed.push_back(pipe);
        }
    }

    fn close(&mut self, pipe: PipeId, why: ErrorKind) {
        self.effects.push(Effect::Close(pipe, why));
        self.closing.push_back(pipe);
    }

    fn queue(&mut self, context: ContextId, message: Message) {
        let lanes = self.queues.entry(context).or_default();
        let pipe = message.pipe();
        match lanes.iter_mut().find(|(of, _)| *of == pipe) {
            Some((_, lane)) => lane.push_back(message),
            None => lanes.push_back((pipe, VecDeque::from([message]))),
        }
        self.readable(context);
    }

    fn queue_all(&mut self, context: ContextId, messages: &mut Inbox) {
        while let Some(message) = messages.pop() {
            self.queue(context, message);
        }
    }

    fn queue_or_drop(&mut self, context: ContextId, message: Message, what: Overflow) {
        let lanes = self.queues.entry(context).or_default();
        let has_lane = lanes.iter().any(|(of, _)| *of == message.pipe());
        while self.queued(context) >= self.queue_limit {
            let dropped = match what {
                Overflow::DropNewest if has_lane => {
                    return self.dropped.push((DropReason::QueueFull, message));
                }
                Overflow::DropNewest => None,
                Overflow::DropOldest => self.dequeue_from(context),
            };
            let Some(dropped) = dropped else {
                break;
            };
            self.dropped.push((DropReason::QueueFull, dropped));
        }
        self.queue(context, message);
    }

    fn dequeue(&mut self, context: ContextId) -> Option<Message> {
        self.dequeue_from(context)
    }

    fn has_queued(&mut self, context: ContextId) -> bool {
        self.queued(context) > 0
    }

    fn retain(
        &mut self,
        context: ContextId,
        why: DropReason,
        keep: &mut dyn FnMut(&Message) -> bool,
    ) {
        let Some(lanes) = self.queues.get_mut(&context) else {
            return;
        };
        for (_, lane) in lanes.iter_mut() {
            let (kept, dropped) = lane.drain(..).partition(|message| keep(message));
            *lane = kept;
            let dropped: VecDeque<_> = dropped;
            let dropped = dropped.into_iter().map(|message| (why, message));
            self.dropped.extend(dropped);
        }
        lanes.retain(|(_, lane)| !lane.is_empty());
    }

    fn readable(&mut self, context: ContextId) {
        self.assert_open(context);
        self.effects.push(Effect::Readable(context));
        self.wakes.push_back(Wake::Readable(context));
        self.refused.remove(&(context, false));
    }

    fn writable(&mut self, context: ContextId) {
        self.assert_open(context);
        self.effects.push(Effect::Writable(context));
        self.wakes.push_back(Wake::Writable(context));
        self.refused.remove(&(context, true));
    }

    fn fail(&mut self, error: Error) {
        self.failure = Some(error);
    }

    fn fail_waiting(&mut self, context: ContextId, error: Error) {
        let effect = Effect::FailWaiting(context, error.kind());
        self.effects.push(effect);
        let line = self.waiters.remove(&(context, false));
        self.end_line(line.unwrap_or_default(), &error);
    }

    fn set_timer(&mut self, timer: TimerId, after: Duration) {
        self.timers.insert(timer, self.now + after);
    }

    fn clear_timer(&mut self, timer: TimerId) {
        self.timers.remove(&timer);
    }

    fn resent(&mut self, context: ContextId, attempts: u32) {
        self.effects.push(Effect::Resent(context, attempts));
    }

    fn discard(&mut self, message: Message, why: DropReason) {
        self.dropped.push((why, message));
    }

    fn drop_unsent(&mut self, _: Option<PipeId>, message: Message, why: DropReason) {
        self.dropped.push((why, message));
    }
}
