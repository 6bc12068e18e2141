//! The simulator: real sockets, virtual time, and a network that does what a script and a seed say.
//!
//! A [`World`] hosts any number of sockets. Each is the core that the driver hosts, with its real protocol; their pipes
//! are real [`StreamPipe`](spkit_api::stream::StreamPipe)s with handshake and framing; only the byte streams below and
//! the clock are made up. Everything happens on one thread, one thing after another, and a run is a pure function of
//! the seed and the script: a failing run is replayed by its seed.
//!
//! ```
//! use std::time::Duration;
//!
//! use spkit_protocols::{rep0::REP0, req0::REQ0};
//! use spkit_runtime::sim::World;
//!
//! # fn main() -> spkit_api::Result<()> {
//! let mut world = World::new(7);
//! let server = world.open("server", &REP0);
//! world.listen(server, "here")?;
//! let client = world.open("client", &REQ0);
//! world.dial(client, "here")?;
//!
//! world.send(client, "ping", None);
//! let request = world.recv(server, None);
//! world.run_for(Duration::from_secs(1));
//! let request = world.result(request).and_then(|ended| ended.message());
//! assert_eq!(request.map(|message| message.body()), Some(&b"ping"[..]));
//!
//! // The connection breaks before the reply: the client sends the request again.
//! world.cut(client, server);
//! let again = world.recv(server, None);
//! world.run_for(Duration::from_secs(10));
//! assert!(world.result(again).is_some(), "{}", world.transcript());
//! # Ok(())
//! # }
//! ```
//!
//! # What is in a world
//!
//! * **Sockets**: [`World::open`], [`listen`](World::listen) and [`dial`](World::dial) at addresses that are any text.
//! * **Operations**: [`World::send`] and [`recv`](World::recv) wait, with or without a timeout, and can be
//!   [given up](World::give_up); [`try_send`](World::try_send) and [`try_recv`](World::try_recv) do not.
//! * **Users**: a [`User`] hears how its operations ended and does the next thing, as a program would.
//! * **The network**: a [`Link`] has latency, jitter, pieces, windows and stutter; [`World::cut`],
//!   [`part`](World::part), [`slow`](World::slow) and [`set_pace`](World::set_pace) make it worse. Inside a connection
//!   nothing is lost: it delivers in order, or it is cut.
//! * **The script**: anything can be done [at](World::at) a moment.
//! * **What came of it**: the [`Transcript`], what an [invariant](World::check_always) found, and what is
//!   [stuck](World::stuck).

mod agenda;
mod cable;
mod clock;
mod connections;
mod host;
mod ids;
mod link;
mod net;
mod operations;
mod pipes;
mod reactor;
mod routes;
mod run;
mod stream;
#[cfg(test)]
mod tests;
mod traffic;
mod transcript;
mod users;
mod weather;
mod world;

pub use spkit_api::toolkit::harness::Dice;

pub use self::{
    ids::{At, ConnectionId, OpId, SocketId, UserId},
    link::Link,
    operations::Ended,
    run::Stop,
    transcript::{Entry, Transcript, What},
    users::{News, User},
    world::World,
};
