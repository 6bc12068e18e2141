//! A Unix socket as a byte stream.

use std::{
    io::{self, IoSlice, Read, Write},
    net::Shutdown,
    sync::Arc,
    task::Poll,
};

use mio::{Interest, Registry, Token, event::Source, net::UnixStream};
use socket2::Socket;
use spkit_api::{Address, Options, PipeFacts, stream::ByteStream};

use crate::options::SYSTEM_SEND_BUFFER;

/// A connected socket. A Unix socket connects at once or not at all.
#[derive(Debug)]
pub(super) struct UnixSocket {
    stream: UnixStream,
    /// Of the listener, whichever end this is: the dialing one has no name.
    address: Arc<Address>,
    dialed: bool,
}

impl UnixSocket {
    pub(super) fn dialed(stream: UnixStream, address: Arc<Address>) -> Self {
        Self {
            stream,
            address,
            dialed: true,
        }
    }

    pub(super) fn accepted(stream: UnixStream, address: Arc<Address>) -> Self {
        Self {
            stream,
            address,
            dialed: false,
        }
    }
}

/// Gives a socket what the options say. Failures are of no consequence: the tables let no value through that the system
/// refuses.
pub(super) fn tune(socket: &Socket, options: &Options) {
    if let Some(size) = options.get(SYSTEM_SEND_BUFFER).filter(|size| *size > 0) {
        let _ = socket.set_send_buffer_size(size);
    }
}

impl ByteStream for UnixSocket {
    fn poll_connected(&mut self) -> Poll<io::Result<()>> {
        match self.stream.take_error()? {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(Ok(())),
        }
    }

    // That all is in the peer's own queue says too little: once our end is closed altogether, nanomsg forgets what it has
    // not read. So `all_taken` is not known, and the peer's end is waited for.
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    fn describe(&self, facts: &mut PipeFacts) {
        let listener = Some(Address::clone(&self.address));
        if self.dialed {
            facts.remote = listener;
        } else {
            facts.local = listener;
        }
        #[cfg(target_os = "linux")]
        if let Ok(peer) = rustix::net::sockopt::socket_peercred(&self.stream) {
            facts.credentials = Some(spkit_api::Credentials::new(
                peer.uid.as_raw(),
                peer.gid.as_raw(),
                Some(peer.pid.as_raw_nonzero().get()),
            ));
        }
    }

    fn read_spare(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        crate::descriptor::read_spare(&self.stream, buffer)
    }
}

impl Read for UnixSocket {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.stream.read(to)
    }
}

impl Write for UnixSocket {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        crate::descriptor::send(&self.stream, from)
    }

    fn write_vectored(&mut self, from: &[IoSlice<'_>]) -> io::Result<usize> {
        crate::descriptor::send_vectored(&self.stream, from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for UnixSocket {
    fn register(&mut self, at: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.stream.register(at, token, interest)
    }

    fn reregister(&mut self, at: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.stream.reregister(at, token, interest)
    }

    fn deregister(&mut self, at: &Registry) -> io::Result<()> {
        self.stream.deregister(at)
    }
}
