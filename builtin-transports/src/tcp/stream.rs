//! A TCP socket as a byte stream.

use std::{
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, SocketAddr},
    task::Poll,
};

use mio::{Interest, Registry, Token, event::Source, net::TcpStream};
use spkit_api::{Address, PipeFacts, stream::ByteStream};

/// A connected or connecting socket.
#[derive(Debug)]
pub(super) struct TcpSocket {
    stream: TcpStream,
    /// Kept, since the system forgets it when the peer is gone.
    remote: SocketAddr,
}

impl TcpSocket {
    pub(super) fn new(stream: TcpStream, remote: SocketAddr) -> Self {
        Self { stream, remote }
    }
}

impl ByteStream for TcpSocket {
    fn poll_connected(&mut self) -> Poll<io::Result<()>> {
        if let Some(error) = self.stream.take_error()? {
            return Poll::Ready(Err(error));
        }
        match self.stream.peer_addr() {
            // A dialer that is given the very port it dials meets itself: nobody listens there.
            Ok(peer) if self.stream.local_addr()? == peer => {
                Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into()))
            }
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    #[cfg(target_os = "linux")]
    fn all_taken(&mut self) -> Option<bool> {
        let local = self.stream.local_addr().ok()?;
        let left = super::taken::unacknowledged(local, self.remote)?;
        Some(left == 0)
    }

    fn describe(&self, facts: &mut PipeFacts) {
        facts.remote = address(self.remote);
        facts.local = self.stream.local_addr().ok().and_then(address);
    }

    #[cfg(unix)]
    fn read_spare(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        crate::descriptor::read_spare(&self.stream, buffer)
    }
}

/// A v4 address is shown as one, whatever socket it came over.
fn address(socket: SocketAddr) -> Option<Address> {
    let shown = match socket.ip().to_canonical() {
        ip if ip == socket.ip() => socket,
        ip => SocketAddr::new(ip, socket.port()),
    };
    Address::new("tcp", shown).ok()
}

impl Read for TcpSocket {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.stream.read(to)
    }
}

impl Write for TcpSocket {
    #[cfg(unix)]
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        crate::descriptor::send(&self.stream, from)
    }

    #[cfg(unix)]
    fn write_vectored(&mut self, from: &[IoSlice<'_>]) -> io::Result<usize> {
        crate::descriptor::send_vectored(&self.stream, from)
    }

    #[cfg(not(unix))]
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.stream.write(from)
    }

    #[cfg(not(unix))]
    fn write_vectored(&mut self, from: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_vectored(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for TcpSocket {
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
