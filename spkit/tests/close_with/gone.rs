//! With nobody who reads, the report says exactly what was not sent, and why.

use std::{thread, time::Duration};

use spkit::{
    api::{DropReason, Options},
    options::{RECV_BUFFER_MESSAGES, SEND_BUFFER, SEND_BUFFER_MESSAGES},
};

use crate::{MESSAGES, adds_up, close_soon, connected, everywhere, numbered};

/// More than the system takes of it.
const LEN: usize = 20_000;

fn roomy(own: &mut Options) -> spkit::Result<()> {
    own.set(SEND_BUFFER, 256 << 20)?;
    own.set(SEND_BUFFER_MESSAGES, 1 << 20)
}

/// Keeps little on the way, so that something is left.
fn tight(own: &mut Options) -> spkit::Result<()> {
    own.set(SEND_BUFFER, 1)?;
    own.set(SEND_BUFFER_MESSAGES, 1)
}

#[test]
fn a_reader_that_stalls_finds_later_what_was_handed_over_and_no_more() {
    everywhere(|runtime, address| {
        let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
        pull.set(RECV_BUFFER_MESSAGES, 1).unwrap();
        // inproc hands over to a ring of the sender's size: a small one.
        let inproc = address.starts_with("inproc");
        connected([&pull, &push], address, if inproc { tight } else { roomy });
        let mut accepted = 0;
        let patience = Duration::from_millis(if inproc { 50 } else { 5_000 });
        while accepted < MESSAGES && push.send_timeout(numbered(accepted, LEN), patience).is_ok() {
            accepted += 1;
        }
        let report = push.close_with(Duration::from_millis(50));
        adds_up(&report, u64::from(accepted));
        // What its ring had taken is the reader's, whatever comes.
        assert_eq!(report.complete, report.unsent.total() == 0, "{report:?}");
        if !inproc {
            assert!(report.unsent.of(DropReason::PipeGone) > 0, "{report:?}");
        }
        let got = (0..).take_while(|_| pull.recv_timeout(Duration::from_millis(500)).is_ok());
        assert_eq!(got.count() as u64, report.handed, "{report:?}");
    });
}

#[test]
fn a_reader_that_goes_takes_the_rest_with_it() {
    everywhere(|runtime, address| {
        let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
        pull.set(RECV_BUFFER_MESSAGES, 1).unwrap();
        let inproc = address.starts_with("inproc");
        connected([&pull, &push], address, if inproc { tight } else { roomy });
        let patience = Duration::from_millis(50);
        let mut accepted = 0;
        while accepted < MESSAGES && push.send_timeout(numbered(accepted, LEN), patience).is_ok() {
            accepted += 1;
        }
        thread::scope(|scope| {
            let closing = scope.spawn(|| close_soon(push));
            pull.close_with(Duration::ZERO);
            let report = closing.join().unwrap();
            adds_up(&report, u64::from(accepted));
            assert!(
                inproc || report.unsent.of(DropReason::PipeGone) > 0,
                "{report:?}"
            );
        });
    });
}
