//! What protocols are made of: pipes in turn, backtraces, request ids, lists of waiting contexts, and a harness that
//! tests the result.
//!
//! Nothing here is special: each piece works through the public face of [`Cx`](crate::Cx), and a protocol that wants
//! something else writes it. With [`RoundRobin`] alone a pipeline's PUSH is some 25 lines.

mod backtrace;
pub mod harness;
mod id_map;
mod request_ids;
mod round_robin;
mod waitlist;

pub use self::{
    backtrace::Backtrace,
    id_map::{IdHasher, IdMap},
    request_ids::{REQUEST_BIT, RequestIds},
    round_robin::RoundRobin,
    waitlist::Waitlist,
};
