//! Sockets over whatever scalability protocols and transports are registered.
//!
//! [`Socket`] is where to start; [`Runtime`] and [`Registry`] are there for programs that want to choose their plugins
//! or run several worlds side by side. The facade crate `spkit` links the builtin plugins.
#![cfg_attr(loom, allow(dead_code, unused_imports))]
#![warn(missing_docs)]

mod handover;
mod sync;

#[cfg(not(loom))]
mod context;
#[cfg(not(loom))]
mod core;
#[cfg(not(loom))]
mod device;
#[cfg(not(loom))]
mod driver;
#[cfg(not(loom))]
mod endpoint;
#[cfg(not(loom))]
mod event;
#[cfg(not(loom))]
mod future;
#[cfg(not(loom))]
mod names;
#[cfg(all(unix, not(loom)))]
mod readiness;
#[cfg(not(loom))]
mod registry;
#[cfg(not(loom))]
mod runtime;
#[cfg(all(feature = "sim", not(loom)))]
pub mod sim;
#[cfg(not(loom))]
mod slots;
#[cfg(not(loom))]
mod socket;
#[cfg(not(loom))]
mod stats;

#[cfg(all(unix, not(loom)))]
pub use self::readiness::Readiness;
#[cfg(all(feature = "openmetrics", not(loom)))]
pub use self::stats::openmetrics;
#[cfg(not(loom))]
pub use self::{
    context::Context,
    device::{Device, DeviceHandle, DeviceStats, Tap, Tapped, Way, WayStats},
    driver::closing::CloseReport,
    endpoint::{Dialer, Listener},
    event::SocketEvent,
    future::{RecvFuture, SendFuture},
    registry::Registry,
    runtime::{Backend, Builder, Runtime},
    socket::Socket,
    stats::{
        Connections, Count, Dropped, EndpointStats, PipeStats, Refused, Snapshot, Stats, Traffic,
    },
};
