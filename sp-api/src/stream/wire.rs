//! Bytes to messages and back.

use std::fmt;

use bytes::Bytes;

use super::{RxBuf, TxBuf};
use crate::{Inbox, Message, Result};

/// A format of messages on a byte stream: the SP mappings, WebSocket. It does no I/O and reads no clock.
///
/// One object serves one connection. The pipe calls [`start`](Self::start) once, then [`decode`](Self::decode) with
/// whatever arrived, and [`encode`](Self::encode) once the peer is known. No input may make it panic, and it never
/// allocates by a length that a peer only claims: it announces a large body with [`Decoded::Body`].
pub trait Wire: Send + fmt::Debug {
    /// Appends what we say first, if we speak first: our connection header, an upgrade request.
    fn start(&mut self, tx: &mut TxBuf) -> Result<()>;

    /// Takes things off the front of `rx`, and puts messages into the inbox until that [is full](Inbox::is_full). Called
    /// again until it says [`Decoded::Need`]; then again with the same bytes and more behind them. A piece taken this
    /// way has at most 32 KiB: larger ones are bodies.
    ///
    /// Answers that the format itself owes (a pong, the reply to an upgrade request) go to `tx`. A peer that asks for
    /// answers and does not read them loses its connection.
    ///
    /// An error closes the connection: [`PeerMisbehaved`](crate::ErrorKind::PeerMisbehaved) or
    /// [`MessageTooLong`](crate::ErrorKind::MessageTooLong), with what was found.
    fn decode(&mut self, rx: &mut RxBuf, inbox: &mut Inbox, tx: &mut TxBuf) -> Result<Decoded>;

    /// Takes the body announced by [`Decoded::Body`], complete, in a buffer of its own. What it returns is treated as
    /// from `decode`.
    fn body(&mut self, body: Bytes, inbox: &mut Inbox) -> Result<Decoded>;

    /// Appends a message: header words and body, framed. Small parts by [`TxBuf::put`], the body by
    /// [`TxBuf::put_shared`].
    fn encode(&mut self, message: Message, tx: &mut TxBuf) -> Result<()>;

    /// Appends a goodbye, where the format has one. Nothing is encoded after it.
    fn finish(&mut self, tx: &mut TxBuf) -> Result<()>;
}

/// What [`Wire::decode`] found.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decoded {
    /// Nothing yet: more bytes are needed.
    Need,
    /// The peer announced itself with this protocol number. Exactly once, before any message.
    Peer(u16),
    /// A body of this length follows at the front of what is left, too large to wait for in one piece. It was checked
    /// against the receive limit. The pipe collects it and calls [`Wire::body`].
    Body {
        /// Its length, more than 0.
        len: usize,
    },
    /// Something was taken: messages, which are in the inbox, or what concerns nobody else, as a pong. Go on.
    Taken,
    /// The peer said goodbye.
    Close,
}
