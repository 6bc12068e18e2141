//! What the system says about this process.

use std::fs;

/// Resident bytes.
pub(crate) fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size()
}

/// Context switches of all threads so far.
pub(crate) fn switches() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks
        .map(|task| {
            let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
            let counts = status.lines().filter_map(|line| {
                let (name, count) = line.split_once(':')?;
                name.ends_with("_ctxt_switches")
                    .then(|| count.trim().parse::<usize>().unwrap())
            });
            counts.sum::<usize>()
        })
        .sum()
}
