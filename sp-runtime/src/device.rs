//! Devices: raw sockets joined, so that messages pass from the peers of one to the peers of the other.

mod counts;
mod fit;
mod run;
mod tap;
mod way;

use std::{fmt, sync::Arc};

use spkit_api::Result;

use self::{counts::Counts, run::Stop, way::Lane};
use crate::{driver::Shared, socket::Socket};

pub use self::{
    counts::{DeviceStats, WayStats},
    tap::{Tap, Tapped},
};

/// A device: two raw sockets joined, each message of one goes out over the other; or one raw socket whose messages go
/// out over it again.
///
/// Nothing is in it but the sockets: they are opened, dialed and listen as any others, and a protocol's raw form keeps
/// in the header of each message what a reply needs to find its way back. So devices can be chained, and hold no state
/// for a request.
///
/// ```no_run
/// use spkit_runtime::{Device, Socket};
///
/// let (front, back) = (Socket::open("xrep")?, Socket::open("xreq")?);
/// front.listen("tcp://*:5555")?; // the clients dial this
/// back.listen("ipc:///run/workers.sock")?; // and the workers this
/// Device::new(&front, &back)?.run()?;
/// # Ok::<(), spkit_api::Error>(())
/// ```
///
/// | sockets | what it does |
/// |---|---|
/// | `xrep`, `xreq` | requests of the first one's peers go to the second one's in turn, replies find the way back |
/// | `xrespondent`, `xsurveyor` | the same, and each survey goes to all |
/// | `xsub`, `xpub` | messages one way; `xsub` receives everything, and subscribers select |
/// | `xpull`, `xpush` | messages one way, each to one peer; nothing is dropped |
/// | `xpair`, `xpair`; `xpair1`, `xpair1` | both ways |
/// | `xbus`, `xbus`; `xstar`, `xstar` | joins two buses, or stars, to one |
/// | `xbus` alone | joins all peers to one bus; what a peer sent does not come back to it |
/// | `xpair` or `xpair1` alone | an echo |
///
/// # Loops
///
/// Where devices form a circle, messages with a hop count (`xrep`, `xrespondent`, `xpair1`, `xstar`) end at the option
/// [`ttl`](spkit_api::options::TTL) of the socket that receives them, and are counted as
/// [`DropReason::Ttl`](spkit_api::DropReason::Ttl). The other protocols have no such count: keep their devices to a tree.
///
/// # What it does not lose
///
/// The device takes a message from one socket only after it has handed the last one of that way to the other, and waits
/// for room as any sender does, without holding up the other way. When it stops, or a future of it is dropped, it keeps
/// what it has taken, at most one message each way, and goes on with it when it is run again. Only a device that is
/// dropped itself loses that. What the sockets drop by the rules of their protocols is counted: [`Device::stats`].
#[derive(Debug)]
pub struct Device {
    lanes: Vec<Lane>,
    handle: DeviceHandle,
}

/// Which way a message goes through a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the first socket to the second, or through the only one.
    Forth,
    /// From the second socket to the first.
    Back,
}

/// Stops a device and reads its counters, from any thread. Cheap to clone; keeps no socket open.
#[derive(Clone)]
pub struct DeviceHandle {
    shared: Arc<Remote>,
}

/// What a device and its handles share.
struct Remote {
    stop: Stop,
    counts: Counts,
}

impl Device {
    /// Joins two sockets. They fit if both are raw and each one's protocol is the other's peer; otherwise the error says
    /// what is wrong and what fits, and nothing has happened. Messages pass once the device runs.
    pub fn new(first: &Socket, second: &Socket) -> Result<Self> {
        fit::pair(first.shared(), second.shared())?;
        let ends = [first, second];
        let ways = [(Way::Forth, ends), (Way::Back, [second, first])];
        let lanes = ways.into_iter().filter_map(|(way, [from, to])| {
            let passes = from.protocol().can_recv() && to.protocol().can_send();
            passes.then(|| Lane::new(way, from, to))
        });
        Ok(Self::over(lanes.collect(), ends))
    }

    /// Sends what a socket receives out over the same socket. It has to be raw, of a protocol that talks to itself
    /// and does not forward by itself; otherwise the error says what is wrong and what fits.
    pub fn loopback(socket: &Socket) -> Result<Self> {
        fit::alone(socket.shared())?;
        let lane = Lane::new(Way::Forth, socket, socket);
        Ok(Self::over(vec![lane], [socket, socket]))
    }

    fn over(lanes: Vec<Lane>, [first, second]: [&Socket; 2]) -> Self {
        let ends = [first.shared(), second.shared()];
        let (counts, stop) = (Counts::new(&lanes, ends), Stop::new(ends));
        Self {
            lanes,
            handle: DeviceHandle {
                shared: Arc::new(Remote { stop, counts }),
            },
        }
    }

    /// Lets somebody see what passes: a copy of each message, as it was received, which shares its body. The device
    /// never waits for a tap: one that holds its fill (1,024 messages, 1 MiB) misses what follows, and
    /// [`Tap::missed`] counts it. There may be any number.
    pub fn tap(&mut self) -> Tap {
        let (feed, tap) = tap::tap();
        for lane in &mut self.lanes {
            lane.taps.push(feed.clone());
        }
        tap
    }

    /// Passes messages on, on this thread, until [`DeviceHandle::stop`] (`Ok`) or until one of the sockets is closed or
    /// fails (the error says which). A second way has a second thread for that time.
    pub fn run(&mut self) -> Result<()> {
        run::block(&mut self.lanes, &self.handle.shared.stop)
    }

    /// Passes messages on, on any executor, both ways in the one task. Dropping the future stops the device; it can be
    /// run again.
    pub async fn run_async(&mut self) -> Result<()> {
        run::task(&mut self.lanes, &self.handle.shared.stop).await
    }

    /// For other threads.
    pub fn handle(&self) -> DeviceHandle {
        self.handle.clone()
    }

    /// What passed so far.
    pub fn stats(&self) -> DeviceStats {
        self.handle.stats()
    }
}

impl DeviceHandle {
    /// Ends the run that goes on with `Ok`; without one, the next run as soon as it starts.
    pub fn stop(&self) {
        self.shared.stop.ask();
    }

    /// What passed so far.
    pub fn stats(&self) -> DeviceStats {
        self.shared.counts.read()
    }
}

impl fmt::Debug for DeviceHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceHandle({:?})", self.stats())
    }
}

/// A socket's name in errors.
fn name(socket: &Shared) -> &'static str {
    socket.info.name()
}
