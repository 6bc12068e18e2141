//! Sockets whose type says what they can do: a [`Pub`](crate::Pub) has no `recv`, so receiving on it does not compile.
//!
//! Each is a [`Socket`] behind a [`Kind`]: the same handle, as cheap to clone, with the methods that its protocol has.
//! Into the dynamic socket it goes by [`From`], out of it by [`TryFrom`], which checks the protocol; [`Typed::as_socket`]
//! borrows it, for code that takes any.
//!
//! ```
//! use spkit::{Pull, Push, Socket};
//!
//! let pull: Pull = Socket::open("pull")?.try_into()?;
//! let error = Push::try_from(Socket::from(pull)).unwrap_err();
//! assert_eq!(error.to_string(), "not supported: a socket of `pull`, where one of `push` is needed");
//! # Ok::<(), spkit::Error>(())
//! ```
//!
//! # Other protocols
//!
//! A protocol of your own has its typed socket by a kind of your own:
//!
//! ```
//! use spkit::typed::{HasContexts, Kind, Receives, Sends, Typed};
//!
//! enum XReq {}
//! impl Kind for XReq {
//!     const PROTOCOL: &'static str = "xreq";
//! }
//! impl Sends for XReq {}
//! impl Receives for XReq {}
//!
//! let raw: Typed<XReq> = Typed::open()?;
//! assert!(raw.try_recv().is_err());
//! # Ok::<(), spkit::Error>(())
//! ```

mod contexts;
pub mod kind;
mod options;

use std::{fmt, marker::PhantomData, time::Duration};

use spkit_api::{
    Error, ErrorKind, Message, OptSpec, Options, PipeFacts, ProtocolInfo, Result, SendError,
    option::{Opt, OptionType},
};
#[cfg(unix)]
use spkit_runtime::Readiness;
use spkit_runtime::{
    CloseReport, Dialer, Listener, RecvFuture, Runtime, SendFuture, Snapshot, Socket, SocketEvent,
    Stats,
};

pub use self::contexts::TypedContext;

/// What a typed socket is for: the name of its protocol.
pub trait Kind {
    /// The name sockets of it are opened by.
    const PROTOCOL: &'static str;
}

/// Its sockets, and their contexts, send.
pub trait Sends: Kind {}

/// Its sockets, and their contexts, receive.
pub trait Receives: Kind {}

/// Its sockets have contexts: several conversations at once.
pub trait HasContexts: Kind {}

/// Its sockets have the option [`ttl`](crate::options::TTL).
pub trait HasTtl: Kind {}

/// A socket of a kind: [`Req`](crate::Req), [`Pub`](crate::Pub) and the others are this.
///
/// Where it does not say otherwise, a method is that of [`Socket`].
pub struct Typed<K> {
    socket: Socket,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Typed<K> {
    /// Opens a socket in the program's shared runtime.
    pub fn open() -> Result<Self> {
        Socket::open(K::PROTOCOL).map(Self::of)
    }

    /// Opens a socket in this runtime.
    pub fn open_in(runtime: &Runtime) -> Result<Self> {
        runtime.open(K::PROTOCOL).map(Self::of)
    }

    /// Opens a socket in this runtime after setting options, those included that can only be set before it starts.
    pub fn open_with(
        runtime: &Runtime,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<Self> {
        runtime.open_with(K::PROTOCOL, set).map(Self::of)
    }

    fn of(socket: Socket) -> Self {
        Self {
            socket,
            kind: PhantomData,
        }
    }

    /// The same socket without its kind.
    pub fn as_socket(&self) -> &Socket {
        &self.socket
    }

    /// [`Socket::protocol`]
    pub fn protocol(&self) -> &'static ProtocolInfo {
        self.socket.protocol()
    }

    /// [`Socket::dial`]
    pub fn dial(&self, address: &str) -> Result<Dialer> {
        self.socket.dial(address)
    }

    /// [`Socket::dial_with`]
    pub fn dial_with(
        &self,
        address: &str,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<Dialer> {
        self.socket.dial_with(address, set)
    }

    /// [`Socket::listen`]
    pub fn listen(&self, address: &str) -> Result<Listener> {
        self.socket.listen(address)
    }

    /// [`Socket::listen_with`]
    pub fn listen_with(
        &self,
        address: &str,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<Listener> {
        self.socket.listen_with(address, set)
    }

    /// [`Socket::set`]
    pub fn set<T: OptionType>(&self, key: Opt<T>, value: T) -> Result<()> {
        self.socket.set(key, value)
    }

    /// [`Socket::set_str`]
    pub fn set_str(&self, name: &str, text: &str) -> Result<()> {
        self.socket.set_str(name, text)
    }

    /// [`Socket::get`]
    pub fn get<T: OptionType>(&self, key: Opt<T>) -> Option<T> {
        self.socket.get(key)
    }

    /// [`Socket::option_rows`]
    pub fn option_rows(&self) -> Vec<&'static OptSpec> {
        self.socket.option_rows()
    }

    /// [`Socket::try_event`]
    pub fn try_event(&self) -> Option<SocketEvent> {
        self.socket.try_event()
    }

    /// [`Socket::next_event`]
    pub fn next_event(&self, timeout: Duration) -> Option<SocketEvent> {
        self.socket.next_event(timeout)
    }

    /// [`Socket::wait_for_peers`]
    pub fn wait_for_peers(&self, peers: usize, timeout: Duration) -> Result<()> {
        self.socket.wait_for_peers(peers, timeout)
    }

    /// [`Socket::peers`]
    pub fn peers(&self) -> usize {
        self.socket.peers()
    }

    /// [`Socket::stats`]
    pub fn stats(&self) -> Stats {
        self.socket.stats()
    }

    /// [`Socket::snapshot`]
    pub fn snapshot(&self) -> Snapshot {
        self.socket.snapshot()
    }

    /// [`Socket::admit`]
    pub fn admit(&self, hook: impl Fn(&PipeFacts) -> Result<()> + Send + Sync + 'static) {
        self.socket.admit(hook);
    }

    /// [`Socket::close`]
    pub fn close(&self) {
        self.socket.close();
    }

    /// [`Socket::close_with`]
    pub fn close_with(&self, drain: Duration) -> CloseReport {
        self.socket.close_with(drain)
    }
}

impl<K: Sends> Typed<K> {
    /// [`Socket::send`]
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.socket.send(message)
    }

    /// [`Socket::try_send`]
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.socket.try_send(message)
    }

    /// [`Socket::send_timeout`]
    pub fn send_timeout(
        &self,
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.socket.send_timeout(message, timeout)
    }

    /// [`Socket::send_async`]
    pub fn send_async(&self, message: impl Into<Message>) -> SendFuture {
        self.socket.send_async(message)
    }

    /// [`Socket::send_ready`]
    #[cfg(unix)]
    pub fn send_ready(&self) -> Result<Readiness> {
        self.socket.send_ready()
    }
}

impl<K: Receives> Typed<K> {
    /// [`Socket::recv`]
    pub fn recv(&self) -> Result<Message> {
        self.socket.recv()
    }

    /// [`Socket::try_recv`]
    pub fn try_recv(&self) -> Result<Message> {
        self.socket.try_recv()
    }

    /// [`Socket::recv_timeout`]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Message> {
        self.socket.recv_timeout(timeout)
    }

    /// [`Socket::recv_async`]
    pub fn recv_async(&self) -> RecvFuture {
        self.socket.recv_async()
    }

    /// [`Socket::recv_ready`]
    #[cfg(unix)]
    pub fn recv_ready(&self) -> Result<Readiness> {
        self.socket.recv_ready()
    }
}

impl<K: HasContexts> Typed<K> {
    /// [`Socket::context`]
    pub fn context(&self) -> Result<TypedContext<K>> {
        self.socket.context().map(TypedContext::of)
    }
}

impl<K: Kind> TryFrom<Socket> for Typed<K> {
    type Error = Error;

    /// An error if the socket is of another protocol.
    fn try_from(socket: Socket) -> Result<Self> {
        let name = socket.protocol().name();
        if name == K::PROTOCOL {
            return Ok(Self::of(socket));
        }
        let wanted = K::PROTOCOL;
        Err(Error::new(
            ErrorKind::NotSupported,
            format!("a socket of `{name}`, where one of `{wanted}` is needed"),
        ))
    }
}

impl<K> From<Typed<K>> for Socket {
    fn from(typed: Typed<K>) -> Self {
        typed.socket
    }
}

impl<K> AsRef<Socket> for Typed<K> {
    fn as_ref(&self) -> &Socket {
        &self.socket
    }
}

impl<K> Clone for Typed<K> {
    fn clone(&self) -> Self {
        Self {
            socket: self.socket.clone(),
            kind: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Typed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}
