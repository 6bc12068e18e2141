//! What the shared descriptor must not make of its pipes, over real sockets and under either backend.
#![cfg(target_os = "linux")]

#[path = "behaviour/close.rs"]
mod close;
#[path = "behaviour/hostile.rs"]
mod hostile;
#[path = "behaviour/house.rs"]
mod house;
#[path = "behaviour/sharing.rs"]
mod sharing;
#[path = "behaviour/traffic.rs"]
mod traffic;
