//! Our `nanocat` beside nanomsg's: the same command lines, the same bytes on both outputs, the same exit status.
//!
//! One case a row, named after its line. Where the two are meant to differ is one table, [`differences`]; what it says
//! is checked as well. Without nanomsg's program (Debian: nanomsg-utils) the cases are reported as ignored; with
//! `SPKIT_REQUIRE_PEERS=1` they fail.

#![cfg_attr(
    not(unix),
    allow(unused, reason = "compares programs that only Unix has")
)]

mod support;

#[cfg(unix)]
#[path = "same"]
mod same {
    pub(crate) mod compare;
    pub(crate) mod differences;
    pub(crate) mod ends;
    pub(crate) mod exchanges;
    pub(crate) mod formats;
    pub(crate) mod lines;
    pub(crate) mod words;
}

#[cfg(unix)]
fn main() {
    use libtest_mimic::Arguments;

    let mut arguments = Arguments::from_args();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(16);
    let trials = [
        same::lines::trials(),
        same::words::trials(),
        same::formats::trials(),
        same::exchanges::trials(),
        same::ends::trials(),
        same::differences::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}

#[cfg(not(unix))]
fn main() {
    println!("not run: nanomsg's nanocat is compared with on Unix");
}
