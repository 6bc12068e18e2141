//! The SP mappings for tcp and ipc.

use bytes::Bytes;

use super::{Decoded, RxBuf, StreamConfig, TxBuf, Wire};
use crate::{
    Inbox, Message, Result,
    wire::{ConnectionHeader, Framing, HEADER_LEN},
};

/// Bodies up to this size are waited for in the shared receive buffer, larger ones get a buffer of their own.
const IN_PLACE: usize = 16 * 1024;

/// sp-tcp-mapping-01 or sp-ipc-mapping-01: the connection header, then framed messages.
#[derive(Debug)]
pub struct SpWire {
    limit: usize,
    protocol: u16,
    framing: Framing,
    greeted: bool,
}

impl SpWire {
    /// The framing of TCP: what runs over TLS and `socket://` as well.
    pub fn tcp(config: &StreamConfig) -> Self {
        Self::new(Framing::Tcp, config)
    }

    /// The framing of Unix sockets.
    pub fn ipc(config: &StreamConfig) -> Self {
        Self::new(Framing::Ipc, config)
    }

    fn new(framing: Framing, config: &StreamConfig) -> Self {
        Self {
            limit: config.recv_max(),
            protocol: config.protocol(),
            framing,
            greeted: false,
        }
    }
}

impl Wire for SpWire {
    /// SP-TCP-001: at once, without waiting for the peer's.
    fn start(&mut self, tx: &mut TxBuf) -> Result<()> {
        tx.put(&ConnectionHeader::new(self.protocol).encode());
        Ok(())
    }

    #[inline]
    fn decode(&mut self, rx: &mut RxBuf, inbox: &mut Inbox, _tx: &mut TxBuf) -> Result<Decoded> {
        if !self.greeted {
            let Some(header) = ConnectionHeader::decode(rx)? else {
                return Ok(Decoded::Need);
            };
            rx.skip(HEADER_LEN);
            self.greeted = true;
            return Ok(Decoded::Peer(header.protocol()));
        }
        let prefix = self.framing.prefix_len();
        while !inbox.is_full() {
            // SP-TCP-038: the limit is judged by the size field alone.
            let Some(len) = self.framing.decode(rx, self.limit)? else {
                return Ok(Decoded::Need);
            };
            if rx.len() - prefix >= len {
                rx.skip(prefix);
                inbox.push(Message::from_body(rx.take(len)));
                continue;
            }
            if len > IN_PLACE {
                rx.skip(prefix);
                return Ok(Decoded::Body { len });
            }
            return Ok(Decoded::Need);
        }
        Ok(Decoded::Taken)
    }

    fn body(&mut self, body: Bytes, inbox: &mut Inbox) -> Result<Decoded> {
        inbox.push(Message::from_body(body));
        Ok(Decoded::Taken)
    }

    /// SP-TCP-031: the size counts header words and body, and nothing else.
    #[inline]
    fn encode(&mut self, message: Message, tx: &mut TxBuf) -> Result<()> {
        self.framing
            .encode(message.payload_len(), |prefix| tx.put(prefix));
        for word in message.header_words() {
            tx.put(&word.to_be_bytes());
        }
        tx.put_shared(message.into_body());
        Ok(())
    }

    /// SP-TCP-047: there is no goodbye.
    fn finish(&mut self, _tx: &mut TxBuf) -> Result<()> {
        Ok(())
    }
}
