//! Two sockets, connected.

use spkit::{
    Runtime, Socket,
    options::{RECV_BUFFER_MESSAGES, SEND_BUFFER},
};

use crate::connect::connect;

pub(crate) fn connected(
    runtime: &Runtime,
    protocols: [&str; 2],
    address: &str,
) -> (Socket, Socket) {
    let [a, b] = protocols.map(|protocol| runtime.open(protocol).unwrap());
    connect(&b, &a, address);
    (a, b)
}

/// With queues that take next to nothing, so that most sends wait.
pub(crate) fn narrow(runtime: &Runtime, protocols: [&str; 2], address: &str) -> (Socket, Socket) {
    let [a, b] = protocols.map(|protocol| {
        let socket = runtime.open_with(protocol, |options| {
            options.set(RECV_BUFFER_MESSAGES, 1)?;
            options.set(SEND_BUFFER, 1)
        });
        socket.unwrap()
    });
    connect(&b, &a, address);
    (a, b)
}
