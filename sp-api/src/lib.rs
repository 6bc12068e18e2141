//! The stable contract of spkit: what protocols and transports are written against.
//!
//! * A **protocol** is a state machine: [`Protocol`], fed with [`Event`]s, answering through [`Cx`].
//! * A **transport** makes connections: [`Transport`], [`Listener`], [`Connecting`], [`Pipe`], polled with [`IoCx`].
//!   Byte streams have a toolkit, [`stream`].
//! * Both **register** by a macro and are found by whatever runtime is linked with them: [`plugin`].
//!
//! This crate does no I/O and starts no thread.
#![warn(missing_docs)]

pub mod address;
mod chunk;
mod error;
mod id;
mod inbox;
mod lookup;
mod memory;
mod message;
pub mod option;
pub mod options;
pub mod plugin;
pub mod protocol;
mod state;
pub mod stream;
pub mod testing;
mod time;
pub mod toolkit;
pub mod transport;
pub mod wire;

pub use crate::{
    address::Address,
    chunk::Chunk,
    error::{Error, ErrorKind, Fault, Result, SendError},
    id::{ContextId, EndpointId, PipeId, TimerId},
    inbox::Inbox,
    lookup::Lookup,
    memory::{Memory, Reservation},
    message::Message,
    option::{Opt, OptSpec, Options, Value},
    plugin::{API_VERSION, Plugin, ProtocolPlugin, TransportPlugin},
    protocol::{Cx, DropReason, Event, Protocol, ProtocolInfo},
    state::SharedState,
    time::Time,
    transport::{
        Connecting, Credentials, EndpointConfig, IoCx, Listener, LiveConfig, Notifier, PendingOut,
        Pipe, PipeFacts, Progress, Ready, Transport, TransportInfo,
    },
};

pub use bytes;
pub use mio::{Interest, event::Source};

#[doc(hidden)]
pub mod __private {
    pub use crate::{
        plugin::{Linked, Origin},
        protocol::Effects,
        transport::{Notify, Reactor},
    };
    pub use inventory;
}
