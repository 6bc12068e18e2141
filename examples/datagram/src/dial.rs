//! Dialing.

use std::{io, path::PathBuf, task::Poll};

use spkit_api::{Address, Connecting, EndpointConfig, Error, ErrorKind, IoCx, Pipe, Result};

use crate::{
    Settings, path_of,
    pipe::DatagramPipe,
    port::Port,
    seat::Seat,
    socket::{Sent, Socket},
    wire::Control,
};

pub(crate) fn dial(at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
    Ok(Box::new(Dialing {
        path: path_of(at)?,
        address: at.address().clone(),
        settings: Settings::of(at.live()),
        seat: None,
        said_hello: false,
    }))
}

/// Opens its socket when it is polled first, says hello, and waits for the listener's.
#[derive(Debug)]
struct Dialing {
    path: PathBuf,
    address: Address,
    settings: Settings,
    seat: Option<Seat>,
    said_hello: bool,
}

impl Connecting for Dialing {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        let seat = match &self.seat {
            Some(seat) => seat,
            None => {
                let socket = Socket::connected(&self.path).map_err(explain)?;
                let server = socket.peer()?;
                let limit = self.settings.stream.recv_max();
                let seat = Seat::take(io, &Port::dialing(socket), server, limit)?;
                self.seat.insert(seat)
            }
        };
        let Seat { port, peer, .. } = seat;
        if !self.said_hello {
            match seat.say(Control::Hello(self.settings.stream.protocol())) {
                Sent::Yes => self.said_hello = true,
                Sent::Full => {
                    port.await_room(io, peer)?;
                    return Poll::Pending;
                }
                Sent::Gone(error) => return Poll::Ready(Err(error)),
            }
            port.needs_no_room(io, peer)?;
        }
        port.read_for(io, peer.member, Some(peer.member))?;
        if peer.protocol().is_none() {
            return match peer.is_gone() {
                Some(error) => Poll::Ready(Err(refused(error))),
                None => Poll::Pending,
            };
        }
        let Some(seat) = self.seat.take() else {
            return Poll::Ready(Err(ErrorKind::Internal.into()));
        };
        // What came with the hello has no edge of its own.
        io.notifier().notify();
        let remote = Some(self.address.clone());
        let pipe = DatagramPipe::new(seat, self.settings, None, remote);
        Poll::Ready(Ok(Box::new(pipe)))
    }
}

/// A goodbye instead of a hello.
fn refused(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Closed => Error::new(
            ErrorKind::ConnectionRefused,
            "the listener takes no more connections now",
        ),
        _ => error,
    }
}

/// A missing file is a listener that is not there yet, and not a wrong address.
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
