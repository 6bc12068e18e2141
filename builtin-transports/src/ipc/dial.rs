//! Dialing.

use std::{io, os::unix::net::UnixStream as StdUnixStream, sync::Arc, task::Poll, time::Duration};

use mio::net::UnixStream;
use socket2::{Domain, SockAddr, Socket, Type};
use spkit_api::{
    Address, Connecting, EndpointConfig, Error, ErrorKind, IoCx, LiveConfig, Options, Pipe, Result,
    TimerId,
    stream::{Plain, SpWire, StreamConfig, StreamConnecting},
};

use super::{
    name::Name,
    stream::{UnixSocket, tune},
};

/// Tries again while the listener's backlog is full: no readiness tells when it is not.
const AGAIN: TimerId = TimerId(0);

/// How soon.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Checks all that needs no I/O.
pub(super) fn dial(at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
    let name = Name::parse(at.address())?;
    Ok(Box::new(Dialing {
        target: name.to_socket()?,
        address: Arc::new(at.address().clone()),
        live: at.live().clone(),
        config: StreamConfig::new(at),
        connected: None,
    }))
}

#[derive(Debug)]
struct Dialing {
    target: SockAddr,
    address: Arc<Address>,
    live: LiveConfig,
    config: StreamConfig,
    connected: Option<StreamConnecting<UnixSocket, Plain, SpWire>>,
}

impl Connecting for Dialing {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        let connected = match &mut self.connected {
            Some(connected) => connected,
            None => {
                let stream = match connect(&self.target, &self.live.options()) {
                    Ok(stream) => stream,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        io.set_timer(AGAIN, AGAIN_AFTER);
                        return Poll::Pending;
                    }
                    Err(error) => {
                        return Poll::Ready(Err(explain(error).at(&self.address)));
                    }
                };
                io.clear_timer(AGAIN);
                self.connected.insert(StreamConnecting::dialed(
                    UnixSocket::dialed(stream, Arc::clone(&self.address)),
                    Plain,
                    SpWire::ipc(&self.config),
                    &self.config,
                ))
            }
        };
        connected
            .poll_pipe(io)
            .map_err(|error| error.at(&self.address))
    }
}

fn connect(to: &SockAddr, options: &Options) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    tune(&socket, options);
    socket.connect(to)?;
    Ok(UnixStream::from_std(StdUnixStream::from(socket)))
}

/// A missing file is a listener that is not there yet, not a wrong address.
fn explain(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(
            ErrorKind::ConnectionRefused,
            "there is no such file: nobody listens yet",
        )
        .caused_by(error),
        _ => error.into(),
    }
}
