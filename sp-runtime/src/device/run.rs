//! Running a device, until somebody says stop: every lane on a thread, or all in one task.

use std::{
    future::poll_fn,
    panic::resume_unwind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
};

use spkit_api::{ContextId, Result};

use super::way::{Lane, Waits};
use crate::{driver::Shared, sync::lock};

/// What stops a run, from any thread.
pub(super) struct Stop {
    asked: AtomicBool,
    /// The task that runs the device.
    runner: Mutex<Option<Waker>>,
    ends: [Arc<Shared>; 2],
}

impl Stop {
    pub(super) fn new(ends: [&Arc<Shared>; 2]) -> Self {
        Self {
            asked: AtomicBool::new(false),
            runner: Mutex::default(),
            ends: ends.map(Arc::clone),
        }
    }

    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
        let runner = lock(&self.runner).take();
        if let Some(runner) = runner {
            runner.wake();
        }
        self.look_again();
    }

    /// Has blocked lanes ask whether it is over.
    fn look_again(&self) {
        for end in &self.ends {
            end.with_core(|hosted| hosted.core.wake_waiting(ContextId::SOCKET));
        }
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// A run is over, however it ended: its waker is forgotten, and the wish used up if it came true.
    fn done(&self, stopped: bool) {
        let runner = lock(&self.runner).take();
        drop(runner);
        if stopped {
            self.asked.store(false, Ordering::SeqCst);
        }
    }
}

// ---- threads

/// Runs every lane but the first on a thread of its own: whoever blocks on a socket drives it, so nothing is handed from
/// thread to thread on its way.
pub(super) fn block(lanes: &mut [Lane], stop: &Stop) -> Result<()> {
    let over = AtomicBool::new(false);
    let is_over = || stop.is_asked() || over.load(Ordering::SeqCst);
    let run = |lane: &mut Lane| {
        let _end = EndAll { over: &over, stop };
        lane.run(&is_over)
    };
    let Some((first, others)) = lanes.split_first_mut() else {
        return Ok(());
    };
    let result = thread::scope(|scope| {
        let mut threads = Vec::new();
        for lane in others {
            let thread = thread::Builder::new().name("spkit-device".to_owned());
            threads.push(thread.spawn_scoped(scope, || run(lane))?);
        }
        let first = run(first);
        let others = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => resume_unwind(panic),
        });
        others.fold(first, Result::and)
    });
    stop.done(result.is_ok());
    result
}

/// Ends all lanes with one, also if that panics.
struct EndAll<'a> {
    over: &'a AtomicBool,
    stop: &'a Stop,
}

impl Drop for EndAll<'_> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.stop.look_again();
    }
}

// ---- a task

pub(super) async fn task(lanes: &mut [Lane], stop: &Stop) -> Result<()> {
    let mut run = Run {
        waits: lanes.iter().map(Lane::waits).collect(),
        lanes,
        stop,
        stopped: false,
    };
    poll_fn(|task| run.poll(task)).await
}

struct Run<'a> {
    lanes: &'a mut [Lane],
    waits: Vec<Waits>,
    stop: &'a Stop,
    stopped: bool,
}

impl Run<'_> {
    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        self.leave_waker(task);
        if self.stop.is_asked() {
            self.stopped = true;
            return Poll::Ready(Ok(()));
        }
        let mut more = false;
        for (lane, waits) in self.lanes.iter_mut().zip(&mut self.waits) {
            match lane.poll(waits, task) {
                Poll::Ready(Ok(())) => more = true,
                Poll::Ready(over) => return Poll::Ready(over),
                Poll::Pending => {}
            }
        }
        if more {
            task.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Before it looks whether it is to stop: so it is woken if that comes later.
    fn leave_waker(&self, task: &Context<'_>) {
        // Wakers are foreign: nothing of theirs runs under the lock.
        let known = lock(&self.stop.runner).take();
        let known = known.filter(|runner| runner.will_wake(task.waker()));
        let runner = known.unwrap_or_else(|| task.waker().clone());
        let _none = lock(&self.stop.runner).replace(runner);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.stop.done(self.stopped);
    }
}
