//! The descriptor, and the two system calls on it.

use std::{
    io::{self, IoSlice},
    os::{
        fd::{AsRawFd, RawFd},
        unix::net::UnixDatagram,
    },
    path::Path,
};

use rustix::{
    io::Errno,
    net::{
        RecvFlags, SendAncillaryBuffer, SendFlags, SocketAddrAny, getpeername, recvfrom, sendmsg,
        sendmsg_addr,
        sockopt::{set_socket_send_buffer_size, socket_send_buffer_size},
    },
};
use spkit_api::{Error, ErrorKind};

/// What is asked for to keep what peers have not read.
const SEND_BUFFER: usize = 1 << 20;

/// A Unix datagram socket that never blocks.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: UnixDatagram,
}

/// What became of a datagram.
#[derive(Debug)]
pub(crate) enum Sent {
    Yes,
    /// There is no room, in the peer's queue or in our own buffer.
    Full,
    /// Nobody will ever get it.
    Gone(Error),
}

impl Socket {
    /// A socket with a file, where others find it.
    pub(crate) fn bound(path: &Path) -> io::Result<Self> {
        Self::new(UnixDatagram::bind(path)?)
    }

    /// A socket that talks to that of a file alone. The kernel gives it a name to be answered by (unix(7), autobind),
    /// which leaves no file behind, drops what strangers send, and tells when the one queue they all fill has room.
    pub(crate) fn connected(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::bind("")?;
        socket.connect(path)?;
        Self::new(socket)
    }

    fn new(socket: UnixDatagram) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // As much as the system allows, which is what counts.
        let _ = set_socket_send_buffer_size(&socket, SEND_BUFFER);
        Ok(Self { socket })
    }

    /// What the kernel keeps of what was sent and not read, at most.
    pub(crate) fn send_buffer(&self) -> u64 {
        socket_send_buffer_size(&self.socket).unwrap_or(SEND_BUFFER) as u64
    }

    /// The address of the only peer.
    pub(crate) fn peer(&self) -> io::Result<SocketAddrAny> {
        let peer = getpeername(&self.socket)?;
        peer.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Sends one datagram, to the only peer if no address is given.
    pub(crate) fn send(&self, to: Option<&SocketAddrAny>, pieces: &[IoSlice<'_>]) -> Sent {
        let mut nothing = SendAncillaryBuffer::default();
        loop {
            let result = match to {
                Some(to) => {
                    sendmsg_addr(&self.socket, to, pieces, &mut nothing, SendFlags::NOSIGNAL)
                }
                None => sendmsg(&self.socket, pieces, &mut nothing, SendFlags::NOSIGNAL),
            };
            return match result {
                Ok(_) => Sent::Yes,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => Sent::Full,
                // The last: another socket has its name now, and does not listen to us.
                Err(Errno::CONNREFUSED | Errno::CONNRESET | Errno::NOTCONN | Errno::PERM) => {
                    Sent::Gone(vanished())
                }
                Err(other) => Sent::Gone(io::Error::from(other).into()),
            };
        }
    }

    /// Receives one datagram: its length, which may be more than there was space for, and where it came from.
    pub(crate) fn recv(&self, space: &mut [u8]) -> io::Result<(usize, Option<SocketAddrAny>)> {
        loop {
            match recvfrom(&self.socket, &mut *space, RecvFlags::TRUNC) {
                Ok((_, len, from)) => return Ok((len, from)),
                Err(Errno::INTR) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

#[cold]
pub(crate) fn vanished() -> Error {
    Error::new(
        ErrorKind::ConnectionReset,
        "the peer's socket is gone, and it said no goodbye",
    )
}
