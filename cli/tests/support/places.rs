//! Addresses that nobody else uses.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use super::program::starting;

/// A kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Inproc,
    Tcp,
    Ipc,
}

/// One address, and the folder it is in if it is a file.
#[derive(Debug)]
pub(crate) struct Place {
    address: String,
    _folder: Option<TempDir>,
}

impl Carrier {
    /// Those between processes.
    pub(crate) const ALL: [Self; 2] = [Self::Tcp, Self::Ipc];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inproc => "inproc",
            Self::Tcp => "tcp",
            Self::Ipc => "ipc",
        }
    }

    /// A new address of this kind.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Inproc => {
                static NEXT: AtomicU16 = AtomicU16::new(0);
                Place {
                    address: format!("inproc://{}", NEXT.fetch_add(1, Ordering::Relaxed)),
                    _folder: None,
                }
            }
            Self::Tcp => Place {
                address: format!("tcp://{0}:{1}", host(), free_port_at(host())),
                _folder: None,
            },
            Self::Ipc => {
                let folder = tempfile::tempdir().unwrap();
                Place {
                    address: format!("ipc://{}/socket", folder.path().display()),
                    _folder: Some(folder),
                }
            }
        }
    }
}

impl Place {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

/// This machine, under a name that other tests do not use at the same time.
fn host() -> Ipv4Addr {
    if cfg!(target_os = "linux") {
        let [_, b, c, d] = process::id().to_be_bytes();
        Ipv4Addr::new(127, 64 + b % 64, c, d)
    } else {
        Ipv4Addr::LOCALHOST
    }
}

/// A port of 127.0.0.1 that nobody uses.
pub(crate) fn free_port() -> u16 {
    free_port_at(Ipv4Addr::LOCALHOST)
}

/// A port that is free, and not among those the system gives to dialers: a
/// dialer that got the very port it dials would be connected with itself.
fn free_port_at(host: Ipv4Addr) -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 22_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // A child just started would hold the listener open until it is a program
    // of its own, longer than we do.
    let _nobody_starts = starting();
    // Programs that test at the same time start far from one another.
    let start = process::id().wrapping_mul(7919);
    for _ in 0..COUNT {
        let turn = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let offset = start.wrapping_add(turn) % u32::from(COUNT);
        let port = FIRST + u16::try_from(offset).unwrap();
        if TcpListener::bind((host, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}
