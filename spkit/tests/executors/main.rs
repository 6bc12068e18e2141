//! Futures on real executors: given up at any point, on many tasks, woken across executors. Nothing is lost, nothing
//! comes twice.

#[path = "../support/connect.rs"]
mod connect;
#[cfg(unix)]
mod descriptor;
#[path = "../support/dice.rs"]
mod dice;
mod dropped;
mod executor;
mod mixed;
#[path = "../support/pairs.rs"]
mod pairs;
#[cfg(unix)]
#[path = "../support/ready.rs"]
mod ready;
mod shared;
mod timeouts;
#[path = "../support/world.rs"]
mod world;

use spkit::Message;

use dice::Dice;
use pairs::{connected, narrow};

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
