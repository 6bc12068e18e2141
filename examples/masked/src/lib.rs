//! A byte-stream transport as a third party would add it to spkit: `masked+tcp://127.0.0.1:5555`.
//!
//! It puts three layers together: a [`TcpSocket`] is the carrier, a [`Mask`] the filter, and the toolkit's own
//! [`SpWire`] the framing. Handshake, limits, buffers, back-pressure and the close in order are the toolkit's.
//!
//! **The mask is a toy.** It shows where TLS or compression would stand and hides nothing: whoever listens sees both
//! nonces and can undo it. For brevity hosts are addresses; [`IoCx::resolve`] is for names.
//!
//! A program links this crate by `use example_masked as _;` and dials or listens by the scheme.
#![warn(missing_docs)]

mod mask;
mod socket;

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    task::Poll,
};

use mio::net::{TcpListener, TcpStream};
use spkit_api::{
    Address, Connecting, EndpointConfig, Error, ErrorKind, Interest, IoCx, Listener, LiveConfig,
    Pipe, Result, Transport, TransportInfo,
    address::{Host, HostPort},
    register_transport,
    stream::{SpWire, StreamConfig, StreamConnecting},
};

pub use self::{mask::Mask, socket::TcpSocket};

static INFO: TransportInfo =
    TransportInfo::new(&["masked+tcp"]).doc("TCP behind a toy mask, at address:port.");

register_transport!(
    /// The transport.
    pub MASKED, &Masked
);

/// The transport: a factory without state.
#[derive(Clone, Copy, Debug)]
pub struct Masked;

/// A connection on its way, as the toolkit makes it.
type Masking = StreamConnecting<TcpSocket, Mask, SpWire>;

impl Transport for Masked {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        let target = HostPort::parse(at.address().rest())?;
        match (&target.local, target.host, target.port) {
            (None, Host::Ip(ip), 1..) => Ok(Box::new(Dialing {
                to: SocketAddr::new(ip, target.port),
                config: StreamConfig::new(at),
                started: None,
            })),
            _ => Err(invalid("dialing needs an IP address and a port")),
        }
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        let target = HostPort::parse(at.address().rest())?;
        let ip = match (&target.local, target.host) {
            (None, Host::Ip(ip)) => ip,
            (None, Host::Any) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            _ => return Err(invalid("listening needs an IP address or `*`, and a port")),
        };
        Ok(Box::new(Listening {
            socket: TcpListener::bind(SocketAddr::new(ip, target.port))?,
            asked: at.address().clone(),
            config: at.live().clone(),
            registered: false,
        }))
    }
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::AddressInvalid, why)
}

/// Opens its socket when it is polled first: `dial` does no I/O.
#[derive(Debug)]
struct Dialing {
    to: SocketAddr,
    config: StreamConfig,
    started: Option<Masking>,
}

impl Connecting for Dialing {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        let started = match &mut self.started {
            Some(started) => started,
            None => {
                let socket = TcpSocket::new(TcpStream::connect(self.to)?, self.to);
                let wire = SpWire::tcp(&self.config);
                let dialed = StreamConnecting::dialed(socket, Mask::new(io), wire, &self.config);
                self.started.insert(dialed)
            }
        };
        started.poll_pipe(io)
    }
}

#[derive(Debug)]
struct Listening {
    socket: TcpListener,
    asked: Address,
    config: LiveConfig,
    registered: bool,
}

impl Listener for Listening {
    /// With the port that the system chose, if it was to choose one.
    fn local_address(&self) -> Address {
        let bound = self.socket.local_addr().ok();
        let bound = bound.and_then(|bound| Address::new(self.asked.scheme(), bound).ok());
        bound.unwrap_or_else(|| self.asked.clone())
    }

    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>> {
        if !self.registered {
            io.register(&mut self.socket, Interest::READABLE)?;
            self.registered = true;
        }
        match self.socket.accept() {
            Ok((stream, remote)) => {
                let socket = TcpSocket::new(stream, remote);
                // What was set on the listener meanwhile counts from this connection on.
                let config = StreamConfig::of(&self.config);
                let wire = SpWire::tcp(&config);
                let masking = Masking::accepted(socket, Mask::new(io), wire, &config);
                Poll::Ready(Ok(Box::new(masking)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Poll::Pending,
            // The runtime waits a moment after errors that pass, and asks again.
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}
