//! Other ways to poll: level-triggered `epoll`, and mio's edges.

use std::{os::fd::AsRawFd as _, time::Duration};

use mio::{Events, Interest, Poll, Token, unix::SourceFd};
use spkit::ErrorKind;

use crate::{
    connected, number,
    world::{SOON, everywhere},
};

#[cfg(target_os = "linux")]
#[test]
fn epoll_reports_a_level_each_time() {
    use rustix::event::{Timespec, epoll};

    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        let ready = [pair.recv_ready().unwrap(), pair.send_ready().unwrap()];
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        for (ready, at) in ready.iter().zip(0..) {
            let data = epoll::EventData::new_u64(at);
            epoll::add(&epoll, ready, data, epoll::EventFlags::IN).unwrap();
        }
        let reported = |patience| {
            let mut events = Vec::with_capacity(4);
            let patience = Timespec::try_from(patience).unwrap();
            epoll::wait(
                &epoll,
                rustix::buffer::spare_capacity(&mut events),
                Some(&patience),
            )
            .unwrap();
            let mut which: Vec<_> = events.iter().map(|event| event.data.u64()).collect();
            which.sort_unstable();
            which
        };
        assert_eq!(reported(SOON), [1], "it can send");
        peer.send("x").unwrap();
        // The other one is ready all the time, so this does not sleep.
        while reported(Duration::ZERO) != [0, 1] {
            std::thread::yield_now();
        }
        assert_eq!(reported(SOON), [0, 1], "and again");
        pair.try_recv().unwrap();
        assert_eq!(reported(SOON), [1]);
    });
}

#[test]
fn mio_misses_nothing_that_is_taken_to_the_end() {
    const MESSAGES: u32 = 3_000;
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let ready = pull.recv_ready().unwrap();
        let mut poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(4);
        let fd = ready.as_raw_fd();
        let mut source = SourceFd(&fd);
        let registry = poll.registry();
        registry
            .register(&mut source, Token(7), Interest::READABLE)
            .unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..MESSAGES {
                    push.send_timeout(n.to_be_bytes().to_vec(), SOON).unwrap();
                }
            });
            let mut next = 0;
            while next < MESSAGES {
                poll.poll(&mut events, Some(SOON)).unwrap();
                assert!(!events.is_empty(), "{next}: {pull:#?}");
                loop {
                    match pull.try_recv() {
                        Ok(message) => {
                            assert_eq!(number(message.body()), next);
                            next += 1;
                        }
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::WouldBlock);
                            break;
                        }
                    }
                }
            }
        });
        poll.registry().deregister(&mut source).unwrap();
    });
}
