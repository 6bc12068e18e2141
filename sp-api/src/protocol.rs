//! What a protocol is: a state machine that turns events into effects.
//!
//! A protocol does no I/O, reads no clock, starts no thread. The runtime calls [`Protocol::on_event`] under the
//! socket's lock, one event at a time, never from within an effect; the protocol answers through [`Cx`], whose effects
//! happen at once. So a recording of events replays a bug, and a fuzzer needs no network.
//!
//! # A waiting operation holds no message
//!
//! [`Event::Send`] and [`Event::Recv`] lend the caller's slot. A protocol takes the message out of a send's slot if it
//! can place it now, and leaves it there otherwise; it fills a receive's slot or leaves it empty. The runtime then lets
//! the caller wait, and repeats the same event after [`Cx::writable`] or [`Cx::readable`]. A message changes hands only
//! inside such a call, so a caller that stops waiting loses nothing.
//!
//! # What runs where
//!
//! [`Cx::queue`] puts a message into the runtime's receive queue: one lane per pipe, served round robin, limited in
//! messages and bytes. A pipe whose lane is full is not read until half of it is empty again; [`Cx::queue_or_drop`]
//! drops messages instead. Protocols that declare
//! [`ProtocolInfo::answers_recv`] are asked for each receive and take from that queue by [`Cx::dequeue`]; the others
//! never hear of receives.

use std::{fmt, time::Duration};

use crate::{
    ContextId, Error, ErrorKind, Inbox, Message, OptSpec, PipeFacts, PipeId, Time, TimerId, Value,
};

/// A protocol's state machine: one per socket.
///
/// # Contract
///
/// * Unknown events are ignored (`_ => {}`): that is what lets the API grow.
/// * No event, in any order, may make it panic, block, or allocate without bound.
/// * A panic is caught: the socket fails with an error that names the crate; other sockets live on.
pub trait Protocol: Send + fmt::Debug {
    /// What the protocol is. The same answer every time.
    fn info(&self) -> &'static ProtocolInfo;

    /// Takes one event. Effects through `cx` happen at once and in order; they never call back into the protocol.
    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>);
}

/// What a protocol is, in a `static`.
#[derive(Clone, Debug)]
pub struct ProtocolInfo {
    name: &'static str,
    number: u16,
    peer: u16,
    sends: bool,
    receives: bool,
    contexts: bool,
    answers_recv: bool,
    raw: bool,
    local_header: bool,
    forwards: bool,
    options: &'static [OptSpec],
    doc: &'static str,
}

impl ProtocolInfo {
    /// A protocol with this name that announces `number` and connects to peers that announce `peer`
    /// (sp-protocol-ids-01: protocol * 16 + role). It sends and receives, without contexts.
    pub const fn new(name: &'static str, number: u16, peer: u16) -> Self {
        Self {
            name,
            number,
            peer,
            sends: true,
            receives: true,
            contexts: false,
            answers_recv: false,
            raw: false,
            local_header: false,
            forwards: false,
            options: &[],
            doc: "",
        }
    }

    /// One sentence on what it is for.
    #[must_use]
    pub const fn doc(mut self, text: &'static str) -> Self {
        self.doc = text;
        self
    }

    /// It only sends: receiving is an error before the protocol hears of it.
    #[must_use]
    pub const fn send_only(mut self) -> Self {
        self.receives = false;
        self
    }

    /// It only receives: sending is an error before the protocol hears of it.
    #[must_use]
    pub const fn recv_only(mut self) -> Self {
        self.sends = false;
        self
    }

    /// It can hold several conversations: users may open contexts.
    #[must_use]
    pub const fn with_contexts(mut self) -> Self {
        self.contexts = true;
        self
    }

    /// It wants [`Event::Recv`] for each receive, because it acts on it (REQ, REP). Without this, receives are
    /// served from the queue and the protocol is not called, which is faster.
    #[must_use]
    pub const fn answers_recv(mut self) -> Self {
        self.answers_recv = true;
        self
    }

    /// It leaves protocol headers to the application.
    #[must_use]
    pub const fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// The header of its messages, raw as it is, names pipes of its own socket (BUS): a device drops it on the way to
    /// another socket, and keeps it where it forwards within one.
    #[must_use]
    pub const fn local_header(mut self) -> Self {
        self.local_header = true;
        self
    }

    /// It forwards what it receives to its other peers by itself (STAR): a device must not do it again on one socket.
    #[must_use]
    pub const fn forwards(mut self) -> Self {
        self.forwards = true;
        self
    }

    /// The options of its own.
    #[must_use]
    pub const fn with_options(mut self, table: &'static [OptSpec]) -> Self {
        self.options = table;
        self
    }

    /// The name sockets are opened by.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The number it announces.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// The number its peers announce.
    pub fn peer(&self) -> u16 {
        self.peer
    }

    /// Whether sockets of it can send.
    pub fn can_send(&self) -> bool {
        self.sends
    }

    /// Whether sockets of it can receive.
    pub fn can_recv(&self) -> bool {
        self.receives
    }

    /// Whether it has contexts.
    pub fn has_contexts(&self) -> bool {
        self.contexts
    }

    /// Whether it wants [`Event::Recv`].
    pub fn wants_recv(&self) -> bool {
        self.answers_recv
    }

    /// Whether it is raw.
    pub fn is_raw(&self) -> bool {
        self.raw
    }

    /// Whether its header means something to its own socket alone.
    pub fn has_local_header(&self) -> bool {
        self.local_header
    }

    /// Whether it forwards by itself.
    pub fn is_forwarding(&self) -> bool {
        self.forwards
    }

    /// The options of its own.
    pub fn options(&self) -> &'static [OptSpec] {
        self.options
    }

    /// What it is for.
    pub fn summary(&self) -> &'static str {
        self.doc
    }
}

/// What happens to a protocol.
///
/// The enum and its payloads may grow; payloads have constructors so that harnesses can make them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A peer of the right protocol is there. Refuse it by [`Cx::close`].
    PipeAdded(PipeAdded<'a>),
    /// The pipe is gone; its id is no longer valid. Follows every `PipeAdded` exactly once, refused pipes included.
    PipeRemoved(PipeRemoved),
    /// The pipe takes messages again, after it refused one ([`Cx::try_send`] returned false).
    PipeWritable(PipeWritable),
    /// Messages came over the pipe. What is left in the batch when the event returns is dropped and counted,
    /// unless the pipe is paused: then it stays and comes again after [`Cx::resume`].
    Received(Received<'a>),
    /// A context opened. The socket's own ([`ContextId::SOCKET`]) is there from the start, without an event.
    ContextOpened(ContextId),
    /// A context closed; its queue and waiters are gone already.
    ContextClosed(ContextId),
    /// Somebody sends. Take the message if it can be placed now; leave it otherwise, and call [`Cx::writable`] when
    /// the same send could succeed. [`Cx::fail`] refuses it for good and hands it back.
    Send(SendRequest<'a>),
    /// Somebody receives (only with [`ProtocolInfo::answers_recv`]). Fill the slot, or leave it and call
    /// [`Cx::readable`] when there is something. [`Cx::fail`] ends the receive with an error.
    Recv(RecvRequest<'a>),
    /// Somebody polls for sending: say whether a send would succeed now. See [`ReadyRequest`].
    CanSend(ReadyRequest<'a>),
    /// Somebody polls for receiving (only with [`ProtocolInfo::answers_recv`]): say whether a receive would succeed
    /// now. See [`ReadyRequest`].
    CanRecv(ReadyRequest<'a>),
    /// An option of the protocol's table changes; kind and range are checked. [`Cx::fail`] refuses the value: whoever
    /// sets it gets the error, and the option stays as it was.
    OptionSet(OptionSet<'a>),
    /// A timer set by [`Cx::set_timer`] is due. It is no longer set.
    Timer(TimerId),
    /// The socket closes: no further `Send` or `Recv` follows. What was accepted may still go out.
    Closing,
}

/// Payload of [`Event::PipeAdded`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PipeAdded<'a> {
    /// The new pipe.
    pub pipe: PipeId,
    /// Who is at the other end, and what the connection is like.
    pub facts: &'a PipeFacts,
}

/// Payload of [`Event::PipeRemoved`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PipeRemoved {
    /// The pipe that went.
    pub pipe: PipeId,
}

/// Payload of [`Event::PipeWritable`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PipeWritable {
    /// The pipe that takes messages again.
    pub pipe: PipeId,
}

/// Payload of [`Event::Received`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Received<'a> {
    /// The pipe they came over. Each message knows it too.
    pub pipe: PipeId,
    /// The messages, oldest first; protocol headers are at the front of each ([`Message::pull_word`]).
    pub messages: &'a mut Inbox,
}

/// Payload of [`Event::Send`].
#[derive(Debug)]
#[non_exhaustive]
pub struct SendRequest<'a> {
    /// Who sends.
    pub context: ContextId,
    /// The message: `Some` when the event starts.
    pub message: &'a mut Option<Message>,
}

/// Payload of [`Event::Recv`].
#[derive(Debug)]
#[non_exhaustive]
pub struct RecvRequest<'a> {
    /// Who receives.
    pub context: ContextId,
    /// Where the message goes: `None` when the event starts.
    pub message: &'a mut Option<Message>,
}

/// Payload of [`Event::CanSend`] and [`Event::CanRecv`]: a user polls a descriptor that is readable while the operation
/// would succeed.
///
/// Asked after every event, as long as there is such a descriptor. So the answer must be cheap, must change nothing that
/// users could see, and must be true until the next event. A pipe's own answer is [`Cx::can_send`].
///
/// An operation that would fail is not ready, as in nanomsg (replying without a request), unless the failure is what a
/// receiver waits for (the end of a survey). The runtime itself says that all is ready on a closed socket.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReadyRequest<'a> {
    /// Who polls.
    pub context: ContextId,
    /// Where the answer goes. Left at `None`, the runtime guesses: an operation is ready until one had to wait, and again
    /// after [`Cx::writable`] or [`Cx::readable`]; a receive also while the context's queue holds something.
    pub ready: &'a mut Option<bool>,
}

/// Payload of [`Event::OptionSet`].
#[derive(Debug)]
#[non_exhaustive]
pub struct OptionSet<'a> {
    /// Whose value it is.
    pub context: ContextId,
    /// The option's name.
    pub name: &'static str,
    /// Its new value, of the kind and in the range its row says.
    pub value: &'a Value,
}

impl<'a> Event<'a> {
    /// An [`Event::PipeAdded`].
    pub fn pipe_added(pipe: PipeId, facts: &'a PipeFacts) -> Self {
        Self::PipeAdded(PipeAdded { pipe, facts })
    }

    /// An [`Event::PipeRemoved`].
    pub fn pipe_removed(pipe: PipeId) -> Self {
        Self::PipeRemoved(PipeRemoved { pipe })
    }

    /// An [`Event::PipeWritable`].
    pub fn pipe_writable(pipe: PipeId) -> Self {
        Self::PipeWritable(PipeWritable { pipe })
    }

    /// An [`Event::Received`].
    pub fn received(pipe: PipeId, messages: &'a mut Inbox) -> Self {
        Self::Received(Received { pipe, messages })
    }

    /// An [`Event::Send`].
    pub fn send(context: ContextId, message: &'a mut Option<Message>) -> Self {
        Self::Send(SendRequest { context, message })
    }

    /// An [`Event::Recv`].
    pub fn recv(context: ContextId, message: &'a mut Option<Message>) -> Self {
        Self::Recv(RecvRequest { context, message })
    }

    /// An [`Event::CanSend`].
    pub fn can_send(context: ContextId, ready: &'a mut Option<bool>) -> Self {
        Self::CanSend(ReadyRequest { context, ready })
    }

    /// An [`Event::CanRecv`].
    pub fn can_recv(context: ContextId, ready: &'a mut Option<bool>) -> Self {
        Self::CanRecv(ReadyRequest { context, ready })
    }

    /// An [`Event::OptionSet`].
    pub fn option_set(context: ContextId, name: &'static str, value: &'a Value) -> Self {
        Self::OptionSet(OptionSet {
            context,
            name,
            value,
        })
    }
}

/// What a full queue drops for a newcomer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The newcomer itself.
    DropNewest,
    /// What would be received next.
    DropOldest,
}

/// Why a message was dropped: what the drop counters are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// No peer was there to take it.
    NoPeer,
    /// The pipe or queue it was for was full.
    QueueFull,
    /// It had too many hops behind it.
    Ttl,
    /// Its protocol header is not well-formed.
    Malformed,
    /// It answers a request that nobody waits for any more.
    LateReply,
    /// It answers a survey that is over.
    StaleSurvey,
    /// It is larger than the receive limit: its connection was closed.
    Oversize,
    /// Nobody subscribed to it.
    NoSubscriber,
    /// It was in flight, or waiting, when its pipe or socket went.
    PipeGone,
    /// The protocol left it in its batch.
    Ignored,
}

impl DropReason {
    /// Every reason there is.
    pub const ALL: [Self; 10] = [
        Self::NoPeer,
        Self::QueueFull,
        Self::Ttl,
        Self::Malformed,
        Self::LateReply,
        Self::StaleSurvey,
        Self::Oversize,
        Self::NoSubscriber,
        Self::PipeGone,
        Self::Ignored,
    ];

    /// A stable name for logs and statistics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPeer => "no-peer",
            Self::QueueFull => "queue-full",
            Self::Ttl => "ttl",
            Self::Malformed => "malformed",
            Self::LateReply => "late-reply",
            Self::StaleSurvey => "stale-survey",
            Self::Oversize => "oversize",
            Self::NoSubscriber => "no-subscriber",
            Self::PipeGone => "pipe-gone",
            Self::Ignored => "ignored",
        }
    }
}

/// What a protocol can do, during one event. Every effect happens at once.
#[derive(Debug)]
pub struct Cx<'a> {
    effects: &'a mut dyn Effects,
}

impl<'a> Cx<'a> {
    /// For runtimes and harnesses.
    #[doc(hidden)]
    pub fn new(effects: &'a mut dyn Effects) -> Self {
        Self { effects }
    }

    /// The time of this event: read once, at the first call.
    pub fn now(&mut self) -> Time {
        self.effects.now()
    }

    /// 32 random bits; the same ones again in a simulated run with the same seed.
    pub fn random(&mut self) -> u32 {
        self.effects.random()
    }

    /// Hands a message to a pipe. True: taken, the slot is empty. False: the pipe has no room (or is gone); the slot is
    /// untouched, and [`Event::PipeWritable`] will follow if the pipe still lives.
    #[must_use = "a refused message is still in its slot"]
    pub fn try_send(&mut self, pipe: PipeId, message: &mut Option<Message>) -> bool {
        self.effects.try_send(pipe, message)
    }

    /// Whether [`try_send`](Self::try_send) to the pipe would take a message now. A pipe that says no announces
    /// itself by [`Event::PipeWritable`].
    pub fn can_send(&mut self, pipe: PipeId) -> bool {
        self.effects.can_send(pipe)
    }

    /// Takes back the oldest message that was handed to the pipe and waits there: for a protocol that would rather drop
    /// that one than another. `None`: nothing waits, or the pipe is gone. What the pipe began to send it does not give
    /// back. A pipe without room has something that waits.
    pub fn take_back(&mut self, pipe: PipeId) -> Option<Message> {
        self.effects.take_back(pipe)
    }

    /// Stops delivery from a pipe at once; the rest of its batch stays in the inbox.
    pub fn pause(&mut self, pipe: PipeId) {
        self.effects.pause(pipe);
    }

    /// Lets a paused pipe deliver again.
    pub fn resume(&mut self, pipe: PipeId) {
        self.effects.resume(pipe);
    }

    /// Refuses or drops a peer. [`Event::PipeRemoved`] follows.
    pub fn close(&mut self, pipe: PipeId, why: ErrorKind) {
        self.effects.close(pipe, why);
    }

    /// Puts a received message into a context's queue and wakes one receiver. What the lane cannot hold pauses the pipe
    /// it came over; the message itself is always taken.
    pub fn queue(&mut self, context: ContextId, message: Message) {
        self.effects.queue(context, message);
    }

    /// Queues a whole batch at the price of one message.
    pub fn queue_all(&mut self, context: ContextId, messages: &mut Inbox) {
        self.effects.queue_all(context, messages);
    }

    /// Puts a received message into a context's queue without ever pausing its pipe: if the queue, all lanes
    /// together, is at its limit, a message is dropped instead, and counted as [`DropReason::QueueFull`]. A newcomer
    /// whose lane is empty is taken in any case, so no peer is shut out by others.
    pub fn queue_or_drop(&mut self, context: ContextId, message: Message, what: Overflow) {
        self.effects.queue_or_drop(context, message, what);
    }

    /// Takes the next message of a context's queue, lane by lane in turn.
    pub fn dequeue(&mut self, context: ContextId) -> Option<Message> {
        self.effects.dequeue(context)
    }

    /// Whether a context's queue holds anything.
    pub fn has_queued(&mut self, context: ContextId) -> bool {
        self.effects.has_queued(context)
    }

    /// Drops what waits in a context's queue and is not to be kept, and counts it. The rest stays where it is, whatever
    /// the queue's limit.
    pub fn retain(
        &mut self,
        context: ContextId,
        why: DropReason,
        mut keep: impl FnMut(&Message) -> bool,
    ) {
        self.effects.retain(context, why, &mut keep);
    }

    /// Empties a context's queue, counting what it held.
    pub fn clear_queue(&mut self, context: ContextId, why: DropReason) {
        while let Some(message) = self.effects.dequeue(context) {
            self.effects.discard(message, why);
        }
    }

    /// Lets a waiting receiver of the context try again.
    pub fn readable(&mut self, context: ContextId) {
        self.effects.readable(context);
    }

    /// Lets a waiting sender of the context try again.
    pub fn writable(&mut self, context: ContextId) {
        self.effects.writable(context);
    }

    /// Ends the operation of the current [`Event::Send`], [`Event::Recv`] or [`Event::OptionSet`] with this error. A
    /// message still in a send's slot goes back to the caller.
    pub fn fail(&mut self, error: impl Into<Error>) {
        self.effects.fail(error.into());
    }

    /// Ends the waiting receivers of a context with this error (REQ: a new request cancels the old one).
    pub fn fail_waiting(&mut self, context: ContextId, error: impl Into<Error>) {
        self.effects.fail_waiting(context, error.into());
    }

    /// Sets a timer, or moves one that is set. [`Event::Timer`] comes once, not before `after` has passed.
    pub fn set_timer(&mut self, timer: TimerId, after: Duration) {
        self.effects.set_timer(timer, after);
    }

    /// Takes a timer back. It does not fire any more, even if it is due already.
    pub fn clear_timer(&mut self, timer: TimerId) {
        self.effects.clear_timer(timer);
    }

    /// Says that what a context sent before went out again, for the n-th time with the first: it is counted.
    pub fn resent(&mut self, context: ContextId, attempts: u32) {
        self.effects.resent(context, attempts);
    }

    /// Drops a message that came from a peer, and counts it, for the pipe it came over too.
    pub fn discard(&mut self, message: Message, why: DropReason) {
        self.effects.discard(message, why);
    }

    /// Drops a message on its way to a peer, and counts it, for its pipe too if it was for a certain one.
    pub fn drop_unsent(&mut self, pipe: Option<PipeId>, message: Message, why: DropReason) {
        self.effects.drop_unsent(pipe, message, why);
    }
}

/// What stands behind [`Cx`]: implemented by the runtime and by harnesses, never by plugins.
#[doc(hidden)]
#[allow(missing_docs)]
pub trait Effects: fmt::Debug {
    fn now(&mut self) -> Time;
    fn random(&mut self) -> u32;
    fn try_send(&mut self, pipe: PipeId, message: &mut Option<Message>) -> bool;
    fn can_send(&mut self, pipe: PipeId) -> bool;
    fn take_back(&mut self, pipe: PipeId) -> Option<Message>;
    fn pause(&mut self, pipe: PipeId);
    fn resume(&mut self, pipe: PipeId);
    fn close(&mut self, pipe: PipeId, why: ErrorKind);
    fn queue(&mut self, context: ContextId, message: Message);
    fn queue_all(&mut self, context: ContextId, messages: &mut Inbox);
    fn queue_or_drop(&mut self, context: ContextId, message: Message, what: Overflow);
    fn dequeue(&mut self, context: ContextId) -> Option<Message>;
    fn has_queued(&mut self, context: ContextId) -> bool;
    fn retain(
        &mut self,
        context: ContextId,
        why: DropReason,
        keep: &mut dyn FnMut(&Message) -> bool,
    );
    fn readable(&mut self, context: ContextId);
    fn writable(&mut self, context: ContextId);
    fn fail(&mut self, error: Error);
    fn fail_waiting(&mut self, context: ContextId, error: Error);
    fn set_timer(&mut self, timer: TimerId, after: Duration);
    fn clear_timer(&mut self, timer: TimerId);
    fn resent(&mut self, context: ContextId, attempts: u32);
    fn discard(&mut self, message: Message, why: DropReason);
    fn drop_unsent(&mut self, pipe: Option<PipeId>, message: Message, why: DropReason);
}
