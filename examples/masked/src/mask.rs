//! The filter: a toy where TLS would be.

use spkit_api::{
    IoCx, Result,
    bytes::{Buf, BytesMut},
    stream::{Filter, Opened, RxBuf, TxBuf},
};

/// Bytes of a nonce, and of the mask.
const LEN: usize = 8;

/// XORs every byte with a mask that both ends' nonces make. Hides nothing from anybody.
///
/// Each end sends its nonce first, as it is. The mask of either direction needs both, so nothing can be sealed before
/// the peer's has come: the pipe runs `seal` again after every `open`, which is all the help a handshake needs.
#[derive(Debug)]
pub struct Mask {
    ours: [u8; LEN],
    keys: Option<Keys>,
}

/// Both directions, once both nonces are known.
#[derive(Debug)]
struct Keys {
    seal: Stream,
    open: Stream,
}

/// One direction: its mask, and where in it the next byte is.
#[derive(Debug)]
struct Stream {
    mask: [u8; LEN],
    at: usize,
}

impl Mask {
    /// A filter for one connection. Its nonce is the runtime's, so that a simulated run can be repeated.
    pub fn new(io: &mut IoCx<'_>) -> Self {
        let nonce = u64::from(io.random()) << 32 | u64::from(io.random());
        Self {
            ours: nonce.to_le_bytes(),
            keys: None,
        }
    }
}

impl Filter for Mask {
    fn start(&mut self, out: &mut TxBuf) -> Result<()> {
        out.put(&self.ours);
        Ok(())
    }

    fn open(
        &mut self,
        sealed: &mut RxBuf,
        plain: &mut BytesMut,
        _out: &mut TxBuf,
    ) -> Result<Opened> {
        let keys = match &mut self.keys {
            Some(keys) => keys,
            None => {
                let Some(theirs) = sealed.first_chunk::<LEN>().copied() else {
                    return Ok(Opened::Need);
                };
                sealed.skip(LEN);
                self.keys.insert(Keys {
                    seal: Stream::new(self.ours, theirs),
                    open: Stream::new(theirs, self.ours),
                })
            }
        };
        // The input is one read, and does not grow here: there is no need to stop half way.
        let before = plain.len();
        plain.extend_from_slice(sealed);
        sealed.skip(sealed.len());
        keys.open.apply(&mut plain[before..]);
        Ok(Opened::Need)
    }

    fn seal(&mut self, plain: &mut TxBuf, out: &mut TxBuf) -> Result<()> {
        let Some(keys) = &mut self.keys else {
            return Ok(());
        };
        let ended = plain.messages();
        let mut sealed = BytesMut::with_capacity(plain.len());
        while plain.has_remaining() {
            let chunk = plain.chunk();
            sealed.extend_from_slice(chunk);
            plain.advance(chunk.len());
        }
        keys.seal.apply(&mut sealed);
        out.put_shared(sealed.freeze());
        out.end_messages(ended);
        Ok(())
    }

    /// There is no goodbye, so an end may be anybody's doing.
    fn finish(&mut self, _out: &mut TxBuf) -> Result<()> {
        Ok(())
    }

    fn ended(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Stream {
    /// The mask of what the owner of the first nonce sends.
    fn new(sender: [u8; LEN], receiver: [u8; LEN]) -> Self {
        let mask = std::array::from_fn(|n| sender[n] ^ receiver[(n + 1) % LEN]);
        Self { mask, at: 0 }
    }

    fn apply(&mut self, bytes: &mut [u8]) {
        self.mask.rotate_left(self.at);
        for piece in bytes.chunks_mut(LEN) {
            for (byte, mask) in piece.iter_mut().zip(self.mask) {
                *byte ^= mask;
            }
        }
        self.at = bytes.len() % LEN;
    }
}

#[cfg(test)]
mod tests;
