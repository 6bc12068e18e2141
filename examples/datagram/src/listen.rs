//! Listening.

use std::{
    io,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use spkit_api::{
    Address, Connecting, EndpointConfig, ErrorKind, IoCx, Listener, LiveConfig, Pipe, Result,
    TimerId,
};

use crate::{
    Settings,
    file::{SocketFile, remove_stale},
    path_of,
    pipe::DatagramPipe,
    port::{Call, Port},
    seat::Seat,
    socket::{Sent, Socket},
    wire::Control,
};

/// Tries again to answer a hello.
const AGAIN: TimerId = TimerId(1);

/// How soon.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Binds. A file in the way is looked at only when that has failed.
pub(crate) fn listen(at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
    let path = path_of(at)?;
    let socket = match Socket::bound(&path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            remove_stale(&path)?;
            Socket::bound(&path)?
        }
        bound => bound?,
    };
    Ok(Box::new(Listening {
        _file: SocketFile::made(&path)?,
        port: Port::serving(socket),
        address: at.address().clone(),
        config: at.live().clone(),
    }))
}

/// The file and the first right to the descriptor. When it goes, so does the file; the descriptor stays for the pipes.
#[derive(Debug)]
struct Listening {
    _file: SocketFile,
    port: Arc<Port>,
    address: Address,
    config: LiveConfig,
}

impl Listener for Listening {
    fn local_address(&self) -> Address {
        self.address.clone()
    }

    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>> {
        match self.port.answer_door(io)? {
            Some(call) => Poll::Ready(Ok(Box::new(Answering {
                port: Arc::clone(&self.port),
                call,
                address: self.address.clone(),
                settings: Settings::of(&self.config),
                seat: None,
            }))),
            None => Poll::Pending,
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.port.close_door();
    }
}

/// Answers a hello.
#[derive(Debug)]
struct Answering {
    port: Arc<Port>,
    call: Call,
    address: Address,
    settings: Settings,
    seat: Option<Seat>,
}

impl Answering {
    /// Ready once the hello is out.
    fn poll_answered(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        let seat = match &self.seat {
            Some(seat) => seat,
            None => {
                let limit = self.settings.stream.recv_max();
                let seat = Seat::take(io, &self.port, self.call.address.clone(), limit)?;
                seat.peer.set_protocol(self.call.protocol);
                self.seat.insert(seat)
            }
        };
        match seat.say(Control::Hello(self.settings.stream.protocol())) {
            Sent::Yes => Poll::Ready(Ok(())),
            Sent::Full => {
                io.set_timer(AGAIN, AGAIN_AFTER);
                Poll::Pending
            }
            Sent::Gone(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Connecting for Answering {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        ready!(self.poll_answered(io))?;
        let Some(seat) = self.seat.take() else {
            return Poll::Ready(Err(ErrorKind::Internal.into()));
        };
        let local = Some(self.address.clone());
        let pipe = DatagramPipe::new(seat, self.settings, local, None);
        Poll::Ready(Ok(Box::new(pipe)))
    }
}
