//! Peers without any library: what they do between two bytes is up to the test.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
};

use spkit::{Backend, Runtime};

use crate::SOON;

pub(crate) const PULL: u16 = 0x51;
pub(crate) const PAIR: u16 = 0x10;

/// A connection of one kind or the other.
pub(crate) enum Raw {
    Tcp(TcpStream),
    Ipc(UnixStream),
}

/// With each backend, over each kind of socket: runs a test with an address, and with who accepts there.
pub(crate) fn everywhere(test: impl Fn(&Runtime, &str, &dyn Fn(u16) -> Raw)) {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        println!("{backend:?}, tcp");
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", tcp.local_addr().unwrap());
        test(&runtime, &address, &|protocol| {
            let (stream, _) = tcp.accept().unwrap();
            stream.set_read_timeout(Some(SOON)).unwrap();
            stream.set_write_timeout(Some(SOON)).unwrap();
            Raw::Tcp(stream).greeted(protocol)
        });
        println!("{backend:?}, ipc");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let ipc = UnixListener::bind(&path).unwrap();
        let address = format!("ipc://{}", path.display());
        test(&runtime, &address, &|protocol| {
            let (stream, _) = ipc.accept().unwrap();
            stream.set_read_timeout(Some(SOON)).unwrap();
            stream.set_write_timeout(Some(SOON)).unwrap();
            Raw::Ipc(stream).greeted(protocol)
        });
        assert!(runtime.shutdown(SOON), "{backend:?} does not shut down");
    }
}

impl Raw {
    fn greeted(mut self, protocol: u16) -> Self {
        let [high, low] = protocol.to_be_bytes();
        self.io()
            .write_all(&[0, b'S', b'P', 0, high, low, 0, 0])
            .unwrap();
        let mut theirs = [0; 8];
        self.io().read_exact(&mut theirs).unwrap();
        self
    }

    fn io(&mut self) -> &mut dyn ReadWrite {
        match self {
            Self::Tcp(stream) => stream,
            Self::Ipc(stream) => stream,
        }
    }

    /// The next message, nothing at an orderly end.
    pub(crate) fn read(&mut self) -> Option<Vec<u8>> {
        if let Self::Ipc(stream) = self {
            let mut kind = [0];
            if stream.read(&mut kind).unwrap() == 0 {
                return None;
            }
            assert_eq!(kind, [1]);
        }
        let mut length = [0; 8];
        match self.io().read(&mut length[..1]).unwrap() {
            0 => return None,
            _ => self.io().read_exact(&mut length[1..]).unwrap(),
        }
        let mut body = vec![0; usize::try_from(u64::from_be_bytes(length)).unwrap()];
        self.io().read_exact(&mut body).unwrap();
        Some(body)
    }

    pub(crate) fn write(&mut self, body: &[u8]) -> std::io::Result<()> {
        let mut frame = Vec::new();
        if matches!(self, Self::Ipc(_)) {
            frame.push(1);
        }
        frame.extend_from_slice(&(body.len() as u64).to_be_bytes());
        frame.extend_from_slice(body);
        self.io().write_all(&frame)
    }

    pub(crate) fn shut(&self) {
        let done = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Ipc(stream) => stream.shutdown(Shutdown::Write),
        };
        done.unwrap();
    }
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}
