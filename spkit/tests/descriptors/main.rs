//! Descriptors for `poll` and `epoll`: readable exactly while a send, or a receive, would succeed.
#![cfg(unix)]

mod close;
#[path = "../support/connect.rs"]
mod connect;
mod full;
mod levels;
mod plugins;
mod pollers;
#[path = "../support/ready.rs"]
mod ready;
mod rounds;
mod states;
#[path = "../support/world.rs"]
mod world;

use std::{os::fd::AsFd, time::Duration};

use spkit::{
    Runtime, Socket,
    options::{RECV_BUFFER_MESSAGES, SEND_BUFFER},
};

use connect::connect;

/// Two sockets, connected.
fn connected(runtime: &Runtime, protocols: [&str; 2], address: &str) -> (Socket, Socket) {
    let (a, b) = (
        runtime.open(protocols[0]).unwrap(),
        runtime.open(protocols[1]).unwrap(),
    );
    connect(&b, &a, address);
    (a, b)
}

/// Whether it is readable now.
fn is_ready(fd: impl AsFd) -> bool {
    ready::wait(fd, Duration::ZERO)
}

/// A socket whose queues take next to nothing.
fn narrow(runtime: &Runtime, protocol: &str) -> Socket {
    let socket = runtime.open_with(protocol, |options| {
        options.set(RECV_BUFFER_MESSAGES, 1)?;
        options.set(SEND_BUFFER, 1)
    });
    socket.unwrap()
}

fn number(body: &[u8]) -> u32 {
    u32::from_be_bytes(body[..4].try_into().unwrap())
}

/// Which way each step goes: the same in each run.
struct Dice(u32);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % end
    }
}
