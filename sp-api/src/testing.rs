//! Harnesses without an operating system, for tests of plugins.
//!
//! [`TestReactor`] stands in for a runtime: it lends buffers, resolves names from a table, and records timers,
//! notifications and what is watched. [`TestStream`] is a byte stream in memory that can be slowed down, chopped up and
//! cut. With both a [`StreamPipe`](crate::stream::StreamPipe) runs without sockets, threads or a clock:
//!
//! ```
//! use spkit_api::{
//!     Connecting as _, Ready,
//!     stream::{Plain, SpWire, StreamConnecting},
//!     testing::{TestLink, TestReactor, endpoint},
//! };
//!
//! let (ours, mut theirs) = TestLink::new().streams();
//! let config = endpoint(0x10);
//! let mut connecting = StreamConnecting::accepted(ours, Plain, SpWire::tcp(&config), &config);
//! let mut reactor = TestReactor::new();
//! assert!(connecting.poll_pipe(&mut reactor.io(Ready::NONE)).is_pending());
//! assert_eq!(theirs.take_all(), [0, b'S', b'P', 0, 0, 0x10, 0, 0]);
//! ```

mod reactor;
mod stream;

pub use self::{
    reactor::TestReactor,
    stream::{TestLink, TestStream},
};
use crate::{Address, EndpointConfig, Options, SharedState, options, stream::StreamConfig};

/// The stream values of an endpoint with the default options, that announces this protocol number.
pub fn endpoint(protocol: u16) -> StreamConfig {
    endpoint_with(protocol, |options| options)
}

/// As [`endpoint`], with some of the common options changed.
///
/// # Panics
///
/// Never: the address it makes up is valid.
pub fn endpoint_with(protocol: u16, change: impl FnOnce(Options) -> Options) -> StreamConfig {
    let options = change(Options::over(&[options::COMMON]));
    let Ok(address) = Address::parse("test://") else {
        unreachable!("the address is valid");
    };
    let state = SharedState::new();
    StreamConfig::new(&EndpointConfig::new(&address, &options, protocol, &state))
}
