//! What the peer's system has taken: asked of Linux by a sock_diag message (sock_diag(7)), which is SIOCOUTQ without an
//! unsafe call.

use std::net::{IpAddr, SocketAddr};

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

/// `SOCK_DIAG_BY_FAMILY`: the request, and the type of its answer.
const BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const IPPROTO_TCP: u8 = 6;

/// Bytes of a request: the header, and `inet_diag_req_v2`.
const REQUEST: usize = 16 + 56;

/// Where the bytes that are not acknowledged stand in an answer: behind the header, in `inet_diag_msg`.
const WQUEUE: usize = 16 + 4 + 48 + 8;

/// Bytes on the way between these that the peer's system did not acknowledge; our end of the connection, once said, counts
/// as one. `None`: the system does not tell.
pub(super) fn unacknowledged(local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let kind = SocketType::DGRAM;
    let asking = socket_with(
        AddressFamily::NETLINK,
        kind,
        flags,
        Some(netlink::SOCK_DIAG),
    )
    .ok()?;
    send(&asking, &request(local, remote)?, SendFlags::empty()).ok()?;
    let mut answer = [0; 256];
    let (len, _) = recv(&asking, &mut answer, RecvFlags::empty()).ok()?;
    let answer = answer.get(..len)?;
    let word = |at: usize| {
        answer
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(u32::from_ne_bytes)
    };
    let is_answer = answer.get(4..6)? == BY_FAMILY.to_ne_bytes();
    is_answer.then(|| word(WQUEUE)).flatten()
}

fn request(local: SocketAddr, remote: SocketAddr) -> Option<[u8; REQUEST]> {
    let family = if local.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let mut request = [0; REQUEST];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        request[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(&u32::try_from(REQUEST).ok()?.to_ne_bytes());
    put(&BY_FAMILY.to_ne_bytes());
    put(&NLM_F_REQUEST.to_ne_bytes());
    put(&[0; 8]);
    put(&[u8::try_from(family.as_raw()).ok()?, IPPROTO_TCP, 0, 0]);
    // In any state.
    put(&u32::MAX.to_ne_bytes());
    put(&local.port().to_be_bytes());
    put(&remote.port().to_be_bytes());
    for address in [local, remote] {
        match address.ip() {
            IpAddr::V4(ip) => {
                put(&ip.octets());
                put(&[0; 12]);
            }
            IpAddr::V6(ip) => put(&ip.octets()),
        }
    }
    // On any interface, whatever its cookie.
    put(&[0; 4]);
    put(&[0xff; 8]);
    Some(request)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        net::{Shutdown, TcpListener, TcpStream},
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn what_was_taken_is_no_longer_counted_and_what_was_not_is() {
        for place in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(place) else {
                println!("no {place} on this machine");
                continue;
            };
            let mut ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (theirs, _) = listener.accept().unwrap();
            let left = || unacknowledged(ours.local_addr().unwrap(), ours.peer_addr().unwrap());
            let mut out = &ours;
            out.write_all(b"nobody reads this").unwrap();
            ours.shutdown(Shutdown::Write).unwrap();
            let start = Instant::now();
            while left() != Some(0) {
                assert!(
                    start.elapsed() < Duration::from_secs(10),
                    "{:?} left",
                    left()
                );
            }
            // More than the peer's system takes stays with ours.
            let full = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            full.set_nonblocking(true).unwrap();
            while (&full).write(&[0; 65_536]).is_ok() {}
            let (local, remote) = (full.local_addr().unwrap(), full.peer_addr().unwrap());
            assert!(unacknowledged(local, remote) > Some(0));
            drop((&mut ours, theirs));
        }
    }

    #[test]
    fn of_a_connection_that_is_not_there_nothing_is_known() {
        let nowhere = "127.0.0.1:1".parse().unwrap();
        assert_eq!(unacknowledged(nowhere, nowhere), None);
    }
}
