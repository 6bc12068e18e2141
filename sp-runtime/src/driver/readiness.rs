//! Descriptors that are readable while an operation could be done.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};

use spkit_api::{ContextId, Result};

use super::Shared;
use crate::{
    core::{Direction, readiness::Signal},
    handover::level::{Answer, Level, Show},
};

/// Readable, or not.
#[derive(Debug)]
pub(crate) struct Descriptor(kind::Kind);

impl Descriptor {
    fn open() -> io::Result<Self> {
        kind::Kind::open().map(Self)
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Show for Descriptor {
    fn show(&self, ready: bool) {
        // It holds one mark or none, so neither can fail. Should a user have taken the mark, or left some, it is wrong
        // until it changes next, and nothing else is.
        let _ = if ready { self.0.mark() } else { self.0.clear() };
    }
}

impl Signal for Level<Descriptor> {
    fn tell(&self, answer: Answer) {
        self.follow(answer);
    }
}

impl Shared {
    /// A descriptor that follows whether the operation could be done. The background thread drives the socket for it.
    pub(crate) fn open_readiness(
        self: &Arc<Self>,
        context: ContextId,
        direction: Direction,
    ) -> Result<Arc<Level<Descriptor>>> {
        let level = Arc::new(Level::new(Descriptor::open()?));
        let signal = Arc::clone(&level);
        self.with_core(|hosted| hosted.core.follow(context, direction, signal))?;
        self.watch();
        Ok(level)
    }

    pub(crate) fn close_readiness(self: &Arc<Self>, level: &Arc<Level<Descriptor>>) {
        let signal: Arc<dyn Signal> = Arc::<Level<Descriptor>>::clone(level);
        self.with_core(|hosted| hosted.core.unfollow(&signal));
        self.unwatch();
    }
}

/// One descriptor that counts.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod kind {
    use std::{
        io,
        os::fd::{AsFd, BorrowedFd, OwnedFd},
    };

    use rustix::event::{EventfdFlags, eventfd};

    #[derive(Debug)]
    pub(super) struct Kind(OwnedFd);

    impl Kind {
        pub(super) fn open() -> io::Result<Self> {
            let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
            Ok(Self(eventfd(0, flags)?))
        }

        pub(super) fn mark(&self) -> io::Result<usize> {
            Ok(rustix::io::write(&self.0, &1_u64.to_ne_bytes())?)
        }

        pub(super) fn clear(&self) -> io::Result<usize> {
            Ok(rustix::io::read(&self.0, &mut [0; 8])?)
        }
    }

    impl AsFd for Kind {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
}

/// Two descriptors, where the system has none that counts.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use pair as kind;

#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod pair {
    use std::{
        io::{self, Read as _, Write as _},
        os::{
            fd::{AsFd, BorrowedFd},
            unix::net::UnixStream,
        },
    };

    #[derive(Debug)]
    pub(super) struct Kind {
        polled: UnixStream,
        marks: UnixStream,
    }

    impl Kind {
        pub(super) fn open() -> io::Result<Self> {
            let (polled, marks) = UnixStream::pair()?;
            polled.set_nonblocking(true)?;
            marks.set_nonblocking(true)?;
            Ok(Self { polled, marks })
        }

        pub(super) fn mark(&self) -> io::Result<usize> {
            (&self.marks).write(&[1])
        }

        pub(super) fn clear(&self) -> io::Result<usize> {
            (&self.polled).read(&mut [0; 8])
        }
    }

    impl AsFd for Kind {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.polled.as_fd()
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn is_readable(descriptor: impl AsFd) -> bool {
        let mut polled = [PollFd::new(&descriptor, PollFlags::IN)];
        poll(&mut polled, Some(&Timespec::default())).unwrap() == 1
    }

    #[test]
    fn each_kind_is_readable_from_a_mark_until_it_is_cleared() {
        let (one, two) = (kind::Kind::open().unwrap(), pair::Kind::open().unwrap());
        for _ in 0..3 {
            assert!(!is_readable(&one) && !is_readable(&two));
            one.mark().and_then(|_| two.mark()).unwrap();
            for _ in 0..2 {
                assert!(is_readable(&one) && is_readable(&two));
            }
            one.clear().and_then(|_| two.clear()).unwrap();
        }
    }

    #[test]
    fn an_answer_that_comes_late_shows_nothing() {
        let level = Level::new(Descriptor::open().unwrap());
        let first = Answer::default().then(true);
        let second = first.then(false);
        level.follow(second);
        level.follow(first);
        assert!(!is_readable(level.signal()));
        level.follow(second.then(true));
        assert!(is_readable(level.signal()));
    }
}
