//! What the system knows of this process's sockets.

use std::{fs, net::SocketAddr};

use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use socket2::Socket;

/// Duplicates of the sockets that fit.
pub(crate) fn sockets(fits: impl Fn(&Socket) -> bool) -> Vec<Socket> {
    let this = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let path = entry.unwrap().path();
        let is_socket =
            fs::read_link(&path).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
        let number = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok());
        if let (true, Some(number)) = (is_socket, number)
            && let Ok(descriptor) = pidfd_getfd(&this, number, PidfdGetfdFlags::empty())
        {
            let socket = Socket::from(descriptor);
            if fits(&socket) {
                found.push(socket);
            }
        }
    }
    found
}

/// Both ends of the connections to this port: those dialed, those accepted.
pub(crate) fn ends(port: u16) -> (Vec<Socket>, Vec<Socket>) {
    let at = |address: std::io::Result<socket2::SockAddr>| {
        let address = address.ok().and_then(|address| address.as_socket());
        address.map(|address: SocketAddr| address.port())
    };
    let dialed = sockets(|socket| at(socket.peer_addr()) == Some(port));
    let accepted =
        sockets(|socket| at(socket.local_addr()) == Some(port) && socket.peer_addr().is_ok());
    (dialed, accepted)
}
