//! Several threads send over one pipe, large messages among small ones, and whatever was left to the flusher goes out:
//! each round ends with nothing under way, so nothing but the flusher itself can help.

use std::{sync::mpsc, thread, time::Duration};

use spkit::{Backend, Runtime};

const SOON: Duration = Duration::from_secs(10);
const SENDERS: usize = 3;
const ROUNDS: usize = 150;
/// More than a caller writes for others, then a burst that waits for its flusher.
const SIZES: [usize; 7] = [300_000, 300_000, 10, 10, 300_000, 10, 10];

#[test]
fn nothing_is_left_with_a_flusher_that_sleeps() {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let pull = runtime.open("pull").unwrap();
        let push = runtime.open("push").unwrap();
        let listener = pull.listen("tcp://127.0.0.1:0").unwrap();
        let dialer = push.dial(listener.local_addr().as_str()).unwrap();
        dialer.connected(SOON).unwrap();
        thread::scope(|scope| {
            let mut starts = Vec::new();
            for _ in 0..SENDERS {
                let (start, started) = mpsc::channel();
                starts.push(start);
                let push = &push;
                scope.spawn(move || {
                    while started.recv().is_ok() {
                        for size in SIZES {
                            push.send(vec![0; size]).unwrap();
                        }
                    }
                });
            }
            for number in 0..ROUNDS {
                for start in &starts {
                    start.send(()).unwrap();
                }
                for message in 0..SENDERS * SIZES.len() {
                    let came = pull.recv_timeout(SOON);
                    assert!(
                        came.is_ok(),
                        "{backend:?}, round {number}, message {message}: {came:?}\n{push:#?}"
                    );
                }
            }
        });
    }
}
