//! What peers cost. The suite measures a small crowd; with `SPKIT_FULL=1` it is thousands of peers and longer waits:
//! `SPKIT_FULL=1 cargo test --release -p spkit --test memory -- --nocapture`.

#![cfg(target_os = "linux")]

mod idle;
mod leftovers;
mod peers;
mod process;
mod slow;

use std::{
    env,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const SOON: Duration = Duration::from_secs(10);

/// One measurement at a time: they are of the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The small form's value, or the full one's.
fn scale<T>(small: T, full: T) -> T {
    match env::var_os("SPKIT_FULL") {
        Some(_) => full,
        None => small,
    }
}
