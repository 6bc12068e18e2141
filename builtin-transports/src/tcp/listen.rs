//! Listening.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    task::Poll,
};

use mio::Interest;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use spkit_api::{
    Address, Connecting, EndpointConfig, Error, ErrorKind, IoCx, Listener, LiveConfig, Options,
    Result,
    address::{Host, HostPort},
    stream::{Plain, SpWire, StreamConfig, StreamConnecting},
};

use super::{Family, Tuning, device, interface, stream::TcpSocket};
use crate::accept::{self, Fate};

/// Binds, to the first of the host's addresses that can be bound to.
pub(super) fn listen(at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
    let family = Family::of(at)?;
    let target = HostPort::parse(at.address().rest())?;
    if target.local.is_some() {
        return Err(Error::new(
            ErrorKind::AddressInvalid,
            "`local;host` is for dialing: a listener's host is its local address",
        ));
    }
    let named = match &target.host {
        Host::Name(name) => Some(name).filter(|name| interface::exists(name)),
        _ => None,
    };
    let device = named.cloned().or_else(|| device(at.options()));
    let mut failed: Option<Error> = None;
    for address in candidates(&target, family, named.is_some())? {
        match bind(address, family, device.as_deref(), at.options()) {
            Ok(socket) => {
                let bound = socket.local_addr()?.as_socket().unwrap_or(address);
                return Ok(Box::new(TcpListener {
                    local: Address::new(at.address().scheme(), bound)?,
                    socket: mio::net::TcpListener::from_std(socket.into()),
                    config: at.live().clone(),
                    registered: false,
                }));
            }
            // Somebody else is there: to listen at the next address only would be half of what was asked for.
            Err(error) if error.kind() == ErrorKind::AddressInUse => return Err(error),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed
        .unwrap_or_else(|| Error::new(ErrorKind::Resolve, "the name has no address to listen at")))
}

/// What to try, best first.
fn candidates(target: &HostPort, family: Family, device: bool) -> Result<Vec<SocketAddr>> {
    let v4 = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let v6 = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let any = Host::Any;
    let host = if device { &any } else { &target.host };
    let ips = match (host, family) {
        // Both families through one socket, where the machine has IPv6.
        (Host::Any, Family::Both) => vec![v6, v4],
        (Host::Any, Family::V4) => vec![v4],
        (Host::Any, Family::V6) => vec![v6],
        (Host::Ip(ip), _) => {
            family.check(*ip)?;
            vec![*ip]
        }
        (Host::Name(name), _) => return resolve(name, target.port, family),
        _ => return Err(ErrorKind::AddressInvalid.into()),
    };
    let at = |ip| SocketAddr::new(ip, target.port);
    Ok(ips.into_iter().map(at).collect())
}

fn resolve(name: &str, port: u16, family: Family) -> Result<Vec<SocketAddr>> {
    let found = (name, port)
        .to_socket_addrs()
        .map_err(|error| Error::new(ErrorKind::Resolve, format!("`{name}`")).caused_by(error))?;
    Ok(found
        .filter(|address| family.allows(address.ip()))
        .collect())
}

fn bind(
    address: SocketAddr,
    family: Family,
    device: Option<&str>,
    options: &Options,
) -> Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        let both = address.ip().is_unspecified() && family == Family::Both;
        socket.set_only_v6(!both)?;
    }
    // On Unix it lets a restarted program have its port at once; elsewhere it would let anybody steal it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if let Some(device) = device {
        interface::bind(&socket, device)?;
    }
    Tuning::of(options).size_buffers(&socket);
    socket.bind(&address.into())?;
    socket.listen(accept::backlog(options))?;
    Ok(socket)
}

#[derive(Debug)]
struct TcpListener {
    socket: mio::net::TcpListener,
    local: Address,
    config: LiveConfig,
    registered: bool,
}

impl Listener for TcpListener {
    fn local_address(&self) -> Address {
        self.local.clone()
    }

    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>> {
        if !self.registered {
            io.register(&mut self.socket, Interest::READABLE)?;
            self.registered = true;
        }
        for _ in 0..accept::SKIPS {
            let (stream, remote) = match self.socket.accept() {
                Ok(accepted) => accepted,
                Err(error) => match accept::fate(&error) {
                    Fate::Wait => return Poll::Pending,
                    Fate::Skip => continue,
                    Fate::Report => return Poll::Ready(Err(Error::from(error).at(&self.local))),
                },
            };
            let config = StreamConfig::of(&self.config);
            Tuning::of(&self.config.options()).apply(&SockRef::from(&stream));
            return Poll::Ready(Ok(Box::new(StreamConnecting::accepted(
                TcpSocket::new(stream, remote),
                Plain,
                SpWire::tcp(&config),
                &config,
            ))));
        }
        io.notifier().notify();
        Poll::Pending
    }
}
