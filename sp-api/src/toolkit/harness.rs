//! Drives a protocol machine by events and looks at its effects: virtual time, seeded dice, pipes with settable room.
//!
//! The harness keeps the runtime's side of the contract: a pipe closed by the protocol is removed afterwards, waiting
//! operations are repeated when the protocol wakes them, timers fire once, messages left in a batch are dropped and
//! counted. It panics where the protocol breaks its own side: it sends to a pipe that is gone, queues for or wakes a
//! context that is closed, fails an operation that it also served, or wakes a context for ever.
//!
//! ```
//! use spkit_api::{ContextId, toolkit::harness::Harness};
//! # use spkit_api::{Cx, Event, Protocol, ProtocolInfo, toolkit::RoundRobin};
//! # #[derive(Debug, Default)]
//! # struct Push(RoundRobin);
//! # static INFO: ProtocolInfo = ProtocolInfo::new("push", 0x50, 0x51).send_only();
//! # impl Protocol for Push {
//! #     fn info(&self) -> &'static ProtocolInfo { &INFO }
//! #     fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
//! #         match event {
//! #             Event::PipeAdded(added) => {
//! #                 self.0.add(added.pipe);
//! #                 cx.writable(ContextId::SOCKET);
//! #             }
//! #             Event::Send(request) => { self.0.offer(cx, request.message); }
//! #             _ => {}
//! #         }
//! #     }
//! # }
//! let mut harness = Harness::new(Push::default());
//! let waits = harness.start_send(ContextId::SOCKET, "one");
//! assert!(!harness.is_done(waits));
//! let pipe = harness.add_pipe();
//! assert!(harness.is_done(waits));
//! assert_eq!(harness.sent(pipe), ["one"]);
//! ```

mod dice;
pub mod storm;
mod world;

use std::time::Duration;

use bytes::Bytes;

use self::world::{Line, Waiter, Wake, World};
pub use self::{
    dice::Dice,
    world::{Effect, OpId, Outcome},
};
use crate::{
    ContextId, Cx, DropReason, ErrorKind, Event, Message, Opt, PipeFacts, PipeId, Protocol,
    ProtocolInfo, Result, Time, TimerId, Value, option::OptionType,
};

/// Wakes after one event beyond which a protocol is taken to wake a context for ever.
const WAKES_MAX: usize = 100_000;

/// A protocol machine and a world for it to act on.
#[derive(Debug)]
pub struct Harness<P> {
    protocol: P,
    world: World,
    next_pipe: u32,
    next_context: u32,
}

impl<P: Protocol> Harness<P> {
    /// A harness around a fresh machine, at time zero, with a fixed seed and no pipe.
    pub fn new(protocol: P) -> Self {
        Self::seeded(protocol, 1)
    }

    /// The same with dice of another seed.
    pub fn seeded(protocol: P, seed: u64) -> Self {
        Self {
            protocol,
            world: World::new(seed),
            next_pipe: 0,
            next_context: 0,
        }
    }

    /// The machine.
    pub fn protocol(&self) -> &P {
        &self.protocol
    }

    /// The machine, for a test to meddle with.
    pub fn protocol_mut(&mut self) -> &mut P {
        &mut self.protocol
    }

    /// Hands the machine one event as it is, true or not, and nothing else: no waiter is repeated, no pipe removed.
    pub fn raw_event(&mut self, event: Event<'_>) {
        self.world.failure = None;
        self.protocol.on_event(&mut Cx::new(&mut self.world), event);
    }

    // ---- pipes ----

    /// Connects a peer of the right protocol, with unlimited room.
    pub fn add_pipe(&mut self) -> PipeId {
        self.add_pipe_with(&PipeFacts::new(self.protocol.info().peer()))
    }

    /// Connects a peer with these facts.
    pub fn add_pipe_with(&mut self, facts: &PipeFacts) -> PipeId {
        let pipe = PipeId::from_raw(self.next_pipe);
        self.next_pipe += 1;
        self.world.lines.insert(pipe, Line::default());
        self.event(Event::pipe_added(pipe, facts));
        pipe
    }

    /// The peer goes away. Does nothing if it went already.
    pub fn remove_pipe(&mut self, pipe: PipeId) {
        if self.world.lines.remove(&pipe).is_some() {
            self.event(Event::pipe_removed(pipe));
        }
    }

    /// The pipes that are there, oldest first.
    pub fn pipes(&self) -> Vec<PipeId> {
        self.world.lines.keys().copied().collect()
    }

    /// Lets the pipe take so many more messages. If it refused one before and has room now, it says so.
    pub fn set_room(&mut self, pipe: PipeId, messages: usize) {
        let Some(line) = self.world.lines.get_mut(&pipe) else {
            return;
        };
        line.room = messages;
        if messages > 0 && std::mem::take(&mut line.refused) {
            self.event(Event::pipe_writable(pipe));
        }
    }

    /// What went out over the pipe since the last call, as it stands on the wire. Also after the pipe is gone. Until
    /// then it waits in the pipe, and the protocol can take it back.
    pub fn sent(&mut self, pipe: PipeId) -> Vec<Bytes> {
        let messages = self.world.sent.remove(&pipe).unwrap_or_default();
        messages.iter().map(Message::to_payload).collect()
    }

    /// A payload arrives: a body as a stream brings it, or a message with a header as a pipe within the process does.
    pub fn receive(&mut self, pipe: PipeId, payload: impl Into<Message>) {
        self.receive_batch(pipe, [payload.into()]);
    }

    /// Payloads arrive in one batch. They wait if the protocol paused the pipe.
    pub fn receive_batch(&mut self, pipe: PipeId, payloads: impl IntoIterator<Item = Message>) {
        let Some(line) = self.world.lines.get_mut(&pipe) else {
            return;
        };
        for payload in payloads {
            let mut message = payload.into_received();
            message.set_pipe(Some(pipe));
            line.inbox.push(message);
            self.world.received += 1;
        }
        self.deliver(pipe);
        self.settle();
    }

    // ---- operations ----

    /// Sends without waiting.
    pub fn send(&mut self, context: ContextId, message: impl Into<Message>) -> Outcome {
        if !self.protocol.info().can_send() {
            return Outcome::Failed(ErrorKind::NotSupported.into(), Some(message.into()));
        }
        let outcome = self.try_send(context, message.into());
        self.settle();
        outcome
    }

    /// Receives without waiting.
    pub fn recv(&mut self, context: ContextId) -> Outcome {
        if !self.protocol.info().can_recv() {
            return Outcome::Failed(ErrorKind::NotSupported.into(), None);
        }
        let outcome = self.try_recv(context);
        self.settle();
        outcome
    }

    /// Whether a descriptor that is polled for sending would be readable now.
    pub fn can_send(&mut self, context: ContextId) -> bool {
        let guess = !self.world.refused.contains(&(context, true));
        self.answer(context, true).unwrap_or(guess)
    }

    /// Whether a descriptor that is polled for receiving would be readable now.
    pub fn can_recv(&mut self, context: ContextId) -> bool {
        let asked = self.protocol.info().wants_recv();
        let guess = asked && !self.world.refused.contains(&(context, false));
        let guess = guess || self.world.queued(context) > 0;
        self.answer(context, false).unwrap_or(guess)
    }

    /// What the protocol itself says to that.
    fn answer(&mut self, context: ContextId, is_sender: bool) -> Option<bool> {
        let mut answer = None;
        if is_sender {
            self.raw_event(Event::can_send(context, &mut answer));
        } else if self.protocol.info().wants_recv() {
            self.raw_event(Event::can_recv(context, &mut answer));
        }
        self.settle();
        answer
    }

    /// Sends, waiting if need be; the outcome comes by [`finished`](Self::finished).
    pub fn start_send(&mut self, context: ContextId, message: impl Into<Message>) -> OpId {
        match self.send(context, message) {
            Outcome::Waits(message) => self.world.wait(context, Waiter::Sender(message)),
            outcome => self.world.finish_new(outcome),
        }
    }

    /// Receives, waiting if need be; the outcome comes by [`finished`](Self::finished).
    pub fn start_recv(&mut self, context: ContextId) -> OpId {
        match self.recv(context) {
            Outcome::Waits(_) => self.world.wait(context, Waiter::Receiver),
            outcome => self.world.finish_new(outcome),
        }
    }

    /// How a started operation ended, once; `None` while it waits.
    pub fn finished(&mut self, op: OpId) -> Option<Outcome> {
        self.world.done.remove(&op)
    }

    /// Whether a started operation ended, and nobody fetched its outcome.
    pub fn is_done(&self, op: OpId) -> bool {
        self.world.done.contains_key(&op)
    }

    /// Gives up a waiting operation, as a timeout or a dropped future does. The protocol does not hear of it.
    pub fn abandon(&mut self, op: OpId) {
        self.world.abandon(op);
    }

    /// Repeats every first waiter that the protocol did not wake. If one of them succeeds, a wake was lost: returns it.
    pub fn find_lost_wake(&mut self) -> Option<OpId> {
        for (op, context, is_sender) in self.world.first_waiters() {
            if self.retry(context, is_sender) {
                return Some(op);
            }
        }
        None
    }

    // ---- the rest of a socket's life ----

    /// Opens a context.
    pub fn open_context(&mut self) -> ContextId {
        self.next_context += 1;
        let context = ContextId::from_raw(self.next_context);
        self.world.contexts.insert(context);
        self.event(Event::ContextOpened(context));
        context
    }

    /// Closes a context: its queue goes, its waiters end with [`ErrorKind::Canceled`].
    pub fn close_context(&mut self, context: ContextId) {
        self.world.drop_context(context);
        self.world.contexts.remove(&context);
        self.event(Event::ContextClosed(context));
    }

    /// Sets an option, as [`Options::set`](crate::Options::set) would: checked against the protocol's table.
    ///
    /// # Panics
    ///
    /// If the protocol has no such option, the value does not fit its row, or the protocol refuses it.
    pub fn set_option<T: OptionType>(&mut self, context: ContextId, key: Opt<T>, value: T) {
        self.set_value(context, key.name(), &value.into_value());
    }

    /// As [`set_option`](Self::set_option), by name.
    ///
    /// # Panics
    ///
    /// If the protocol has no such option, the value does not fit its row, or the protocol refuses it.
    pub fn set_value(&mut self, context: ContextId, name: &str, value: &Value) {
        let set = self.try_set_value(context, name, value);
        set.expect("the protocol takes the value");
    }

    /// As [`set_option`](Self::set_option), where the protocol may refuse the value.
    ///
    /// # Panics
    ///
    /// If the protocol has no such option, or the value does not fit its row.
    pub fn try_set_option<T: OptionType>(
        &mut self,
        context: ContextId,
        key: Opt<T>,
        value: T,
    ) -> Result<()> {
        self.try_set_value(context, key.name(), &value.into_value())
    }

    /// As [`try_set_option`](Self::try_set_option), by name.
    ///
    /// # Panics
    ///
    /// If the protocol has no such option, or the value does not fit its row.
    pub fn try_set_value(&mut self, context: ContextId, name: &str, value: &Value) -> Result<()> {
        let rows = self.protocol.info().options();
        let row = rows.iter().find(|row| row.name() == name);
        let row = row.expect("the protocol's table has the option");
        row.check(value).expect("the value fits");
        self.raw_event(Event::option_set(context, row.name(), value));
        let refused = self.world.failure.take();
        self.settle();
        refused.map_or(Ok(()), Err)
    }

    /// Lets time pass; timers that fall due fire in their order, each at its time.
    pub fn advance(&mut self, by: Duration) {
        let until = self.world.now + by;
        let mut fired = 0;
        while let Some((due, timer)) = self.world.next_timer()
            && due <= until
        {
            fired += 1;
            assert!(fired < WAKES_MAX, "timers without end: {:?}", self.protocol);
            self.world.now = self.world.now.max(due);
            self.world.timers.remove(&timer);
            self.event(Event::Timer(timer));
        }
        self.world.now = until;
    }

    /// The socket closes: waiting operations end, no further ones may be started.
    pub fn close(&mut self) {
        self.world.end_waiters(ErrorKind::Closed);
        self.event(Event::Closing);
    }

    /// Lets each context's queue hold so many messages (default: no limit). Only
    /// [`Cx::queue_or_drop`](crate::Cx::queue_or_drop) minds.
    pub fn set_queue_limit(&mut self, messages: usize) {
        self.world.queue_limit = messages;
    }

    /// Loads the dice: the protocol's next throw shows this.
    pub fn load_dice(&mut self, throw: u32) {
        self.world.loaded.push_back(throw);
    }

    // ---- what the protocol did ----

    /// The present.
    pub fn now(&self) -> Time {
        self.world.now
    }

    /// Timers that are set, and when they are due.
    pub fn timers(&self) -> Vec<(TimerId, Time)> {
        let timers = self.world.timers.iter();
        timers.map(|(timer, due)| (*timer, *due)).collect()
    }

    /// The effects since the last call, in their order.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.world.effects)
    }

    /// How often the protocol tried to hand a message to a pipe, with success or without.
    pub fn attempts(&self) -> usize {
        self.world.attempts
    }

    /// How many messages were dropped for this reason.
    pub fn dropped(&self, why: DropReason) -> usize {
        let dropped = self.world.dropped.iter();
        dropped.filter(|(reason, _)| *reason == why).count()
    }

    /// The messages that were dropped since the last call, and why.
    pub fn take_dropped(&mut self) -> Vec<(DropReason, Message)> {
        std::mem::take(&mut self.world.dropped)
    }

    /// Messages that wait in the receive queue of a context.
    pub fn queued(&self, context: ContextId) -> usize {
        self.world.queued(context)
    }

    /// Messages that wait to be received: in queues, and in the inboxes of paused pipes.
    pub fn held(&self) -> usize {
        self.world.held()
    }

    /// Messages that ever arrived.
    pub fn received(&self) -> usize {
        self.world.received
    }

    /// Messages that were handed to receives.
    pub fn delivered(&self) -> usize {
        self.world.delivered
    }

    /// An event, and what the runtime does because of it.
    fn event(&mut self, event: Event<'_>) {
        self.raw_event(event);
        self.settle();
    }

    /// Runs what the protocol's effects lead to, until nothing is left to do.
    fn settle(&mut self) {
        for _ in 0..WAKES_MAX {
            if let Some(pipe) = self.world.closing.pop_front() {
                if self.world.lines.remove(&pipe).is_some() {
                    self.raw_event(Event::pipe_removed(pipe));
                }
            } else if let Some(pipe) = self.world.resumed.pop_front() {
                self.deliver(pipe);
            } else if let Some(wake) = self.world.wakes.pop_front() {
                // One waiter a wake; each success lets the next one try.
                let (Wake::Readable(context) | Wake::Writable(context)) = wake;
                while self.retry(context, matches!(wake, Wake::Writable(_))) {}
            } else {
                return;
            }
        }
        panic!("the protocol wakes waiters for ever: {:?}", self.protocol);
    }

    /// Repeats the event of a context's first waiting sender or receiver. Whether that ended it.
    fn retry(&mut self, context: ContextId, is_sender: bool) -> bool {
        let Some((op, waiter)) = self.world.take_first(context, is_sender) else {
            return false;
        };
        let outcome = match waiter {
            Waiter::Sender(message) => self.try_send(context, message.expect("a sender's message")),
            Waiter::Receiver => self.try_recv(context),
        };
        match outcome {
            Outcome::Waits(message) => {
                self.world.put_back(context, op, is_sender, message);
                false
            }
            outcome => {
                self.world.done.insert(op, outcome);
                true
            }
        }
    }

    fn try_send(&mut self, context: ContextId, message: Message) -> Outcome {
        let mut slot = Some(message);
        self.raw_event(Event::send(context, &mut slot));
        match (self.world.failure.take(), slot) {
            (None, None) => Outcome::Done(None),
            (None, refused) => {
                self.world.refused.insert((context, true));
                Outcome::Waits(refused)
            }
            (Some(error), Some(back)) => Outcome::Failed(error, Some(back)),
            (Some(error), None) => panic!("the protocol took the message and failed: {error}"),
        }
    }

    fn try_recv(&mut self, context: ContextId) -> Outcome {
        let mut slot = None;
        if self.protocol.info().wants_recv() {
            self.raw_event(Event::recv(context, &mut slot));
        } else {
            slot = self.world.dequeue_from(context);
        }
        match (self.world.failure.take(), slot) {
            (None, None) => {
                self.world.refused.insert((context, false));
                Outcome::Waits(None)
            }
            (None, Some(mut message)) => {
                message.fold();
                self.world.delivered += 1;
                Outcome::Done(Some(message))
            }
            (Some(error), None) => Outcome::Failed(error, None),
            (Some(error), Some(_)) => panic!("the protocol filled the slot and failed: {error}"),
        }
    }

    /// Gives the protocol what is in a pipe's inbox.
    fn deliver(&mut self, pipe: PipeId) {
        let Some(line) = self.world.lines.get_mut(&pipe) else {
            return;
        };
        if line.paused || line.inbox.is_empty() {
            return;
        }
        let mut inbox = std::mem::take(&mut line.inbox);
        self.raw_event(Event::received(pipe, &mut inbox));
        match self.world.lines.get_mut(&pipe) {
            Some(line) if line.paused => line.inbox = inbox,
            _ => self.world.ignore(inbox),
        }
    }
}

/// Runs `with` under effects that lead nowhere but have dice of this seed: for tests of toolkit pieces.
pub fn with_cx<T>(seed: u64, with: impl FnOnce(&mut Cx<'_>) -> T) -> T {
    with(&mut Cx::new(&mut World::new(seed)))
}

impl Outcome {
    /// The received message's body.
    ///
    /// # Panics
    ///
    /// If the operation waits, failed, or was a send.
    #[track_caller]
    pub fn body(self) -> Bytes {
        match self {
            Self::Done(Some(message)) => message.to_payload(),
            other => panic!("not a received message: {other:?}"),
        }
    }

    /// Why the operation failed.
    pub fn error(&self) -> Option<ErrorKind> {
        match self {
            Self::Failed(error, _) => Some(error.kind()),
            _ => None,
        }
    }

    /// Whether the operation succeeded.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Whether the operation would have to wait.
    pub fn waits(&self) -> bool {
        matches!(self, Self::Waits(_))
    }
}

/// So that what a [`ProtocolPlugin`](crate::ProtocolPlugin) builds can be harnessed.
impl<P: Protocol + ?Sized> Protocol for Box<P> {
    fn info(&self) -> &'static ProtocolInfo {
        (**self).info()
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        (**self).on_event(cx, event);
    }
}

#[cfg(test)]
mod tests;
