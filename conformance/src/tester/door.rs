//! A listening socket of the tester.

use std::{
    fs, io,
    net::TcpListener,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixListener,
    },
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use spkit_api::transport::StreamKind;

use super::carrier::Carrier;

/// Where an endpoint that dials finds the tester.
#[derive(Debug)]
pub(crate) struct Door {
    socket: Socket,
    address: String,
    keep_file: bool,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Door {
    pub(crate) fn open(kind: StreamKind, address: &str) -> io::Result<Self> {
        match kind {
            StreamKind::Ipc => {
                let listener = UnixListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Ok(Self {
                    socket: Socket::Unix(listener),
                    address: address.to_owned(),
                    keep_file: false,
                })
            }
            _ => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                let address = listener.local_addr()?.to_string();
                Ok(Self {
                    socket: Socket::Tcp(listener),
                    address,
                    keep_file: false,
                })
            }
        }
    }

    /// What follows `://` in the address to dial.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Leaves the socket file behind.
    #[cfg(test)]
    pub(crate) fn keep_file(&mut self) {
        self.keep_file = true;
    }

    /// The next connection, if one comes in time.
    pub(crate) fn accept(&self, within: Duration) -> io::Result<Option<Carrier>> {
        if !self.is_readable(within)? {
            return Ok(None);
        }
        let accepted = match &self.socket {
            Socket::Tcp(listener) => listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(false)?;
                Carrier::tcp(stream)
            }),
            Socket::Unix(listener) => listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(false)?;
                Ok(Carrier::Unix(stream))
            }),
        };
        match accepted {
            Ok(carrier) => Ok(Some(carrier)),
            // It went away again before it was taken.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_readable(&self, within: Duration) -> io::Result<bool> {
        let fd: BorrowedFd<'_> = match &self.socket {
            Socket::Tcp(listener) => listener.as_fd(),
            Socket::Unix(listener) => listener.as_fd(),
        };
        let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
        let timeout = Timespec::try_from(within).map_err(io::Error::other)?;
        match poll(&mut fds, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if matches!(self.socket, Socket::Unix(_)) && !self.keep_file {
            let _already_gone = fs::remove_file(&self.address);
        }
    }
}
