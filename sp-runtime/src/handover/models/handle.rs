//! A readiness handle, which is to be signalled if and only if there is something to receive.

use super::*;
use crate::handover::level::{Answer, Level, Show};

/// The part of the core that the handle follows, and the handle.
#[derive(Debug, Default)]
struct Readable {
    core: Mutex<Queue>,
    level: Level<Handle>,
}

#[derive(Debug, Default)]
struct Queue {
    messages: u8,
    last: Answer,
}

/// A sticky signal that its user waits for but does not take back; whoever empties the queue does.
#[derive(Debug, Default)]
struct Handle {
    signal: Mutex<bool>,
    changed: Condvar,
}

impl Show for Handle {
    fn show(&self, ready: bool) {
        let before = std::mem::replace(&mut *lock(&self.signal), ready);
        assert_ne!(
            before, ready,
            "a mark for each true, taken back by each false"
        );
        self.changed.notify_one();
    }
}

impl Readable {
    fn deliver(&self) {
        self.change(|core| core.messages += 1);
    }

    fn try_receive(&self) -> bool {
        self.change(|core| {
            let received = core.messages > 0;
            core.messages -= u8::from(received);
            received
        })
    }

    /// As an operation of a socket: works on the core, finds the answer, and shows it after the core is released.
    fn change<R>(&self, work: impl FnOnce(&mut Queue) -> R) -> R {
        let mut core = lock(&self.core);
        let result = work(&mut core);
        let ready = core.messages > 0;
        if core.last.ready != ready {
            core.last = core.last.then(ready);
            let answer = core.last;
            drop(core);
            self.level.follow(answer);
        }
        result
    }

    /// Sleeps until the handle is readable, and leaves it so.
    fn poll(&self) {
        let handle = self.level.signal();
        let mut signal = lock(&handle.signal);
        while !*signal {
            signal = wait(&handle.changed, signal);
        }
    }
}

/// One thread polls the handle and receives, another receives without asking, a third delivers.
#[test]
fn handle_drain() {
    explore(|| {
        let readable = Arc::new(Readable::default());
        let other = spawn(&readable, |readable| {
            readable.try_receive();
        });
        let deliverer = spawn(&readable, |readable| {
            readable.deliver();
            readable.deliver();
        });
        loop {
            readable.poll();
            if readable.try_receive() {
                break;
            }
            // Somebody else had it.
            loom::thread::yield_now();
        }
        other.join().unwrap();
        deliverer.join().unwrap();
        let left = lock(&readable.core).messages > 0;
        let shown = *lock(&readable.level.signal().signal);
        assert_eq!(shown, left, "readable, and signalled");
    });
}
