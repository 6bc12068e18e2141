//! What a process has used: CPU time and context switches of all its threads.

use std::{fs, ops::Sub, time::Duration};

use rustix::time::{ClockId, clock_gettime};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// User and system time in microseconds.
    pub(crate) cpu: f64,
    /// Voluntary and involuntary.
    pub(crate) switches: f64,
}

impl Usage {
    pub(crate) fn now() -> Self {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = Duration::new(time.tv_sec as u64, time.tv_nsec as u32);
        Self {
            cpu: cpu.as_secs_f64() * 1e6,
            switches: switches() as f64,
        }
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            cpu: self.cpu - before.cpu,
            switches: self.switches - before.switches,
        }
    }
}

/// Of the threads that live: the ones that matter here live from start to end.
fn switches() -> u64 {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return 0;
    };
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("status")).ok())
        .flat_map(|status| {
            let counts: Vec<u64> = status
                .lines()
                .filter(|line| line.contains("_ctxt_switches"))
                .filter_map(|line| line.split_whitespace().last()?.parse().ok())
                .collect();
            counts
        })
        .sum()
}
