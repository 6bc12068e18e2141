//! What a socket tells about its connections.

use std::time::Duration;

use spkit_api::{Address, EndpointId, Error, PipeId};

/// Something that happened to a connection or an endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SocketEvent {
    /// A listener listens.
    Listening {
        /// The listener.
        endpoint: EndpointId,
        /// Where, the system's choices (port 0) filled in.
        local: Address,
    },
    /// A dialer tries to connect.
    Dialing {
        /// The dialer.
        endpoint: EndpointId,
        /// Where to.
        address: Address,
    },
    /// A peer of the right protocol is connected.
    Connected {
        /// Its pipe.
        pipe: PipeId,
        /// The dialer or listener it came from.
        endpoint: EndpointId,
        /// Its address, where it has one.
        remote: Option<Address>,
    },
    /// A connected peer is gone.
    Disconnected {
        /// Its former pipe.
        pipe: PipeId,
        /// The dialer or listener it came from.
        endpoint: EndpointId,
        /// Why.
        error: Error,
    },
    /// A connection did not become a pipe, or could not be made: nobody there, garbage, silence, the wrong protocol, a
    /// hook that did not want it.
    Refused {
        /// The dialer or listener it came from.
        endpoint: EndpointId,
        /// Its address, where the connection came so far.
        remote: Option<Address>,
        /// The protocol number the peer announced, if it did.
        announced: Option<u16>,
        /// Why.
        error: Error,
    },
    /// A dialer will try again.
    Redialing {
        /// The dialer.
        endpoint: EndpointId,
        /// After this long.
        after: Duration,
        /// Why: the last attempt's error, or the loss of its pipe.
        error: Error,
    },
    /// A listener pauses: the system is out of descriptors or buffers.
    ListenerPaused {
        /// The listener.
        endpoint: EndpointId,
        /// Why.
        error: Error,
    },
    /// A listener or dialer ended for good.
    EndpointClosed {
        /// The endpoint.
        endpoint: EndpointId,
        /// Why, if not by its owner.
        error: Option<Error>,
    },
    /// The socket failed: its protocol's plugin panicked.
    Failed {
        /// Names the crate.
        error: Error,
    },
    /// So many events were lost because nobody took them.
    Lost {
        /// How many.
        count: u64,
    },
}
