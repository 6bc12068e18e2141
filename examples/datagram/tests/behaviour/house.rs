//! A runtime with a directory for its sockets.

use std::{path::PathBuf, time::Duration};

use example_datagram as _;
use spkit::{Backend, Error, Listener, Runtime, Socket, SocketEvent};
use tempfile::TempDir;

pub const LONG: Duration = Duration::from_secs(20);
pub const BACKENDS: [Backend; 2] = [Backend::CallerRuns, Backend::Background];

pub struct House {
    runtime: Runtime,
    directory: TempDir,
}

impl House {
    pub fn new(backend: Backend) -> Self {
        Self {
            runtime: Runtime::builder().backend(backend).build().unwrap(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("s")
    }

    pub fn address(&self) -> String {
        format!("dgram://{}", self.path().display())
    }

    /// A socket that looks after its peers every few moments.
    pub fn open(&self, protocol: &str) -> Socket {
        let socket = self.runtime.open(protocol).unwrap();
        socket.set_str("reconnect-min", "10ms").unwrap();
        socket
    }

    /// Listens, and looks after its peers often.
    pub fn listen(&self, socket: &Socket) -> Listener {
        self.listen_with(socket, &[])
    }

    pub fn listen_with(&self, socket: &Socket, options: &[(&str, &str)]) -> Listener {
        let listener = socket.listen_with(&self.address(), |own| {
            own.set_str("dgram-keepalive", "50ms")?;
            options
                .iter()
                .try_for_each(|(name, value)| own.set_str(name, value).map(drop))
        });
        listener.unwrap()
    }

    pub fn dial(&self, socket: &Socket) {
        let keepalive =
            |own: &mut spkit::api::Options| own.set_str("dgram-keepalive", "50ms").map(drop);
        socket.dial_with(&self.address(), keepalive).unwrap();
        socket.wait_for_peers(1, LONG).unwrap();
    }

    /// Two connected sockets, the first listening.
    pub fn pair(&self, listening: &str, dialing: &str) -> (Socket, Socket) {
        let (listening, dialing) = (self.open(listening), self.open(dialing));
        self.listen(&listening);
        self.dial(&dialing);
        listening.wait_for_peers(1, LONG).unwrap();
        (listening, dialing)
    }
}

/// Why the next pipe of a socket goes.
pub fn loss(socket: &Socket) -> Error {
    loop {
        match socket.next_event(LONG) {
            Some(SocketEvent::Disconnected { error, .. } | SocketEvent::Refused { error, .. }) => {
                return error;
            }
            Some(_) => {}
            None => panic!("no connection was lost"),
        }
    }
}

/// Receives a number that was sent by [`numbered`].
pub fn number(socket: &Socket) -> u32 {
    let message = socket.recv_timeout(LONG).unwrap();
    u32::from_be_bytes(*message.body().first_chunk().unwrap())
}

/// A body of this length that starts with a number.
pub fn numbered(number: u32, len: usize) -> Vec<u8> {
    let mut body = number.to_be_bytes().to_vec();
    body.resize(len.max(4), number as u8);
    body
}
