//! REQ's `resend` and `max-attempts`, and the count of what was sent again.

#[path = "support/world.rs"]
mod world;

use std::time::Duration;

use spkit::{
    ErrorKind, Runtime, Socket,
    protocols::options::{MAX_ATTEMPTS, RESEND, RESEND_TIME},
};

use world::{SOON, everywhere};

/// A requester and a replier that answers nothing by itself.
fn connected(runtime: &Runtime, address: &str) -> (Socket, Socket) {
    let (req, rep) = (runtime.open("req").unwrap(), runtime.open("rep").unwrap());
    let listener = rep.listen(address).unwrap();
    let dialer = req.dial(listener.local_addr().as_str()).unwrap();
    dialer.connected(SOON).unwrap();
    (req, rep)
}

// SP-RR-012
#[test]
fn after_its_last_attempt_a_request_fails_and_says_how_often_it_was_sent() {
    everywhere(|runtime, address| {
        let (req, rep) = connected(runtime, address);
        req.set(RESEND_TIME, Some(Duration::from_millis(20)))
            .unwrap();
        req.set(MAX_ATTEMPTS, 3).unwrap();
        req.send("anybody?").unwrap();
        let error = req.recv_timeout(SOON).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(error.to_string().contains("allows: 3"), "{error}");
        assert_eq!(req.stats().resent, 2);
        for _ in 0..3 {
            assert_eq!(rep.recv_timeout(SOON).unwrap().body(), b"anybody?");
        }
        assert_eq!(rep.try_recv().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

// SP-RR-013
#[test]
fn never_resent_a_request_ends_with_its_connection() {
    everywhere(|runtime, address| {
        let (req, rep) = connected(runtime, address);
        req.set(RESEND, "never".to_owned()).unwrap();
        req.send("once").unwrap();
        assert_eq!(rep.recv_timeout(SOON).unwrap().body(), b"once");
        rep.close();
        let error = req.recv_timeout(SOON).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        assert_eq!(req.stats().resent, 0);
    });
}
