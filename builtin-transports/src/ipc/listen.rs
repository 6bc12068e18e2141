//! Listening.

use std::{io, os::unix::net::UnixListener as StdUnixListener, sync::Arc, task::Poll};

use mio::{Interest, net::UnixListener};
use socket2::{Domain, SockAddr, Socket, Type};
use spkit_api::{
    Address, Connecting, EndpointConfig, Error, IoCx, Listener, Result,
    stream::{Plain, SpWire, StreamConfig, StreamConnecting},
};

use super::{
    file::{SocketFile, remove_stale},
    name::Name,
    stream::UnixSocket,
};
use crate::accept::{self, Fate};

/// Binds. A file in the way is looked at only when the bind has failed.
pub(super) fn listen(at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
    let name = Name::parse(at.address())?;
    let target = name.to_socket()?;
    let socket = match (bind(&target), name.path()) {
        (Err(error), Some(path)) if error.kind() == io::ErrorKind::AddrInUse => {
            remove_stale(path, &target)?;
            bind(&target)?
        }
        (bound, _) => bound?,
    };
    let file = name.path().map(SocketFile::made).transpose()?;
    Ok(Box::new(IpcListener {
        socket: UnixListener::from_std(StdUnixListener::from(socket)),
        address: Arc::new(at.address().clone()),
        config: StreamConfig::new(at),
        registered: false,
        _file: file,
    }))
}

fn bind(to: &SockAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(to)?;
    // At once: until then others would take the file for a dead one.
    socket.listen(accept::BACKLOG)?;
    Ok(socket)
}

#[derive(Debug)]
struct IpcListener {
    socket: UnixListener,
    address: Arc<Address>,
    config: StreamConfig,
    registered: bool,
    /// Removed when the listener goes.
    _file: Option<SocketFile>,
}

impl Listener for IpcListener {
    fn local_address(&self) -> Address {
        Address::clone(&self.address)
    }

    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>> {
        if !self.registered {
            io.register(&mut self.socket, Interest::READABLE)?;
            self.registered = true;
        }
        for _ in 0..accept::SKIPS {
            let stream = match self.socket.accept() {
                Ok((stream, _unnamed)) => stream,
                Err(error) => match accept::fate(&error) {
                    Fate::Wait => return Poll::Pending,
                    Fate::Skip => continue,
                    Fate::Report => {
                        return Poll::Ready(Err(Error::from(error).at(&self.address)));
                    }
                },
            };
            return Poll::Ready(Ok(Box::new(StreamConnecting::accepted(
                UnixSocket::accepted(stream, Arc::clone(&self.address)),
                Plain,
                SpWire::ipc(&self.config),
                &self.config,
            ))));
        }
        io.notifier().notify();
        Poll::Pending
    }
}
