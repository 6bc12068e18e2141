//! A program that names no plugin certifies nothing, and says so.
//!
//! This crate depends on `spkit`, for its other tests; here nothing names it, so the linker has dropped it.

use spkit_conformance::{Config, cases, certify, cli};
use spkit_runtime::Registry;

fn spkit(arguments: &[&str]) -> u8 {
    let program = ["spkit"];
    cli::run(program.iter().chain(arguments).map(Into::into))
}

#[test]
fn certifying_nothing_is_no_success() {
    assert_eq!(spkit(&["certify"]), 3);
    assert_eq!(spkit(&["certify", "--list"]), 3);
    let report = certify(&Config::new(Registry::linked().unwrap()));
    assert_eq!((report.passed(), report.exit_code()), (0, 3));
}

#[test]
fn what_could_be_certified_says_what_it_needs() {
    let registry = Registry::linked().unwrap();
    assert!(registry.is_empty());
    assert!(cases(&registry).iter().all(|case| case.missing().is_some()));
}

#[test]
fn listing_nothing_is_no_error() {
    assert_eq!(spkit(&["list"]), 0);
    assert_eq!(spkit(&["list", "--json"]), 0);
}
