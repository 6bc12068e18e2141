//! Descriptors, polled.

use std::{
    os::fd::AsFd,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Waits until it is readable. False: it never was.
pub(crate) fn wait(fd: impl AsFd, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).unwrap();
        let mut polled = [PollFd::new(&fd, PollFlags::IN)];
        match poll(&mut polled, Some(&left)) {
            Ok(0) => return false,
            Ok(_) => {
                assert_eq!(polled[0].revents(), PollFlags::IN);
                return true;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
