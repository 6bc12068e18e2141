//! The tester T: plain std sockets, and the vocabulary of the requirements on them.

mod carrier;
pub(crate) mod codec;
mod door;
mod peer;

use std::sync::atomic::{AtomicU32, Ordering};

use spkit_api::transport::StreamKind;

pub(crate) use self::{carrier::Carrier, door::Door, peer::Peer};
use crate::{
    pace::Pace,
    transcript::Transcript,
    verdict::{Outcome, Trouble},
};

/// What every connection of a case needs to know.
#[derive(Debug)]
pub(crate) struct Tester {
    pub(crate) kind: StreamKind,
    pub(crate) pace: Pace,
    pub(crate) log: Transcript,
    connections: AtomicU32,
}

impl Tester {
    pub(crate) fn new(kind: StreamKind, pace: Pace, log: Transcript) -> Self {
        Self {
            kind,
            pace,
            log,
            connections: AtomicU32::new(0),
        }
    }

    /// OPEN: connects to an endpoint under test. `address` is what follows `://`.
    pub(crate) fn open(&self, address: &str) -> Outcome<Peer> {
        let carrier = Carrier::connect(self.kind, address, self.pace.open()).map_err(|error| {
            Trouble::failed(
                format!("a connection to {address} (OPEN)"),
                error.to_string(),
            )
        })?;
        let peer = self.peer(carrier)?;
        peer.note("T connected");
        Ok(peer)
    }

    /// Listens, for an endpoint that dials.
    pub(crate) fn listen(&self, address: &str) -> Outcome<Door> {
        Door::open(self.kind, address).map_err(|error| Trouble::kit("the tester's listener", error))
    }

    /// The next connection that S makes.
    pub(crate) fn accept(&self, door: &Door) -> Outcome<Peer> {
        self.accept_within(door, self.pace.open())?.ok_or_else(|| {
            Trouble::failed(
                "a connection from the endpoint under test",
                format!("none within {:?}", self.pace.open()),
            )
        })
    }

    /// The next connection that S makes in this time, if it makes one.
    pub(crate) fn accept_within(
        &self,
        door: &Door,
        within: std::time::Duration,
    ) -> Outcome<Option<Peer>> {
        let carrier = door
            .accept(within)
            .map_err(|error| Trouble::kit("accepting a connection", error))?;
        let Some(carrier) = carrier else {
            return Ok(None);
        };
        let peer = self.peer(carrier)?;
        peer.note("S connected");
        Ok(Some(peer))
    }

    fn peer(&self, carrier: Carrier) -> Outcome<Peer> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Peer::new(carrier, number, self.kind, self.pace, self.log.clone())
            .map_err(|error| Trouble::kit("the tester's socket", error))
    }
}
