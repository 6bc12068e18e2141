//! Descriptors for `poll`, `epoll`, `select` and whatever else waits for readable ones.

use std::{
    fmt,
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    sync::Arc,
};

use spkit_api::{ContextId, Result};

use crate::{
    core::Direction, driver::readiness::Descriptor, handover::level::Level, socket::Handle,
};

/// A descriptor that is readable while sending, or receiving, would succeed at once: nanomsg's `NN_SNDFD` and
/// `NN_RCVFD`. From [`Socket::send_ready`](crate::Socket::send_ready) and
/// [`Socket::recv_ready`](crate::Socket::recv_ready), and for a [`Context`](crate::Context) alike.
///
/// Wait for it to be *readable*, in both cases, and nothing else: never read from it, write to it or change it. It is
/// level-triggered: it stays readable until the last message is received, or nothing more can be sent. So after a wake-up
/// call `try_recv` or `try_send`, and be prepared for [`WouldBlock`](spkit_api::ErrorKind::WouldBlock): another thread may
/// have been faster. An edge-triggered poller (mio, tokio's `AsyncFd`) has to be told of each `WouldBlock`, or to go on
/// until there is one, as with any descriptor.
///
/// # When it is readable
///
/// * *Receiving*: while a message is there for the taking. REQ: the reply is there, or its request failed. SURVEYOR: an
///   answer is there, or the survey's time is over, which the next receive reports, once.
/// * *Sending*: while a message would be taken. PUSH, PAIR and REQ: a peer has room. REP and RESPONDENT: there is
///   something to answer. PUB, BUS, STAR, SURVEYOR: always, unless PUB has to wait for slow peers (`back-pressure`).
/// * *Either*: once the socket, or the context, is closed, or failed: the operation ends with that error at once.
///
/// An operation out of turn, which fails with [`State`](spkit_api::ErrorKind::State), is not ready. A third party's protocol
/// that does not say is ready until an operation had to wait, and again when those who wait may try again.
///
/// # What it costs
///
/// One descriptor (two, where the system has no eventfd), closed with the handle. While there is one, each event of the
/// socket asks the protocol once more, and the background thread drives the socket whenever no caller blocks on it.
/// It keeps the socket open.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::os::fd::AsFd;
/// # let socket = spkit_runtime::Socket::open("pull")?;
/// let readable = socket.recv_ready()?;
/// let fd = readable.as_fd(); // for a poller
/// # let _ = fd;
/// # Ok(()) }
/// ```
pub struct Readiness {
    handle: Arc<Handle>,
    context: ContextId,
    direction: Direction,
    level: Arc<Level<Descriptor>>,
}

impl Readiness {
    pub(crate) fn open(
        handle: &Arc<Handle>,
        context: ContextId,
        direction: Direction,
    ) -> Result<Self> {
        Ok(Self {
            level: handle.shared.open_readiness(context, direction)?,
            handle: Arc::clone(handle),
            context,
            direction,
        })
    }
}

impl AsFd for Readiness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.level.signal().as_fd()
    }
}

impl AsRawFd for Readiness {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        self.handle.shared.close_readiness(&self.level);
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            context, direction, ..
        } = self;
        write!(
            f,
            "Readiness({direction:?}, {context:?}, {})",
            self.as_raw_fd()
        )
    }
}
