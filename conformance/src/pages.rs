//! The examples of the pages, compiled and run: here, since this crate sees all that they show.

#[doc = include_str!("../../README.md")]
mod readme {}

#[doc = include_str!("../../docs/architecture.md")]
mod architecture {}

#[doc = include_str!("../../docs/coverage.md")]
mod coverage {}

#[doc = include_str!("../../docs/benchmarks.md")]
mod benchmarks {}

#[doc = include_str!("../../docs/interop.md")]
mod interop {}

#[doc = include_str!("../../docs/nanocat.md")]
mod nanocat {}

#[doc = include_str!("../../docs/options.md")]
mod options {}
