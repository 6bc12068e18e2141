//! `close_with`: what was accepted arrives, or is accounted for to the last message.

mod early;
mod gone;
#[cfg(unix)]
mod raw;
mod slow;

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use spkit::{Backend, CloseReport, Result, Runtime, Socket, api};

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(20);

/// What a program that closes has to send.
const MESSAGES: u32 = 1_000;

/// With each backend, on each transport.
fn everywhere(test: impl Fn(&Runtime, &str)) {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let ipc = format!("ipc://{}/s", directory.path().display());
        let name = format!("abstract://{}", ipc.rsplit("://").next().unwrap());
        let mut addresses = vec!["tcp://127.0.0.1:0", "inproc://close", &ipc];
        if cfg!(target_os = "linux") {
            addresses.push(&name);
        }
        for address in addresses {
            println!("{backend:?}, {address}");
            test(&runtime, address);
        }
        assert!(runtime.shutdown(SOON), "{backend:?} does not shut down");
    }
}

/// A message that says which it is.
fn numbered(number: u32, len: usize) -> Vec<u8> {
    let mut body = number.to_be_bytes().to_vec();
    body.resize(len, 0);
    body
}

fn number(body: &[u8]) -> u32 {
    u32::from_be_bytes(body[..4].try_into().unwrap())
}

/// Two sockets, connected, the first listening.
fn connected(
    [one, other]: [&Socket; 2],
    address: &str,
    set: impl Fn(&mut api::Options) -> Result<()>,
) {
    let listener = one.listen_with(address, &set).unwrap();
    let to = listener.local_addr().as_str();
    other.dial_with(to, &set).unwrap().connected(SOON).unwrap();
    let start = Instant::now();
    while listener.peers() == 0 {
        assert!(start.elapsed() < SOON, "nobody came to {address}");
        thread::yield_now();
    }
}

/// Closes on a thread of its own, with far more time than there is; an error if it needs much of that.
fn close_soon(socket: Socket) -> CloseReport {
    let (done, report) = mpsc::channel();
    let for_ever = Duration::from_secs(86_400);
    thread::spawn(move || done.send(socket.close_with(for_ever)));
    report.recv_timeout(SOON).expect("the close is over")
}

/// Everything accepted was handed over or dropped for a reason.
fn adds_up(report: &CloseReport, accepted: u64) {
    assert_eq!(report.accepted, accepted, "{report:?}");
    assert_eq!(report.copies, accepted, "{report:?}");
    assert_eq!(
        report.handed + report.unsent.total(),
        accepted,
        "{report:?}"
    );
}
