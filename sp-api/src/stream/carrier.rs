//! The carrier of a stream pipe, and what it is watched for.

use std::{
    fmt,
    io::{self, IoSlice},
    task::Poll,
};

use mio::{Interest, event::Source};

use super::TxBuf;
use crate::{IoCx, PipeFacts};

/// Bytes one call hands over before others have their turn.
const WRITE_TURN: usize = 1 << 20;

/// Complete flushes in a row after which a write is not expected to block soon.
const CALM: u8 = 8;

/// A byte stream that a poller can watch: a newtype around a socket, mostly.
///
/// All of it is non-blocking: `read` and `write` say [`WouldBlock`](io::ErrorKind::WouldBlock). `write` and
/// `write_vectored` must not raise a signal when the peer is gone (`send` and `sendmsg` with `MSG_NOSIGNAL`), and
/// descriptors close on exec. Dropping it closes the connection.
pub trait ByteStream: io::Read + io::Write + Source + Send + fmt::Debug {
    /// Whether the connection stands: pending while it is being made, an error if that failed. Asked when the stream
    /// becomes writable, and once before. On sockets: `take_error`, then `peer_addr`.
    fn poll_connected(&mut self) -> Poll<io::Result<()>>;

    /// Ends our direction; the peer reads to the end and then sees it.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// Whether the peer's system has taken all that was written, and the end of our direction: then nothing of it is lost
    /// when we close, though the peer has not read it yet. Asked after [`shutdown_write`](Self::shutdown_write), if the
    /// peer's end does not come; again soon, while the answer is no. `None`, the default: nobody can tell.
    fn all_taken(&mut self) -> Option<bool> {
        None
    }

    /// Fills in what is known of the connection: `local`, `remote`, `credentials`. Asked once, when the pipe is new.
    fn describe(&self, facts: &mut PipeFacts);

    /// Reads into the spare capacity of `buffer`, which is not empty, and appends what came: 0 is the end.
    ///
    /// The default clears the capacity first, which costs as much as copying; streams that can fill memory as it is
    /// say how.
    fn read_spare(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let len = buffer.len();
        buffer.resize(buffer.capacity(), 0);
        let result = self.read(&mut buffer[len..]);
        let n = *result.as_ref().unwrap_or(&0);
        buffer.truncate(len + n);
        result
    }
}

/// A carrier together with what it is watched for.
#[derive(Debug)]
pub(super) struct Carrier<S> {
    pub(super) stream: S,
    watched: Watched,
    /// Complete flushes since the last that was blocked.
    calm: u8,
    /// The end is near: a short read does not mean that there is no more.
    pub(super) closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watched {
    Nothing,
    Reads,
    Both,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    Bytes(usize),
    Nothing,
    End,
}

impl<S: ByteStream> Carrier<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            watched: Watched::Nothing,
            calm: 0,
            closed: false,
        }
    }

    /// Watches for reads, and for the end of the connection attempt if there is one.
    pub(super) fn register(&mut self, io: &mut IoCx<'_>, connecting: bool) -> io::Result<()> {
        if self.watched != Watched::Nothing {
            return Ok(());
        }
        let (watched, interest) = if connecting {
            (Watched::Both, Interest::READABLE | Interest::WRITABLE)
        } else {
            (Watched::Reads, Interest::READABLE)
        };
        io.register(&mut self.stream, interest)?;
        self.watched = watched;
        Ok(())
    }

    pub(super) fn deregister(&mut self, io: &mut IoCx<'_>) {
        if self.watched != Watched::Nothing {
            // It is about to be closed, which ends the watching in any case.
            let _ = io.deregister(&mut self.stream);
            self.watched = Watched::Nothing;
        }
    }

    /// Reads once, by whatever means `read` has.
    pub(super) fn read(
        &mut self,
        mut read: impl FnMut(&mut S) -> io::Result<usize>,
    ) -> io::Result<Got> {
        loop {
            match read(&mut self.stream) {
                Ok(0) => return Ok(Got::End),
                Ok(n) => return Ok(Got::Bytes(n)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // No end was there: one that comes later has an edge of its own.
                    self.closed = false;
                    return Ok(Got::Nothing);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes all there is. Pending: the carrier is full, or had its turn; the object is polled again.
    pub(super) fn flush(&mut self, io: &mut IoCx<'_>, tx: &mut TxBuf) -> Poll<io::Result<()>> {
        let stream = &mut self.stream;
        match tx.write_to(WRITE_TURN, |slices| write(stream, slices)) {
            Ok(()) if tx.is_empty() => {}
            Ok(()) => {
                io.notifier().notify();
                return Poll::Pending;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.calm = 0;
                return match self.watch(io, Watched::Both) {
                    Ok(()) => Poll::Pending,
                    Err(error) => Poll::Ready(Err(error)),
                };
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
        if self.watched == Watched::Both {
            // Changing the interest costs a system call, and the next write may block again.
            self.calm += 1;
            if self.calm >= CALM {
                self.watch(io, Watched::Reads)?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The connection stands and nothing is blocked: a Unix socket would report each read of the peer's as writable.
    pub(super) fn connected(&mut self, io: &mut IoCx<'_>) -> io::Result<()> {
        if self.watched == Watched::Both {
            self.watch(io, Watched::Reads)?;
        }
        Ok(())
    }

    fn watch(&mut self, io: &mut IoCx<'_>, watched: Watched) -> io::Result<()> {
        if self.watched == watched {
            return Ok(());
        }
        let interest = match watched {
            Watched::Both => Interest::READABLE | Interest::WRITABLE,
            Watched::Nothing | Watched::Reads => Interest::READABLE,
        };
        if self.watched == Watched::Nothing {
            io.register(&mut self.stream, interest)?;
        } else {
            io.reregister(&mut self.stream, interest)?;
        }
        self.watched = watched;
        self.calm = 0;
        Ok(())
    }
}

fn write(stream: &mut impl ByteStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        let result = match slices {
            [one] => stream.write(one),
            several => stream.write_vectored(several),
        };
        match result {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
