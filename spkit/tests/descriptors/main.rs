//! Descriptors for `poll` and `epoll`: readable exactly while a send, or a receive, would succeed.
#![cfg(unix)]

mod close;
#[path = "../support/connect.rs"]
mod connect;
#[path = "../support/dice.rs"]
mod dice;
mod full;
mod levels;
#[path = "../support/pairs.rs"]
mod pairs;
mod plugins;
mod pollers;
#[path = "../support/ready.rs"]
mod ready;
mod rounds;
mod states;
#[path = "../support/world.rs"]
mod world;

use std::{os::fd::AsFd, time::Duration};

use dice::Dice;
use pairs::connected;

/// Whether it is readable now.
fn is_ready(fd: impl AsFd) -> bool {
    ready::wait(fd, Duration::ZERO)
}

fn number(body: &[u8]) -> u32 {
    u32::from_be_bytes(body[..4].try_into().unwrap())
}
