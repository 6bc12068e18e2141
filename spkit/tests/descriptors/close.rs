//! The end: whoever polls hears of it.

use std::thread;

use spkit::ErrorKind;

use crate::{
    connected, is_ready,
    ready::wait,
    world::{SOON, everywhere},
};

#[test]
fn closing_from_another_thread_ends_who_polls() {
    everywhere(|runtime, _| {
        let pair = runtime.open("pair").unwrap();
        let (sends, receives) = (pair.send_ready().unwrap(), pair.recv_ready().unwrap());
        thread::scope(|scope| {
            for ready in [&sends, &receives] {
                scope.spawn(move || assert!(wait(ready, SOON), "it ends"));
            }
            assert!(!is_ready(&sends) && !is_ready(&receives));
            pair.close();
        });
        // For good.
        for _ in 0..2 {
            assert_eq!(pair.try_recv().unwrap_err().kind(), ErrorKind::Closed);
            let sent = pair.try_send("x").unwrap_err().error;
            assert_eq!(sent.kind(), ErrorKind::Closed);
            assert!(is_ready(&sends) && is_ready(&receives));
        }
    });
}

#[test]
fn what_had_come_before_can_still_be_received() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let ready = pull.recv_ready().unwrap();
        push.send("x").unwrap();
        assert!(wait(&ready, SOON));
        pull.close();
        assert!(is_ready(&ready));
        assert_eq!(pull.try_recv().unwrap().body(), b"x");
        assert!(is_ready(&ready), "the next one ends at once");
        assert_eq!(pull.try_recv().unwrap_err().kind(), ErrorKind::Closed);
    });
}

#[test]
fn a_context_that_is_dropped_ends_who_polls_for_it() {
    everywhere(|runtime, _| {
        let req = runtime.open("req").unwrap();
        let context = req.context().unwrap();
        let (sends, receives) = (context.send_ready().unwrap(), context.recv_ready().unwrap());
        let of_socket = req.send_ready().unwrap();
        assert!(!is_ready(&sends) && !is_ready(&receives));
        drop(context);
        assert!(is_ready(&sends) && is_ready(&receives));
        assert!(!is_ready(&of_socket));
    });
}
