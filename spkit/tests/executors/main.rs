//! Futures on real executors: given up at any point, on many tasks, woken across executors. Nothing is lost, nothing
//! comes twice.

#[path = "../support/connect.rs"]
mod connect;
#[cfg(unix)]
mod descriptor;
mod dropped;
mod executor;
mod mixed;
#[cfg(unix)]
#[path = "../support/ready.rs"]
mod ready;
mod shared;
mod timeouts;
#[path = "../support/world.rs"]
mod world;

use spkit::{
    Message, Runtime, Socket,
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

/// Two connected PAIRs whose queues take next to nothing, so that most sends wait.
fn narrow(runtime: &Runtime, address: &str) -> (Socket, Socket) {
    let open = || {
        runtime.open_with("pair", |options| {
            options.set(RECV_BUFFER_MESSAGES, 1)?;
            options.set(SEND_BUFFER, 1)
        })
    };
    let (a, b) = (open().unwrap(), open().unwrap());
    connect(&b, &a, address);
    (a, b)
}

/// A numbered message, large enough to fill what the system buffers, too.
fn large(n: u32) -> Message {
    let mut body = vec![0; 20_000];
    body[..4].copy_from_slice(&n.to_be_bytes());
    Message::from(body)
}

fn small(n: u32) -> Message {
    Message::from(n.to_be_bytes().to_vec())
}

fn number(message: &Message) -> u32 {
    u32::from_be_bytes(message.body()[..4].try_into().unwrap())
}

/// Which way each step goes: the same in each run.
struct Dice(u32);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % end
    }
}
