//! A peer without any library: bytes over TCP.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

use crate::world::SOON;

/// What a peer of this protocol says first.
pub(crate) fn hello(protocol: u16) -> [u8; 8] {
    let [high, low] = protocol.to_be_bytes();
    [0, b'S', b'P', 0, high, low, 0, 0]
}

/// Greets, and reads the other's greeting.
pub(crate) fn greet(stream: &mut TcpStream, protocol: u16) {
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(&hello(protocol)).unwrap();
    let mut theirs = [0; 8];
    stream.read_exact(&mut theirs).unwrap();
}

/// A listener whose connections buffer little, and its address as spkit writes it.
pub(crate) fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&listener, 8 << 10).unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// The next message, `None` at the end.
pub(crate) fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 8];
    stream.read_exact(&mut length).ok()?;
    let mut body = vec![0; u64::from_be_bytes(length) as usize];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}
