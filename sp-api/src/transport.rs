//! What a transport is: objects that the runtime polls, in the manner of a future.
//!
//! A [`Transport`] makes [`Connecting`]s and [`Listener`]s; both end in [`Pipe`]s, which carry whole messages. How a
//! pipe does that is its own affair: a socket of its own, one shared by many pipes, a ring in memory, no descriptor at
//! all. Byte streams have a toolkit: [`crate::stream`].
//!
//! # The poll contract
//!
//! * A poll call never blocks and returns within a millisecond. Name resolution goes through [`IoCx::resolve`].
//! * "Nothing now" ([`Poll::Pending`], [`Progress::Drained`]) means: a registered source, a [`Notifier`], a timer or a
//!   lookup will have the object polled again. Nothing else will.
//! * Readiness is edge-triggered and may be spurious: go on until the system says "would block".
//! * All registration goes through [`IoCx`]. It belongs to the object: when the object goes, it goes too. A
//!   [`Connecting`] passes its registration on to the [`Pipe`] it yields.
//! * After an error or a finished close an object is not polled again. Errors of a pipe close the pipe; those of a
//!   listener that pass by themselves ([`Error::is_transient`](crate::Error::is_transient)) make the runtime wait and try again.
//! * A panic closes the object, with an error that names the crate; everything else lives on.

use std::{
    fmt, io,
    sync::{Arc, Weak},
    task::{Poll, Wake, Waker},
    time::Duration,
};

use mio::{Interest, event::Source};

use crate::{
    Address, Chunk, EndpointId, Inbox, Lookup, Memory, Message, OptSpec, Options, Result,
    SharedState, Time, TimerId, option::LiveOptions,
};

/// A transport: a stateless factory, in a `static`.
///
/// The runtime calls it from any thread, several at a time; it holds no lock then. What a transport keeps (names, a shared
/// descriptor) is kept per runtime, in [`EndpointConfig::state`], never in a `static` of its own: two runtimes in one
/// process know nothing of each other.
pub trait Transport: Send + Sync + fmt::Debug {
    /// What the transport is. The same answer every time.
    fn info(&self) -> &'static TransportInfo;

    /// Prepares a connection. Checks scheme, grammar and options; does no I/O and never blocks: the first poll does.
    /// An error here is the caller's mistake and is reported by `dial` itself; all else is an event and a redial.
    ///
    /// Called once for each attempt: when the user dials, and again after each failure and each lost pipe, with the
    /// same address and options. So it must not consume anything that a second attempt needs.
    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>>;

    /// Binds to an address. An address in use, a missing directory, a missing right are errors here, at once.
    ///
    /// Called once for each `listen` of the user, on the user's thread. It may make the few system calls that binding
    /// takes, and none that wait. Nothing is registered yet: that happens in the first
    /// [`poll_accept`](Listener::poll_accept). If it fails, nothing may be left behind (no file, no name).
    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>>;
}

/// What a transport is, in a `static`.
#[derive(Clone, Debug)]
pub struct TransportInfo {
    schemes: &'static [&'static str],
    options: &'static [OptSpec],
    doc: &'static str,
    stream: Option<StreamKind>,
}

/// What runs on the wire of a byte-stream transport, so that a tester can speak it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamKind {
    /// sp-tcp-mapping-01 over TCP, at `host:port`.
    Tcp,
    /// sp-ipc-mapping-01 over a Unix stream socket, at a path.
    Ipc,
}

impl TransportInfo {
    /// A transport that answers to these schemes.
    pub const fn new(schemes: &'static [&'static str]) -> Self {
        Self {
            schemes,
            options: &[],
            doc: "",
            stream: None,
        }
    }

    /// One sentence on what it is for.
    #[must_use]
    pub const fn doc(mut self, text: &'static str) -> Self {
        self.doc = text;
        self
    }

    /// The options of its own.
    #[must_use]
    pub const fn with_options(mut self, table: &'static [OptSpec]) -> Self {
        self.options = table;
        self
    }

    /// It speaks a standard mapping on a standard carrier: the kit then tests it from outside as well.
    #[must_use]
    pub const fn speaks(mut self, kind: StreamKind) -> Self {
        self.stream = Some(kind);
        self
    }

    /// Its schemes.
    pub fn schemes(&self) -> &'static [&'static str] {
        self.schemes
    }

    /// The options of its own.
    pub fn options(&self) -> &'static [OptSpec] {
        self.options
    }

    /// What it is for.
    pub fn summary(&self) -> &'static str {
        self.doc
    }

    /// What it speaks on a standard carrier, if anything.
    pub fn stream_kind(&self) -> Option<StreamKind> {
        self.stream
    }
}

/// What a transport is told about the endpoint it makes.
#[derive(Debug)]
pub struct EndpointConfig<'a> {
    address: &'a Address,
    options: Arc<Options>,
    live: LiveConfig,
    state: &'a SharedState,
}

/// What a listener keeps of its [`EndpointConfig`], for the connections it accepts.
#[derive(Clone, Debug)]
pub struct LiveConfig {
    options: LiveOptions,
    protocol: u16,
    receives: bool,
}

impl<'a> EndpointConfig<'a> {
    /// For runtimes and harnesses.
    #[doc(hidden)]
    pub fn new(
        address: &'a Address,
        options: impl Into<LiveOptions>,
        protocol: u16,
        state: &'a SharedState,
    ) -> Self {
        let options = options.into();
        Self {
            address,
            options: options.now(),
            live: LiveConfig {
                options,
                protocol,
                receives: true,
            },
            state,
        }
    }

    /// For runtimes: whether the protocol receives.
    #[doc(hidden)]
    #[must_use]
    pub fn receiving(mut self, receives: bool) -> Self {
        self.live.receives = receives;
        self
    }

    /// Where to.
    pub fn address(&self) -> &Address {
        self.address
    }

    /// The endpoint's options: the common ones, the transport's own, with the socket's values as defaults.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The protocol number to announce. The runtime, not the transport, judges the peer's.
    pub fn protocol(&self) -> u16 {
        self.live.protocol
    }

    /// The same for later: with what is set then on the listener itself.
    pub fn live(&self) -> &LiveConfig {
        &self.live
    }

    /// What the transport keeps for the whole runtime, as inproc its names.
    pub fn state(&self) -> &SharedState {
        self.state
    }
}

impl LiveConfig {
    /// The options as they are now: those that change [at once or with the next connection](crate::option::Change) may
    /// have been set on the listener meanwhile.
    pub fn options(&self) -> Arc<Options> {
        self.options.now()
    }

    /// The protocol number to announce.
    pub fn protocol(&self) -> u16 {
        self.protocol
    }

    /// Whether the socket receives. Where it does not (PUSH, PUB), its peers send nothing.
    pub fn receives(&self) -> bool {
        self.receives
    }
}

/// Something bound to an address that yields connections.
///
/// Polled by whoever leads the socket, one call at a time. Dropping it unbinds: the address is free for the next `listen`
/// when the drop returns. The connections it yielded live on.
pub trait Listener: Send + fmt::Debug {
    /// The address in use, the system's choices (port 0) filled in. Asked once, right after `listen`.
    fn local_address(&self) -> Address;

    /// Accepts one connection. Cheap: negotiation belongs to the [`Connecting`], so that one slow client delays nobody.
    /// Called until it is pending; not called while the listener has its fill of connections.
    ///
    /// A connection that died before it was accepted is no error: skip it and look at the next. A
    /// [transient](crate::Error::is_transient) error (no descriptors) has the runtime rest a while and call again; any other
    /// closes the listener, with an event that says why.
    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>>;
}

/// A connection on its way: resolving, connecting, shaking hands.
///
/// The runtime gives it a time limit, the option `handshake-timeout`, and drops it then: the drop must end everything it had
/// under way. It bounds how many are in this state at a listener, so none has to defend itself against many.
pub trait Connecting: Send + fmt::Debug {
    /// Goes on; yields the pipe once it can carry messages. First called right after the object was made, then whenever it
    /// has a reason; never again after it was ready.
    ///
    /// The pipe it yields takes over its registration, its timers and its notifiers, and is polled at once, so what
    /// arrived behind the handshake is not lost. An error is an event: a dialer tries again after a pause, a listener
    /// goes on to the next. It must not judge the peer's protocol number: the runtime does, and says so to the user.
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>>;
}

/// Why [`Pipe::poll_recv`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a pipe that has more must be polled again"]
pub enum Progress {
    /// There is no more: wait for readiness.
    Drained,
    /// The inbox is full: call again when it has room, without waiting for anything.
    More,
}

/// A connection that carries messages.
///
/// Both directions go through the same object under one lock: a pipe whose writing needs reading (TLS) is natural.
///
/// No lock of the socket is held during a call, so a pipe may call any [`Notifier`], its own included; it must not call back
/// into a socket. An error from any call closes the pipe: what it had taken and not handed over is counted as lost, and
/// the object is dropped, outside of every lock. Dropping it without a close is what happens to an abandoned connection.
pub trait Pipe: Send + fmt::Debug {
    /// The peer and the connection. Asked once, when the pipe is new, before any other call; protocol plugins see it too.
    fn facts(&self) -> PipeFacts;

    /// Puts received messages into the inbox until there are no more or it [`is_full`](Inbox::is_full).
    /// [`IoCx::ready`] says why it is called; with no reason given the call is a guess, worth one attempt.
    /// An orderly end by the peer is an error of kind [`ErrorKind::Closed`](crate::ErrorKind::Closed); messages
    /// already in the inbox are delivered first.
    ///
    /// Not called while the protocol or a full queue pauses the pipe: then the carrier holds the peer up, and the pipe
    /// must not read ahead on its own. What it must keep of an incomplete message it reserves from [`IoCx::memory`]
    /// first, and by what has arrived, never by a length that was only claimed.
    fn poll_recv(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress>;

    /// Takes a message for sending, in order. Makes no system call: [`poll_flush`](Self::poll_flush) does.
    /// Pending leaves the message in its slot and means: flush first, or wait until it can go on.
    ///
    /// An empty slot asks for room alone. A message that can never be sent (longer than [`PipeFacts::max_message`]) is an
    /// error that says so, and costs the connection: nothing else would tell the user.
    fn poll_send(&mut self, io: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>>;

    /// Hands what was taken to the carrier. Ready: nothing is left. Pending: the carrier is full, and the pipe is polled
    /// when it takes more. Called after each batch of [`poll_send`](Self::poll_send), and with nothing to do, which costs
    /// nothing.
    fn poll_flush(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>>;

    /// Ends the connection in order: flushes, says goodbye, reads and discards to the peer's end, or until nothing that was
    /// sent can be lost any more. The runtime gives it a time limit and drops the pipe then. Called again until it is ready; nothing is sent or received after the
    /// first call.
    fn poll_close(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>>;

    /// What was taken and is not yet handed to the carrier. Cheap: asked after each flush, for the counters and for
    /// `close_with`, whose report is only as honest as this.
    fn pending(&self) -> PendingOut;
}

/// Messages and bytes on their way out of a pipe. A message counts until its last byte is handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingOut {
    /// Messages not completely handed to the carrier.
    pub messages: usize,
    /// Bytes not handed to the carrier.
    pub bytes: usize,
}

/// Who is at the other end of a pipe, and what the connection is like.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PipeFacts {
    /// The protocol number the peer announced.
    pub protocol: u16,
    /// Our end's address.
    pub local: Option<Address>,
    /// The peer's address.
    pub remote: Option<Address>,
    /// Who the peer is, where the system vouches for it.
    pub credentials: Option<Credentials>,
    /// Whether messages arrive unless the connection breaks.
    pub reliable: bool,
    /// Whether they arrive in the order they were sent.
    pub ordered: bool,
    /// The largest payload the carrier can take, if there is a limit.
    pub max_message: Option<usize>,
    /// Whether collecting several messages before a flush is worthwhile. Carriers without system calls say no and
    /// are flushed after each message.
    pub coalesces: bool,
    /// Whether we dialed. Filled in by the runtime.
    pub dialed: bool,
    /// The dialer or listener it came from. Filled in by the runtime.
    pub endpoint: EndpointId,
    /// Its endpoint's [`SEND_PRIORITY`](crate::options::SEND_PRIORITY), 1 to 16, the lowest first. Filled in by the
    /// runtime.
    pub send_priority: u8,
    /// Its endpoint's [`RECV_PRIORITY`](crate::options::RECV_PRIORITY), likewise. Filled in by the runtime, whose receive
    /// queue goes by it.
    pub recv_priority: u8,
}

impl PipeFacts {
    /// A reliable, ordered connection to a peer that announced this protocol.
    pub fn new(protocol: u16) -> Self {
        Self {
            protocol,
            local: None,
            remote: None,
            credentials: None,
            reliable: true,
            ordered: true,
            max_message: None,
            coalesces: true,
            dialed: false,
            endpoint: EndpointId::from_raw(0),
            send_priority: 8,
            recv_priority: 8,
        }
    }
}

/// A process, as the system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Process id, where known.
    pub pid: Option<i32>,
}

impl Credentials {
    /// The credentials of a process.
    pub fn new(uid: u32, gid: u32, pid: Option<i32>) -> Self {
        Self { uid, gid, pid }
    }
}

/// Why an object is polled. Several reasons may come together; none at all means that the runtime guesses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready(u8);

impl Ready {
    /// No reason: a guess.
    pub const NONE: Self = Self(0);
    /// A registered source became readable.
    pub const READABLE: Self = Self(1);
    /// A registered source became writable.
    pub const WRITABLE: Self = Self(2);
    /// The object's notifier rang, or a lookup is done.
    pub const NOTIFIED: Self = Self(4);
    /// A timer is due.
    pub const TIMER: Self = Self(8);
    /// The peer finished, or a registered source failed: read until the end. Edge-triggered readiness merges "bytes
    /// are here" with "and these were the last", and no further edge comes for the end. A runtime that keeps events
    /// back, for a pipe that is paused, passes this one on when it polls the pipe again.
    pub const CLOSED: Self = Self(16);
    /// The socket closes, and the pipe has more to send than it could take so far. What it receives is wanted no more: it
    /// reads and drops, so that a peer that waits for that goes on reading; and the peer's end is no reason to stop.
    pub const CLOSING: Self = Self(32);

    /// Whether all reasons of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any reason of `other` is among these.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no reason.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl std::ops::BitOr for Ready {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// The reactor, as one object sees it during one poll.
#[derive(Debug)]
pub struct IoCx<'a> {
    reactor: &'a mut dyn Reactor,
    ready: Ready,
}

impl<'a> IoCx<'a> {
    /// For runtimes and harnesses.
    #[doc(hidden)]
    pub fn new(reactor: &'a mut dyn Reactor, ready: Ready) -> Self {
        Self { reactor, ready }
    }

    /// Why the object is polled.
    pub fn ready(&self) -> Ready {
        self.ready
    }

    /// Watches a source for this object. Any number of sources may be watched. Register for READABLE, and add WRITABLE
    /// only while a write is blocked.
    pub fn register(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.reactor.register(source, interest)
    }

    /// Changes what a source is watched for. What is ready already is reported again.
    pub fn reregister(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.reactor.reregister(source, interest)
    }

    /// Stops watching a source: needed only for one that outlives its object.
    pub fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()> {
        self.reactor.deregister(source)
    }

    /// A handle that has this object polled, from any thread, with [`Ready::NOTIFIED`].
    pub fn notifier(&mut self) -> Notifier {
        self.reactor.notifier()
    }

    /// Has this object polled with [`Ready::TIMER`] once `after` has passed. Each id is a timer of its own.
    pub fn set_timer(&mut self, timer: TimerId, after: Duration) {
        self.reactor.set_timer(timer, after);
    }

    /// Takes a timer back.
    pub fn clear_timer(&mut self, timer: TimerId) {
        self.reactor.clear_timer(timer);
    }

    /// Resolves a host name in the background; the object is polled with [`Ready::NOTIFIED`] when it is done.
    pub fn resolve(&mut self, host: &str, port: u16) -> Lookup {
        self.reactor.resolve(host, port)
    }

    /// The time.
    pub fn now(&mut self) -> Time {
        self.reactor.now()
    }

    /// 32 random bits.
    pub fn random(&mut self) -> u32 {
        self.reactor.random()
    }

    /// A receive buffer, shared by all objects of the poller: a pipe that waits holds none.
    pub fn chunk(&mut self) -> &mut Chunk {
        self.reactor.chunk()
    }

    /// An empty buffer to collect bytes for sending in. Give it back when it is empty again.
    pub fn take_buffer(&mut self) -> bytes::BytesMut {
        self.reactor.take_buffer()
    }

    /// Returns a buffer.
    pub fn give_buffer(&mut self, buffer: bytes::BytesMut) {
        self.reactor.give_buffer(buffer);
    }

    /// The receive memory that all pipes of the runtime share. What a peer can make a pipe keep is reserved here.
    pub fn memory(&mut self) -> &Arc<Memory> {
        self.reactor.memory()
    }
}

/// What stands behind [`IoCx`]: implemented by runtimes and harnesses, never by plugins.
#[doc(hidden)]
#[allow(missing_docs)]
pub trait Reactor: fmt::Debug {
    fn register(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()>;
    fn reregister(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()>;
    fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()>;
    fn notifier(&mut self) -> Notifier;
    fn set_timer(&mut self, timer: TimerId, after: Duration);
    fn clear_timer(&mut self, timer: TimerId);
    fn resolve(&mut self, host: &str, port: u16) -> Lookup;
    fn now(&mut self) -> Time;
    fn random(&mut self) -> u32;
    fn chunk(&mut self) -> &mut Chunk;
    fn take_buffer(&mut self) -> bytes::BytesMut;
    fn give_buffer(&mut self, buffer: bytes::BytesMut);
    fn memory(&mut self) -> &Arc<Memory>;
}

/// Has one object polled, from any thread. It holds nothing alive; after the object is gone it does nothing.
#[derive(Clone)]
pub struct Notifier {
    target: Weak<dyn Notify>,
    object: u64,
}

/// The receiving end of notifiers: implemented by runtimes and harnesses.
#[doc(hidden)]
pub trait Notify: Send + Sync {
    /// Has the object polled.
    fn notify(&self, object: u64);
}

impl Notifier {
    /// For runtimes and harnesses.
    #[doc(hidden)]
    pub fn new(target: Weak<dyn Notify>, object: u64) -> Self {
        Self { target, object }
    }

    /// Has the object polled soon. Several calls before that count as one. Takes no lock of a socket's core, so it may
    /// be called from anywhere, other pipes' polls included.
    pub fn notify(&self) {
        if let Some(target) = self.target.upgrade() {
            target.notify(self.object);
        }
    }

    /// The same as a [`Waker`], so that any future which needs no executor of its own can live inside an object.
    pub fn into_waker(self) -> Waker {
        Waker::from(Arc::new(WakeObject(self)))
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notifier({:#x})", self.object)
    }
}

struct WakeObject(Notifier);

impl Wake for WakeObject {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}
