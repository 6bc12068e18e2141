//! Dialing: the host's addresses, one after the other.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream as StdTcpStream},
    task::{Poll, ready},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};
use spkit_api::{
    Address, Connecting, EndpointConfig, Error, ErrorKind, IoCx, Lookup, Pipe, Ready, Result,
    TimerId,
    address::{Host, HostPort},
    options::HANDSHAKE_TIMEOUT,
    stream::{Plain, SpWire, StreamConfig, StreamConnecting},
};

use super::{Family, Tuning, device, interface, stream::TcpSocket};
use crate::options::TCP_CONNECT_TIMEOUT;

/// Gives up on an address while there are others.
const NEXT: TimerId = TimerId(0);

/// Checks all that needs no I/O.
pub(super) fn dial(at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
    let family = Family::of(at)?;
    let target = HostPort::parse(at.address().rest())?;
    let invalid = |why: &str| Err(Error::new(ErrorKind::AddressInvalid, why));
    if target.port == 0 {
        return invalid("port 0 can be listened at, not dialed");
    }
    match &target.host {
        Host::Any => return invalid("dialing needs a host, as in tcp://127.0.0.1:5555"),
        Host::Ip(ip) => family.check(*ip)?,
        _ => {}
    }
    if let Some(Host::Ip(ip)) = &target.local {
        family.check(*ip)?;
    }
    Ok(Box::new(Dialing {
        address: at.address().clone(),
        target,
        family,
        device: device(at.options()),
        tuning: Tuning::of(at.options()),
        config: StreamConfig::new(at),
        patience: at.options().get(HANDSHAKE_TIMEOUT).unwrap_or_default(),
        each: at.options().get(TCP_CONNECT_TIMEOUT).flatten(),
        stage: Stage::New,
    }))
}

#[derive(Debug)]
struct Dialing {
    address: Address,
    target: HostPort,
    family: Family,
    device: Option<String>,
    tuning: Tuning,
    config: StreamConfig,
    /// What the runtime allows for all of it.
    patience: Duration,
    /// What one address may take, where that was said.
    each: Option<Duration>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    New,
    Resolving(Lookup),
    Trying(Attempts),
    /// Connected: from here on no other address is tried.
    Greeting(Box<Attempt>),
    Over,
}

type Attempt = StreamConnecting<TcpSocket, Plain, SpWire>;

#[derive(Debug)]
struct Attempts {
    left: std::vec::IntoIter<SocketAddr>,
    current: Option<Box<Attempt>>,
    share: Duration,
    last: Option<Error>,
}

impl Connecting for Dialing {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        let pipe = ready!(self.poll_stages(io)).map_err(|error| error.at(&self.address));
        self.stage = Stage::Over;
        Poll::Ready(pipe)
    }
}

impl Dialing {
    fn poll_stages(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        loop {
            self.stage = match &mut self.stage {
                Stage::New => match &self.target.host {
                    Host::Name(name) => Stage::Resolving(io.resolve(name, self.target.port)),
                    Host::Ip(ip) => {
                        let only = SocketAddr::new(*ip, self.target.port);
                        Stage::Trying(self.attempts(vec![only]))
                    }
                    // `dial` has refused it.
                    _ => return Poll::Ready(Err(ErrorKind::AddressInvalid.into())),
                },
                Stage::Resolving(lookup) => {
                    let mut addresses = ready!(lookup.poll())?;
                    addresses.retain(|address| self.fits(address.ip()));
                    if addresses.is_empty() {
                        return Poll::Ready(Err(Error::new(
                            ErrorKind::Resolve,
                            "the name has no address of the family asked for",
                        )));
                    }
                    Stage::Trying(self.attempts(addresses))
                }
                Stage::Trying(_) => Stage::Greeting(ready!(self.poll_connected(io))?),
                Stage::Greeting(attempt) => return attempt.poll_pipe(io),
                Stage::Over => {
                    return Poll::Ready(Err(Error::new(
                        ErrorKind::Internal,
                        "a dialer was polled after its end",
                    )));
                }
            }
        }
    }

    /// Whether an address is of the scheme's family, and of that of the address to leave from.
    fn fits(&self, ip: IpAddr) -> bool {
        let leaves = match &self.target.local {
            Some(Host::Ip(local)) => local.is_ipv4() == ip.is_ipv4(),
            _ => true,
        };
        leaves && self.family.allows(ip)
    }

    /// The time is shared out, so that one address that swallows packets leaves some for the others.
    fn attempts(&self, addresses: Vec<SocketAddr>) -> Attempts {
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let share = self.patience / count;
        Attempts {
            left: addresses.into_iter(),
            current: None,
            share: self.each.map_or(share, |each| each.min(share)),
            last: None,
        }
    }

    /// Tries one address after the other.
    fn poll_connected(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<Attempt>>> {
        let Stage::Trying(attempts) = &mut self.stage else {
            return Poll::Ready(Err(ErrorKind::Internal.into()));
        };
        if io.ready().contains(Ready::TIMER)
            && let Some(attempt) = attempts.current.take()
        {
            attempt.abandon(io);
            attempts.last = Some(Error::new(
                ErrorKind::TimedOut,
                "connecting took too long (option tcp-connect-timeout)",
            ));
        }
        loop {
            if let Some(mut attempt) = attempts.current.take() {
                match attempt.poll_connected(io) {
                    Poll::Pending => {
                        attempts.current = Some(attempt);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(())) => {
                        io.clear_timer(NEXT);
                        return Poll::Ready(Ok(attempt));
                    }
                    Poll::Ready(Err(error)) => attempts.last = Some(error),
                }
            }
            let Some(address) = attempts.left.next() else {
                let last = attempts.last.take();
                return Poll::Ready(Err(last.unwrap_or_else(|| ErrorKind::Unreachable.into())));
            };
            let device = self.device.as_deref();
            match connect(address, self.target.local.as_ref(), device, &self.tuning) {
                Ok(socket) => {
                    let wire = SpWire::tcp(&self.config);
                    let attempt = StreamConnecting::dialed(socket, Plain, wire, &self.config);
                    attempts.current = Some(Box::new(attempt));
                    // The last one has all the time there is.
                    match (attempts.left.as_slice(), self.each) {
                        ([], None) => io.clear_timer(NEXT),
                        ([], Some(each)) => io.set_timer(NEXT, each),
                        _ => io.set_timer(NEXT, attempts.share),
                    }
                }
                Err(error) => attempts.last = Some(error.within(address)),
            }
        }
    }
}

/// Starts a connection attempt.
pub(super) fn connect(
    to: SocketAddr,
    local: Option<&Host>,
    device: Option<&str>,
    tuning: &Tuning,
) -> Result<TcpSocket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    tuning.apply(&socket);
    let device = match local {
        Some(Host::Name(name)) => Some(name.as_str()),
        _ => device,
    };
    if let Some(device) = device {
        interface::bind(&socket, device)?;
    }
    if let Some(Host::Ip(ip)) = local {
        socket.bind(&SocketAddr::new(*ip, 0).into())?;
    }
    match socket.connect(&to.into()) {
        Err(error) if !is_under_way(&error) => return Err(error.into()),
        _ => {}
    }
    let stream = mio::net::TcpStream::from_std(StdTcpStream::from(socket));
    Ok(TcpSocket::new(stream, to))
}

fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::WouldBlock
}
