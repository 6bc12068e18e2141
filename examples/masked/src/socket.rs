//! A TCP socket as a byte stream: the toolkit wants a type of one's own.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr},
    task::Poll,
};

use mio::{Registry, Token, net::TcpStream};
use spkit_api::{Address, Interest, PipeFacts, Source, stream::ByteStream};

/// A connected or connecting socket.
#[derive(Debug)]
pub struct TcpSocket {
    stream: TcpStream,
    remote: SocketAddr,
}

impl TcpSocket {
    /// A socket that has this peer, or will have it.
    pub fn new(stream: TcpStream, remote: SocketAddr) -> Self {
        Self { stream, remote }
    }
}

impl ByteStream for TcpSocket {
    fn poll_connected(&mut self) -> Poll<io::Result<()>> {
        if let Some(error) = self.stream.take_error()? {
            return Poll::Ready(Err(error));
        }
        match self.stream.peer_addr() {
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    fn describe(&self, facts: &mut PipeFacts) {
        let address = |at| Address::new("masked+tcp", at).ok();
        facts.local = self.stream.local_addr().ok().and_then(address);
        facts.remote = address(self.remote);
    }
}

impl Read for TcpSocket {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.stream.read(to)
    }
}

/// Slices are written one by one: std's `write` asks the kernel for no signal, its `write_vectored` does not. Behind a
/// filter there is one slice in any case.
impl Write for TcpSocket {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.stream.write(from)
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
