//! Hostile input leaves nothing behind: descriptors and memory, over the whole process. A program of its own, since what
//! others do at the same time would count as well.

use std::fs;

use spkit as _;
use spkit_conformance::{Config, certify};
use spkit_runtime::Registry;

/// What a second round may leave behind: pages that the allocator keeps.
const SLACK: usize = 32 << 20;

fn round() {
    let registry = Registry::linked().expect("plugins that go together");
    let report = certify(&Config::new(registry).filters(["hostile."]));
    let failed = report
        .records()
        .iter()
        .filter(|record| record.failure.is_some());
    let failed: Vec<_> = failed.map(|record| (&record.id, &record.message)).collect();
    assert!(
        report.exit_code() == 0 && report.passed() > 100,
        "{failed:?}"
    );
}

fn descriptors() -> usize {
    let directory = fs::read_dir("/proc/self/fd").expect("a list of descriptors");
    directory.count()
}

fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<usize>().ok())
        .expect("a size")
        << 10
}

#[test]
fn hostile_input_leaves_nothing_behind() {
    // What is opened and allocated once is there after the first round.
    round();
    let before = (descriptors(), memory());
    round();
    let after = (descriptors(), memory());
    assert!(after.0 <= before.0, "descriptors: {} {}", before.0, after.0);
    assert!(
        after.1 <= before.1 + SLACK,
        "bytes resident: {} {}",
        before.1,
        after.1
    );
}
