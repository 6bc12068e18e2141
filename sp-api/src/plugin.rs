//! Registration: how plugins reach a runtime.
//!
//! [`register_protocol!`](crate::register_protocol) and [`register_transport!`](crate::register_transport) make a
//! `pub static` that can be named, and announce it at link time. The linker drops crates that nothing names: a program
//! says `use my_plugin as _;` once, or hands the statics to a registry itself.

use std::fmt;

use crate::{Protocol, ProtocolInfo, Transport};

/// The version of the contract in this crate. A runtime refuses registrations newer than itself.
pub const API_VERSION: u32 = 1;

/// Where a plugin comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// Name of the crate.
    pub krate: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The contract it was compiled against.
    pub api: u32,
}

impl Origin {
    /// For the register macros.
    #[doc(hidden)]
    pub const fn new(krate: &'static str, version: &'static str) -> Self {
        Self {
            krate,
            version,
            api: API_VERSION,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.krate, self.version)
    }
}

/// A registered protocol.
#[derive(Clone, Copy, Debug)]
pub struct ProtocolPlugin {
    info: &'static ProtocolInfo,
    build: fn() -> Box<dyn Protocol>,
    origin: Origin,
}

impl ProtocolPlugin {
    /// For [`register_protocol!`](crate::register_protocol).
    #[doc(hidden)]
    pub const fn new(
        info: &'static ProtocolInfo,
        build: fn() -> Box<dyn Protocol>,
        origin: Origin,
    ) -> Self {
        Self {
            info,
            build,
            origin,
        }
    }

    /// What the protocol is.
    pub fn info(&self) -> &'static ProtocolInfo {
        self.info
    }

    /// A new state machine.
    pub fn build(&self) -> Box<dyn Protocol> {
        (self.build)()
    }

    /// The crate it comes from.
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

/// A registered transport.
#[derive(Clone, Copy, Debug)]
pub struct TransportPlugin {
    transport: &'static dyn Transport,
    origin: Origin,
}

impl TransportPlugin {
    /// For [`register_transport!`](crate::register_transport).
    #[doc(hidden)]
    pub const fn new(transport: &'static dyn Transport, origin: Origin) -> Self {
        Self { transport, origin }
    }

    /// The transport.
    pub fn transport(&self) -> &'static dyn Transport {
        self.transport
    }

    /// The crate it comes from.
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

/// One plugin of either sort, for explicit lists: `pub static PLUGINS: &[Plugin] = &[Plugin::protocol(&PAIR0)];`
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Plugin {
    /// A protocol.
    Protocol(&'static ProtocolPlugin),
    /// A transport.
    Transport(&'static TransportPlugin),
}

impl Plugin {
    /// A protocol's entry.
    pub const fn protocol(plugin: &'static ProtocolPlugin) -> Self {
        Self::Protocol(plugin)
    }

    /// A transport's entry.
    pub const fn transport(plugin: &'static TransportPlugin) -> Self {
        Self::Transport(plugin)
    }
}

/// A plugin announced at link time.
#[doc(hidden)]
#[derive(Debug)]
pub struct Linked(pub Plugin);

inventory::collect!(Linked);

/// Every plugin that was linked in and announced itself, in no particular order.
pub fn linked() -> impl Iterator<Item = Plugin> {
    inventory::iter::<Linked>.into_iter().map(|linked| linked.0)
}

/// Registers a protocol: `register_protocol!(pub PAIR0, &INFO, || Box::new(Pair0::default()));`
///
/// Makes `pub static PAIR0: ProtocolPlugin` and announces it. Sockets are opened by the name in the info.
#[macro_export]
macro_rules! register_protocol {
    ($(#[$doc:meta])* $vis:vis $name:ident, $info:expr, $build:expr) => {
        $(#[$doc])*
        $vis static $name: $crate::ProtocolPlugin = $crate::ProtocolPlugin::new(
            $info,
            $build,
            $crate::__private::Origin::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        );
        $crate::__private::inventory::submit! {
            $crate::__private::Linked($crate::Plugin::protocol(&$name))
        }
    };
}

/// Registers a transport: `register_transport!(pub TCP, &Tcp);`
///
/// Makes `pub static TCP: TransportPlugin` and announces it. Addresses choose it by the schemes in its info.
#[macro_export]
macro_rules! register_transport {
    ($(#[$doc:meta])* $vis:vis $name:ident, $transport:expr) => {
        $(#[$doc])*
        $vis static $name: $crate::TransportPlugin = $crate::TransportPlugin::new(
            $transport,
            $crate::__private::Origin::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        );
        $crate::__private::inventory::submit! {
            $crate::__private::Linked($crate::Plugin::transport(&$name))
        }
    };
}
