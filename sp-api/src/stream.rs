//! The toolkit for transports over byte streams: a third one takes about a hundred lines.
//!
//! A [`StreamPipe`] is three things put together at compile time:
//!
//! | layer | what it is | ready-made |
//! |---|---|---|
//! | [`ByteStream`] | the carrier: a socket, a serial line | [`TestStream`](crate::testing::TestStream) |
//! | [`Filter`] | bytes to bytes, sans-I/O: TLS, compression | [`Plain`] |
//! | [`Wire`] | bytes to messages, sans-I/O: framing | [`SpWire`] |
//!
//! [`StreamConnecting`] makes one: it waits for the carrier to connect, says hello, hears the peer's, and yields the
//! pipe. So a transport opens and accepts carriers and leaves the rest to
//! `StreamConnecting::dialed(carrier, Plain, SpWire::tcp(&config), &config)`.
//!
//! # What the toolkit takes care of
//!
//! * Nothing is copied on the way in but what stands across two reads; bodies over 16 KiB are sent from where they are.
//! * An idle pipe holds no buffer. A length that a peer claims allocates nothing: memory grows with what arrived, and
//!   is reserved from the runtime's [`Memory`](crate::Memory).
//! * Partial reads and writes, interrupted calls, readiness that comes in edges, the end merged into the last edge,
//!   what arrives together with the hello: all of it, at every byte.

mod body;
mod carrier;
mod config;
mod connecting;
mod filter;
mod pipe;
mod rx;
mod sp;
#[cfg(test)]
mod tests;
mod tx;
mod wire;

pub use self::{
    carrier::ByteStream,
    config::StreamConfig,
    connecting::StreamConnecting,
    filter::{Filter, Opened, Plain},
    pipe::StreamPipe,
    rx::RxBuf,
    sp::SpWire,
    tx::TxBuf,
    wire::{Decoded, Wire},
};
