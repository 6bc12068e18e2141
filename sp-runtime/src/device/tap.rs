//! Taps: copies of what passes a device, for whoever wants to see them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    time::Duration,
};

use spkit_api::Message;

use super::Way;

/// What a tap holds before it misses something: messages, and bytes of header and body. One message is always taken.
const MESSAGES: usize = 1024;
const BYTES: usize = 1 << 20;

/// A message that passed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tapped {
    /// Which way.
    pub way: Way,
    /// As the device received it: header, body, and the pipe it came over.
    pub message: Message,
}

/// Sees what passes a device: from [`Device::tap`](crate::Device::tap). It is an iterator that waits for the next message
/// and ends with the device. Dropping it ends the copying.
///
/// ```no_run
/// # use spkit_runtime::{Device, Socket};
/// # let (sub, publisher) = (Socket::open("xsub")?, Socket::open("xpub")?);
/// # let log = Socket::open("pub")?;
/// let mut device = Device::new(&sub, &publisher)?;
/// let tap = device.tap();
/// std::thread::spawn(move || {
///     for seen in tap {
///         println!("{:?}: {:?}", seen.way, seen.message);
///         let _nobody_listens = log.try_send(seen.message.into_body()); // or into a socket
///     }
/// });
/// device.run()?;
/// # Ok::<(), spkit_api::Error>(())
/// ```
#[derive(Debug)]
pub struct Tap {
    queue: Receiver<Tapped>,
    load: Arc<Load>,
}

/// The device's end, of which each lane has one.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    queue: SyncSender<Tapped>,
    load: Arc<Load>,
}

#[derive(Debug, Default)]
struct Load {
    bytes: AtomicUsize,
    missed: AtomicU64,
}

pub(super) fn tap() -> (Feed, Tap) {
    let (to, queue) = sync_channel(MESSAGES);
    let load = Arc::default();
    let feed = Feed {
        queue: to,
        load: Arc::clone(&load),
    };
    (feed, Tap { queue, load })
}

impl Feed {
    /// Shows a message, if there is room for it. False: nobody looks any more.
    pub(super) fn show(&self, way: Way, message: &Message) -> bool {
        let size = message.payload_len();
        let held = self.load.bytes.load(Ordering::Relaxed);
        if held > 0 && held + size > BYTES {
            return self.miss();
        }
        self.load.bytes.fetch_add(size, Ordering::Relaxed);
        let mut message = message.clone();
        message.detach();
        match self.queue.try_send(Tapped { way, message }) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.load.bytes.fetch_sub(size, Ordering::Relaxed);
                self.miss()
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    fn miss(&self) -> bool {
        self.load.missed.fetch_add(1, Ordering::Relaxed);
        true
    }
}

impl Tap {
    /// The next message, if one has passed.
    pub fn try_next(&self) -> Option<Tapped> {
        match self.queue.try_recv() {
            Ok(seen) => Some(self.taken(seen)),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        }
    }

    /// The next message, waiting at most so long.
    pub fn next_timeout(&self, timeout: Duration) -> Option<Tapped> {
        match self.queue.recv_timeout(timeout) {
            Ok(seen) => Some(self.taken(seen)),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Messages that passed unseen, since the tap had its fill.
    pub fn missed(&self) -> u64 {
        self.load.missed.load(Ordering::Relaxed)
    }

    fn taken(&self, seen: Tapped) -> Tapped {
        let size = seen.message.payload_len();
        self.load.bytes.fetch_sub(size, Ordering::Relaxed);
        seen
    }
}

impl Iterator for Tap {
    type Item = Tapped;

    fn next(&mut self) -> Option<Tapped> {
        let seen = self.queue.recv().ok()?;
        Some(self.taken(seen))
    }
}

impl Drop for Tap {
    /// With all its room free, it is noticed with the next message that nobody looks any more.
    fn drop(&mut self) {
        self.load.bytes.store(0, Ordering::Relaxed);
    }
}
