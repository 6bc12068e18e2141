//! Each way to wait for a socket, behind one function a direction.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags},
    io::Errno,
};
use spkit::{Error, ErrorKind, Message, Readiness, Socket};

use super::dice::Dice;

/// Ways to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Blocking,
    /// With timeouts so short that many end.
    Timeout,
    /// Trying in a yield loop.
    Try,
    Async,
    /// Futures that are dropped when they do not get ready soon.
    Cancel,
    /// Trying when a descriptor says that it is time.
    Poll,
}

impl Mode {
    pub(crate) const ALL: [Self; 6] = [
        Self::Blocking,
        Self::Timeout,
        Self::Try,
        Self::Async,
        Self::Cancel,
        Self::Poll,
    ];
}

/// Turns of a yield loop before it gives way to the next mode: others need the CPU, too.
const TRIES: u32 = 200;

/// Sends, however long it takes.
pub(crate) fn send(
    socket: &Socket,
    mut message: Message,
    mode: Mode,
    dice: &mut Dice,
) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        let failed = match mode {
            Mode::Blocking => socket.send(message),
            Mode::Timeout => socket.send_timeout(message, short(dice)),
            Mode::Try => socket.try_send(message),
            Mode::Async => block_on(socket.send_async(message)),
            Mode::Cancel => {
                let copy = message.clone();
                match poll_for(pin!(socket.send_async(message)), short(dice)) {
                    Some(done) => done,
                    None => {
                        // Dropped before it was ready: nothing was sent.
                        message = copy;
                        continue;
                    }
                }
            }
            Mode::Poll => {
                poll(&socket.send_ready()?)?;
                socket.try_send(message)
            }
        };
        let Err(failed) = failed else {
            return Ok(());
        };
        if !waits_on(failed.kind()) {
            return Err(failed.error);
        }
        message = failed.message;
        if mode == Mode::Try {
            tries += 1;
            if tries == TRIES {
                return socket.send(message).map_err(Error::from);
            }
            thread::yield_now();
        }
    }
}

/// Receives, however long it takes.
pub(crate) fn recv(socket: &Socket, mode: Mode, dice: &mut Dice) -> Result<Message, Error> {
    let mut tries = 0;
    loop {
        let result = match mode {
            Mode::Blocking => socket.recv(),
            Mode::Timeout => socket.recv_timeout(short(dice)),
            Mode::Try => socket.try_recv(),
            Mode::Async => block_on(socket.recv_async()),
            Mode::Cancel => match poll_for(pin!(socket.recv_async()), short(dice)) {
                Some(done) => done,
                None => continue,
            },
            Mode::Poll => socket.recv_ready().and_then(|ready| {
                poll(&ready)?;
                socket.try_recv()
            }),
        };
        match result {
            Err(error) if waits_on(error.kind()) => {}
            done => return done,
        }
        if mode == Mode::Try {
            tries += 1;
            if tries == TRIES {
                return socket.recv();
            }
            thread::yield_now();
        }
    }
}

/// Waits until a descriptor is readable, in vain if another is faster.
fn poll(ready: &Readiness) -> Result<(), Error> {
    let mut polled = [PollFd::new(ready, PollFlags::IN)];
    match rustix::event::poll(&mut polled, None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(std::io::Error::from(error).into()),
    }
}

fn waits_on(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn short(dice: &mut Dice) -> Duration {
    match dice.below(4) {
        0 => Duration::ZERO,
        1 => Duration::from_micros(dice.below(50)),
        2 => Duration::from_micros(dice.below(1_000)),
        _ => Duration::from_micros(dice.below(5_000)),
    }
}

/// Wakes a thread that waits for a future.
struct Alarm {
    thread: Thread,
    rang: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn alarm() -> (Arc<Alarm>, Waker) {
    let alarm = Arc::new(Alarm {
        thread: thread::current(),
        rang: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&alarm));
    (alarm, waker)
}

/// Polls when woken and not otherwise, until it is ready.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let (alarm, waker) = alarm();
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        while !alarm.rang.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

/// Polls when woken and not otherwise, for a while.
fn poll_for<T>(mut future: Pin<&mut impl Future<Output = T>>, patience: Duration) -> Option<T> {
    let (alarm, waker) = alarm();
    let until = Instant::now() + patience;
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        while !alarm.rang.swap(false, Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
    }
}
