//! The executors, and futures that are given up.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use futures::{executor::LocalPool, future, task::LocalSpawnExt as _};
use spkit::Runtime;

use crate::world::{SOON, everywhere};

pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs tasks until all are done.
type Run = fn(Vec<Task>);

/// Runs a test on each executor, with each backend over each transport.
pub(crate) fn on_each(test: impl Fn(&Runtime, &str, Run)) {
    let executors: [(&str, Run); 2] = [("tokio", tokio_runs), ("futures", futures_runs)];
    for (name, run) in executors {
        println!("{name}");
        everywhere(|runtime, address| test(runtime, address, run));
    }
}

pub(crate) fn tokio_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap()
}

fn tokio_runs(tasks: Vec<Task>) {
    tokio_runtime().block_on(async {
        let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
        for task in tasks {
            in_time(task).await.unwrap();
        }
    });
}

/// All on one thread. Tasks that wake themselves until they are done need no time limit.
fn futures_runs(tasks: Vec<Task>) {
    let mut pool = LocalPool::new();
    let spawner = pool.spawner();
    let handles: Vec<_> = tasks
        .into_iter()
        .map(|task| spawner.spawn_local_with_handle(task).unwrap())
        .collect();
    pool.run_until(future::join_all(handles));
}

/// Polls a future so often, then drops it. `None`: it was not ready by then.
pub(crate) async fn polled<T>(times: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|task| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        // Again soon, woken or not. Others need the CPU, too.
        task.waker().wake_by_ref();
        std::thread::yield_now();
        future.as_mut().poll(task).map(Some)
    })
    .await
}

/// Begins again and again, each time dropped after one poll more, until it is ready. Says how many were dropped.
pub(crate) async fn insisting<F: Future>(from: u32, begin: impl Fn() -> F) -> (F::Output, u32) {
    let mut times = from;
    loop {
        match polled(times, begin()).await {
            Some(done) => return (done, times - from),
            None => times += 1,
        }
    }
}

/// Gives others a turn.
pub(crate) async fn pause() {
    polled(2, future::pending::<()>()).await;
}

/// Awaits on tokio what has to be woken. Time that is over does not count as a wake-up.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        () = tokio::time::sleep(3 * SOON) => panic!("nobody woke it"),
        done = future => done,
    }
}
