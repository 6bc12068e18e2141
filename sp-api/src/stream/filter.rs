//! Bytes to bytes: encryption, compression.

use std::fmt;

use bytes::BytesMut;

use super::{RxBuf, TxBuf};
use crate::Result;

/// A layer between the carrier and the [`Wire`](super::Wire): TLS, noise, compression. It does no I/O and reads no clock.
///
/// One object serves one connection. "Sealed" are the bytes on the carrier, "plain" those of the wire format. Each
/// direction may need the other: whenever [`open`](Self::open) ran, the pipe also runs [`seal`](Self::seal) and writes
/// what is in `out`, so a handshake needs no help. No input may make it panic.
pub trait Filter: Send + fmt::Debug {
    /// Only [`Plain`] passes bytes through; the pipe then leaves the layer out altogether.
    #[doc(hidden)]
    const PLAIN: bool = false;

    /// Appends what we say first, if we speak first: a client's hello.
    fn start(&mut self, out: &mut TxBuf) -> Result<()>;

    /// Takes sealed bytes and appends the plain ones to `plain`; what it has to answer goes to `out`.
    ///
    /// It stops once `plain` has some 64 KiB, whatever the input would expand to, and says [`Opened::More`]; it is
    /// called again when they are used up. An error closes the connection, after `out` was written as far as it can be.
    fn open(&mut self, sealed: &mut RxBuf, plain: &mut BytesMut, out: &mut TxBuf)
    -> Result<Opened>;

    /// Takes plain bytes (all, or none while it cannot yet) and appends the sealed ones to `out`. When it took all it
    /// calls `out.end_messages(n)` for the `n` [messages](TxBuf::messages) that ended in them.
    fn seal(&mut self, plain: &mut TxBuf, out: &mut TxBuf) -> Result<()>;

    /// Appends a goodbye, where the layer has one.
    fn finish(&mut self, out: &mut TxBuf) -> Result<()>;

    /// The carrier ended. An error if that may have been somebody else's doing: TLS without a goodbye.
    fn ended(&mut self) -> Result<()>;
}

/// What [`Filter::open`] left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opened {
    /// Nothing: more sealed bytes are needed.
    Need,
    /// More plain bytes are to be had without any input.
    More,
    /// The peer said goodbye: no plain bytes follow.
    End,
}

/// No layer at all. It costs nothing: the pipe is compiled without the detour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Filter for Plain {
    const PLAIN: bool = true;

    fn start(&mut self, _out: &mut TxBuf) -> Result<()> {
        Ok(())
    }

    fn open(
        &mut self,
        sealed: &mut RxBuf,
        plain: &mut BytesMut,
        _out: &mut TxBuf,
    ) -> Result<Opened> {
        plain.extend_from_slice(sealed);
        sealed.skip(sealed.len());
        Ok(Opened::Need)
    }

    fn seal(&mut self, plain: &mut TxBuf, out: &mut TxBuf) -> Result<()> {
        let ended = plain.messages();
        let bytes = bytes::Buf::copy_to_bytes(plain, plain.len());
        out.put_shared(bytes);
        out.end_messages(ended);
        Ok(())
    }

    fn finish(&mut self, _out: &mut TxBuf) -> Result<()> {
        Ok(())
    }

    fn ended(&mut self) -> Result<()> {
        Ok(())
    }
}
