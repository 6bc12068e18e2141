//! Sockets as users have them.

use std::{fmt, panic::catch_unwind, sync::Arc, time::Duration};

use spkit_api::{
    Address, ContextId, Error, ErrorKind, Message, OptSpec, Options, PipeFacts, Protocol,
    ProtocolInfo, ProtocolPlugin, Result, SendError, Time, Value,
    option::{Opt, OptionType, Scope},
    options::{COMMON, LINGER},
};

#[cfg(unix)]
use crate::readiness::Readiness;
use crate::{
    context::Context,
    core::Direction,
    driver::{self, Shared, closing::CloseReport, operations::Patience},
    endpoint::{Dialer, Listener},
    event::SocketEvent,
    future::{RecvFuture, SendFuture},
    runtime::{Runtime, RuntimeInner, queue_limit},
    stats::{Snapshot, Stats},
    sync::lock,
};

/// A socket: speaks one protocol, over any number of dialers and listeners.
///
/// Handles are cheap to clone and can be used from any thread. When the last one goes, the socket closes in the
/// background, sending what it accepted for at most the option `linger`.
#[derive(Clone)]
pub struct Socket {
    handle: Arc<Handle>,
}

/// Closes the socket with its last handle.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let linger = lock(&self.shared.options).get(LINGER);
        self.shared.close(linger.unwrap_or_default());
    }
}

impl Socket {
    /// Opens a socket of a protocol, by name, in the program's shared runtime: `Socket::open("rep")?`.
    ///
    /// An unknown name is an error that lists what is linked.
    pub fn open(protocol: &str) -> Result<Self> {
        Runtime::shared()?.open(protocol)
    }

    pub(crate) fn start(
        runtime: &Arc<RuntimeInner>,
        plugin: &'static ProtocolPlugin,
        mut options: Options,
    ) -> Result<Self> {
        let limit = queue_limit(&options);
        let mut presets = options.clone();
        options.take_acts();
        let shared = Shared::start(
            Arc::clone(runtime),
            build(plugin)?,
            plugin.origin(),
            options,
            limit,
        )?;
        runtime.socket_opened(&shared);
        for row in COMMON {
            if let Some(value) = lock(&shared.options).value(row.name()) {
                shared.take_note(ContextId::SOCKET, row.name(), &value);
            }
        }
        let preset = shared.with_core(|hosted| hosted.core.preset(&mut presets));
        // If a value is refused, the handle that goes closes the socket.
        let handle = Arc::new(Handle { shared });
        preset.map(|()| Self { handle })
    }

    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    /// What its protocol is.
    pub fn protocol(&self) -> &'static ProtocolInfo {
        self.shared().info
    }

    // ---- endpoints

    /// Connects to an address, now and again whenever the connection is lost. Returns at once; only mistakes that need
    /// no I/O to see (scheme, grammar, options) are errors here. The rest are events, and another attempt.
    pub fn dial(&self, address: &str) -> Result<Dialer> {
        self.dial_with(address, |_| Ok(()))
    }

    /// As [`dial`](Self::dial), with options of this dialer's own.
    pub fn dial_with(
        &self,
        address: &str,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<Dialer> {
        let (address, plugin, options) = self.endpoint(address, Scope::Dialer, set)?;
        let id = self.shared().dial(&address, plugin, options)?;
        Ok(Dialer::new(Arc::clone(self.shared()), id, address))
    }

    /// Listens at an address. An address in use, a missing directory or right, bad grammar are errors here.
    pub fn listen(&self, address: &str) -> Result<Listener> {
        self.listen_with(address, |_| Ok(()))
    }

    /// As [`listen`](Self::listen), with options of this listener's own.
    pub fn listen_with(
        &self,
        address: &str,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<Listener> {
        let (address, plugin, options) = self.endpoint(address, Scope::Listener, set)?;
        let (id, local) = self.shared().listen(&address, plugin, options)?;
        Ok(Listener::new(Arc::clone(self.shared()), id, local))
    }

    fn endpoint(
        &self,
        address: &str,
        scope: Scope,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<(Address, &'static spkit_api::TransportPlugin, Options)> {
        let address = Address::parse(address)?;
        let registry = &self.shared().runtime.registry;
        let plugin = registry
            .transport(address.scheme())
            .map_err(|error| error.at(&address))?;
        let options = self
            .shared()
            .endpoint_options(plugin.transport().info(), scope, set)
            .map_err(|error| error.at(&address))?;
        Ok((address, plugin, options))
    }

    // ---- sending

    /// Sends, waiting for room as long as the option `send-timeout` says (for ever, unless set).
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        let patience = self.patience(Direction::Send);
        self.shared()
            .send(ContextId::SOCKET, &mut Some(message.into()), patience)
    }

    /// Sends if that needs no waiting.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.shared()
            .send(ContextId::SOCKET, &mut Some(message.into()), Patience::None)
    }

    /// Sends, waiting for room at most so long.
    pub fn send_timeout(
        &self,
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.shared().send(
            ContextId::SOCKET,
            &mut Some(message.into()),
            within(timeout),
        )
    }

    /// Sends, on any executor. Dropping the future before it is ready drops the message with it, unsent; nothing is
    /// sent in part.
    pub fn send_async(&self, message: impl Into<Message>) -> SendFuture {
        SendFuture::new(Arc::clone(&self.handle), ContextId::SOCKET, message.into())
    }

    /// A descriptor that is readable while a send would succeed at once. An error if the protocol does not send.
    #[cfg(unix)]
    pub fn send_ready(&self) -> Result<Readiness> {
        Readiness::open(&self.handle, ContextId::SOCKET, Direction::Send)
    }

    // ---- receiving

    /// Receives, waiting as long as the option `recv-timeout` says (for ever, unless set).
    pub fn recv(&self) -> Result<Message> {
        let patience = self.patience(Direction::Recv);
        self.shared().recv(ContextId::SOCKET, patience)
    }

    /// Receives if that needs no waiting.
    pub fn try_recv(&self) -> Result<Message> {
        self.shared().recv(ContextId::SOCKET, Patience::None)
    }

    /// Receives, waiting at most so long.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Message> {
        self.shared().recv(ContextId::SOCKET, within(timeout))
    }

    /// Receives, on any executor. Dropping the future at any point loses no message.
    pub fn recv_async(&self) -> RecvFuture {
        RecvFuture::new(Arc::clone(&self.handle), ContextId::SOCKET)
    }

    /// A descriptor that is readable while a receive would succeed at once. An error if the protocol does not receive.
    #[cfg(unix)]
    pub fn recv_ready(&self) -> Result<Readiness> {
        Readiness::open(&self.handle, ContextId::SOCKET, Direction::Recv)
    }

    fn patience(&self, direction: Direction) -> Patience {
        match self.shared().timeout(direction) {
            None => Patience::For(None),
            Some(timeout) => within(timeout),
        }
    }

    // ---- contexts

    /// Opens a conversation of its own, where the protocol has such (REQ, REP, SUB).
    pub fn context(&self) -> Result<Context> {
        Context::open(&self.handle)
    }

    // ---- options

    /// Sets an option. Name, kind, range and scope are checked; the error says what is allowed. The protocol may refuse
    /// a value of its own options as well (SUB: unsubscribing what was not subscribed).
    pub fn set<T: OptionType>(&self, key: Opt<T>, value: T) -> Result<()> {
        self.set_value(key.name(), value.into_value())
    }

    /// Sets an option from text: `socket.set_str("recv-timeout", "250ms")?`.
    pub fn set_str(&self, name: &str, text: &str) -> Result<()> {
        let value = self.shared().parse_option(name, text)?;
        self.set_value(name, value)
    }

    fn set_value(&self, name: &str, value: Value) -> Result<()> {
        let row = lock(&self.shared().options).row(name)?;
        self.shared().check_change(row)?;
        row.check(&value)?;
        self.shared().with_core(|hosted| {
            let core = &mut hosted.core;
            core.set_option(ContextId::SOCKET, row.name(), &value)
        })?;
        if !row.is_act() {
            self.shared()
                .take_note(ContextId::SOCKET, row.name(), &value);
            lock(&self.shared().options).set_value(name, value)?;
        }
        Ok(())
    }

    /// The value of an option; `None` if the socket does not know it.
    pub fn get<T: OptionType>(&self, key: Opt<T>) -> Option<T> {
        lock(&self.shared().options).get(key)
    }

    /// The tables of the options it knows.
    pub fn option_rows(&self) -> Vec<&'static OptSpec> {
        lock(&self.shared().options).rows().collect()
    }

    // ---- news

    /// The next event, if there is one. Events that nobody takes are kept up to a bound, then counted as lost.
    pub fn try_event(&self) -> Option<SocketEvent> {
        self.shared().next_event(Some(Time::from_nanos(0)))
    }

    /// The next event, waiting at most so long.
    pub fn next_event(&self, timeout: Duration) -> Option<SocketEvent> {
        self.shared().next_event(Some(driver::now() + timeout))
    }

    /// Waits until so many peers are connected.
    pub fn wait_for_peers(&self, peers: usize, timeout: Duration) -> Result<()> {
        let until = driver::now() + timeout;
        let there = self
            .shared()
            .wait_until(until, |shared| (shared.pipe_count() >= peers).then_some(()));
        there.ok_or_else(|| {
            let now = self.shared().pipe_count();
            Error::new(
                ErrorKind::TimedOut,
                format!("waiting for {peers} peers, {now} are connected"),
            )
        })
    }

    /// How many peers are connected at the moment.
    pub fn peers(&self) -> usize {
        self.shared().pipe_count()
    }

    /// What it did so far.
    pub fn stats(&self) -> Stats {
        self.shared().stats()
    }

    /// What it, its endpoints and its pipes did so far.
    pub fn snapshot(&self) -> Snapshot {
        self.shared().snapshot()
    }

    /// Has a hook look at each new peer of the right protocol before it becomes a pipe: its addresses, its credentials
    /// where the system vouches for them (ipc), the endpoint it came from. An error refuses it: the connection is
    /// closed and a [`SocketEvent::Refused`] tells why. Replaces the hook there was; peers already there stay.
    ///
    /// The hook may call any method of the socket that does not wait.
    pub fn admit(&self, hook: impl Fn(&PipeFacts) -> Result<()> + Send + Sync + 'static) {
        self.shared().set_admission(Arc::new(hook));
    }

    // ---- the end

    /// Closes: every blocked operation ends, on whatever thread. What was accepted goes on being sent in the background
    /// for at most the option `linger`.
    pub fn close(&self) {
        let linger = lock(&self.shared().options).get(LINGER);
        self.shared().close(linger.unwrap_or_default());
    }

    /// Closes, sends what was accepted for at most `drain`, waits for that, and accounts for the messages.
    ///
    /// It is over when each peer has ended its side, too: until then it may write, and what it has not read could be lost
    /// with that. The peers of a socket that only sends (PUSH, PUB) write nothing: there it is enough that their system has
    /// everything (tcp on Linux, ipc, inproc), however long they take to read it.
    pub fn close_with(&self, drain: Duration) -> CloseReport {
        self.shared().close(drain);
        self.shared().wait_closed()
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.shared.fmt(f)
    }
}

/// A new state machine; a panic in the plugin is an error that names its crate.
fn build(plugin: &ProtocolPlugin) -> Result<Box<dyn Protocol>> {
    catch_unwind(|| plugin.build()).map_err(|_| {
        Error::new(
            ErrorKind::PluginPanicked,
            format!(
                "protocol `{}` of crate {}: no socket was opened",
                plugin.info().name(),
                plugin.origin()
            ),
        )
    })
}

pub(crate) fn within(timeout: Duration) -> Patience {
    if timeout.is_zero() {
        Patience::None
    } else {
        Patience::For(Some(timeout))
    }
}
