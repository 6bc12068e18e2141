//! A runtime with a directory for its sockets.

use std::{path::PathBuf, time::Duration};

use spkit::{Backend, Error, Listener, Result, Runtime, Socket, SocketEvent, option::Options};
use tempfile::TempDir;

pub(crate) const LONG: Duration = Duration::from_secs(20);
pub(crate) const BACKENDS: [Backend; 2] = [Backend::CallerRuns, Backend::Background];

pub(crate) struct House {
    runtime: Runtime,
    directory: TempDir,
}

impl House {
    pub(crate) fn new(backend: Backend) -> Self {
        Self {
            runtime: Runtime::builder().backend(backend).build().unwrap(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("s")
    }

    pub(crate) fn address(&self) -> String {
        format!("dgram://{}", self.path().display())
    }

    /// A socket that dials again soon.
    pub(crate) fn open(&self, protocol: &str) -> Socket {
        let socket = self.runtime.open(protocol).unwrap();
        socket.set_str("reconnect-min", "10ms").unwrap();
        socket
    }

    /// Listens, and looks after its peers often.
    pub(crate) fn listen(&self, socket: &Socket) -> Listener {
        self.listen_with(socket, |_| Ok(()))
    }

    pub(crate) fn listen_with(
        &self,
        socket: &Socket,
        change: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Listener {
        let listener = socket.listen_with(&self.address(), |own| {
            often(own)?;
            change(own)
        });
        listener.unwrap()
    }

    pub(crate) fn dial(&self, socket: &Socket) {
        socket.dial_with(&self.address(), often).unwrap();
        socket.wait_for_peers(1, LONG).unwrap();
    }

    /// Two connected sockets, the first listening.
    pub(crate) fn pair(&self, listening: &str, dialing: &str) -> (Socket, Socket) {
        let (listening, dialing) = (self.open(listening), self.open(dialing));
        self.listen(&listening);
        self.dial(&dialing);
        listening.wait_for_peers(1, LONG).unwrap();
        (listening, dialing)
    }
}

pub(crate) fn often(own: &mut Options) -> Result<()> {
    own.set(example_datagram::KEEPALIVE, Duration::from_millis(50))
}

/// Why the next pipe of a socket goes.
pub(crate) fn loss(socket: &Socket) -> Error {
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
pub(crate) fn number(socket: &Socket) -> u32 {
    let message = socket.recv_timeout(LONG).unwrap();
    u32::from_be_bytes(*message.body().first_chunk().unwrap())
}

/// A body of this length that starts with a number.
pub(crate) fn numbered(number: u32, len: usize) -> Vec<u8> {
    let mut body = number.to_be_bytes().to_vec();
    body.resize(len.max(4), number as u8);
    body
}
