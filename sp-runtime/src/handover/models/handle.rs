//! A readiness handle, which is to be signalled if and only if there is something to receive.

use super::*;

/// The part of the core that the handle follows, and the handle: a sticky signal that its user waits for but does not
/// take back; whoever empties the queue does.
#[derive(Debug, Default)]
struct Readable {
    core: Mutex<Queue>,
    signal: Mutex<bool>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    messages: u8,
    signalled: bool,
}

impl Readable {
    fn deliver(&self) {
        let mut core = lock(&self.core);
        core.messages += 1;
        self.follow(&mut core);
    }

    fn try_receive(&self) -> bool {
        let mut core = lock(&self.core);
        let received = core.messages > 0;
        core.messages -= u8::from(received);
        if !mutant("drain_after_core") {
            self.follow(&mut core);
            return received;
        }
        let drain = core.messages == 0 && std::mem::take(&mut core.signalled);
        drop(core);
        if drain {
            *lock(&self.signal) = false;
        }
        received
    }

    /// Brings the signal to what the queue says. Under the core's lock, or a signal would be taken back that was just
    /// given.
    fn follow(&self, core: &mut Queue) {
        let readable = core.messages > 0;
        if std::mem::replace(&mut core.signalled, readable) != readable {
            *lock(&self.signal) = readable;
            self.changed.notify_one();
        }
    }

    /// Sleeps until the handle is readable, and leaves it so.
    fn poll(&self) {
        let mut signal = lock(&self.signal);
        while !*signal {
            signal = wait(&self.changed, signal);
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
        assert_eq!(*lock(&readable.signal), left, "readable, and signalled");
    });
}
