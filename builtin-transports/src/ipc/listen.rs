//! Listening.

use std::{os::unix::net::UnixListener as StdUnixListener, sync::Arc, task::Poll};

use mio::{Interest, net::UnixListener};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use spkit_api::{
    Address, Connecting, EndpointConfig, Error, ErrorKind, IoCx, Listener, LiveConfig, Options,
    Result,
    stream::{Plain, SpWire, StreamConfig, StreamConnecting},
};

use super::{
    file::{SocketFile, remove_stale},
    name::Name,
    rights::Rights,
    stream::{UnixSocket, tune},
};
use crate::{
    accept::{self, Fate},
    options::{IPC_REMOVE_FILE, IPC_REMOVE_STALE},
};

/// Linux makes the file with the right mode, so it may listen at once: until then others would take the file for a dead one.
const LISTEN_FIRST: bool = cfg!(target_os = "linux");

/// Binds. A file in the way is looked at only when the bind has failed.
pub(super) fn listen(at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
    let name = Name::parse(at.address())?;
    let target = name.to_socket()?;
    let options = at.options();
    let rights = Rights::of(options);
    if let (None, Some(option)) = (name.path(), rights.asked()) {
        return Err(Error::new(
            ErrorKind::OptionInvalid,
            format!(
                "option `{option}` is about the listener's file, and an abstract name has none"
            ),
        ));
    }
    let socket = match (bind(&target, &rights, options), name.path()) {
        (Err(error), Some(path)) if error.kind() == ErrorKind::AddressInUse => {
            if options.get(IPC_REMOVE_STALE) == Some(false) {
                return Err(error.within("there is a file, and option `ipc-remove-stale` is off"));
            }
            remove_stale(path, &target)?;
            bind(&target, &rights, options)?
        }
        (bound, _) => bound?,
    };
    let mut file = name.path().map(SocketFile::made).transpose()?;
    if let Some(path) = name.path() {
        rights.grant(path)?;
    }
    if !LISTEN_FIRST {
        socket.listen(accept::backlog(options))?;
    }
    if let Some(file) = &mut file {
        file.removed = options.get(IPC_REMOVE_FILE).unwrap_or(true);
    }
    Ok(Box::new(IpcListener {
        socket: UnixListener::from_std(StdUnixListener::from(socket)),
        address: Arc::new(at.address().clone()),
        config: at.live().clone(),
        registered: false,
        _file: file,
    }))
}

fn bind(to: &SockAddr, rights: &Rights, options: &Options) -> Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    rights.narrow(&socket)?;
    socket.bind(to)?;
    if LISTEN_FIRST {
        socket.listen(accept::backlog(options))?;
    }
    Ok(socket)
}

#[derive(Debug)]
struct IpcListener {
    socket: UnixListener,
    address: Arc<Address>,
    config: LiveConfig,
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
            let config = StreamConfig::of(&self.config);
            tune(&SockRef::from(&stream), &self.config.options());
            return Poll::Ready(Ok(Box::new(StreamConnecting::accepted(
                UnixSocket::accepted(stream, Arc::clone(&self.address)),
                Plain,
                SpWire::ipc(&config),
                &config,
            ))));
        }
        io.notifier().notify();
        Poll::Pending
    }
}
