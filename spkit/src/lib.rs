//! Scalability Protocols (nanomsg, nng) for Rust.
//!
//! This crate links the runtime with the builtin protocols (PAIR v0 and v1, PUB/SUB, SURVEYOR/RESPONDENT, BUS, STAR,
//! REQ/REP, PUSH/PULL) and transports (tcp, ipc, inproc). Open a [`Socket`], [`dial`](Socket::dial) or
//! [`listen`](Socket::listen), send and receive; or open a typed one, which has just the methods of its protocol: [`Req`],
//! [`Rep`], [`Pub`], [`Sub`], [`Push`], [`Pull`], [`Pair`], [`Pair1`], [`PairPoly`], [`Surveyor`], [`Respondent`], [`Bus`],
//! [`Star`]. A [`Device`] joins raw sockets.
#![warn(missing_docs)]

pub mod typed;

pub use spkit_api::{
    Address, DropReason, Error, ErrorKind, Message, Result, SendError, option, options,
};
/// The builtin protocols, and the keys of their options.
pub use spkit_protocols as protocols;
pub use spkit_runtime::*;
/// The builtin transports, and the keys of their options.
pub use spkit_transports as transports;

pub use self::typed::kind::sockets::*;

/// What plugins are written against.
pub use spkit_api as api;
