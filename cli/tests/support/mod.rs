//! What the tests of the programs have in common.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod peers;
pub(crate) mod places;
pub(crate) mod program;
