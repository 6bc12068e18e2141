//! Who writes: senders at once, or the flusher what they put off, or a caller about to sleep.

use super::*;
use crate::handover::flush::{FlushQueue, Turnstile};

const PIPE: u64 = 1;

/// What is under the lock of the socket's core.
#[derive(Debug, Default)]
struct Core {
    sent: u8,
    /// Messages nobody took to the pipe yet.
    outbox: Vec<u8>,
    turnstile: Turnstile,
    flush: FlushQueue<u64>,
}

#[derive(Debug, Default)]
struct Sender {
    core: Mutex<Core>,
    /// What went into the carrier.
    carrier: Mutex<Vec<u8>>,
    carried: Condvar,
    /// Summons the flusher.
    bell: Bell,
    quits: Plain,
}

impl Sender {
    fn send(&self, puts_off: bool) {
        let summon = {
            let mut core = lock(&self.core);
            let message = core.sent;
            core.sent += 1;
            core.outbox.push(message);
            if puts_off && !core.turnstile.is_busy() {
                Some(core.flush.add(PIPE))
            } else {
                None
            }
        };
        match summon {
            None => self.transmit(),
            Some(true) => self.bell.ring(),
            Some(false) => {}
        }
    }

    /// Writes what the pipe has to send, unless somebody does.
    fn transmit(&self) {
        let mut core = lock(&self.core);
        if !core.turnstile.enter() {
            return;
        }
        loop {
            let batch = std::mem::take(&mut core.outbox);
            drop(core);
            let mut carrier = lock(&self.carrier);
            carrier.extend(batch);
            assert!(carrier.is_sorted(), "two wrote");
            drop(carrier);
            self.carried.notify_one();
            core = lock(&self.core);
            if core.turnstile.leave() {
                return;
            }
        }
    }

    /// Writes what was put off. True: there was something.
    fn flush(&self) -> bool {
        let mut pipes = Vec::new();
        lock(&self.core).flush.take(&mut pipes);
        let some = !pipes.is_empty();
        for _ in pipes {
            self.transmit();
        }
        some
    }

    fn flusher(&self) {
        loop {
            self.bell.wait();
            if self.quits.load(Ordering::Relaxed) {
                return;
            }
            loop {
                self.flush();
                if lock(&self.core).flush.sleep() {
                    break;
                }
            }
        }
    }

    fn wait_for(&self, messages: usize) {
        let mut carrier = lock(&self.carrier);
        while carrier.len() < messages {
            carrier = wait(&self.carried, carrier);
        }
    }
}

fn explore_with(model: impl Fn(&Arc<Sender>) + Sync + Send + 'static) {
    explore(move || {
        let sender = Arc::new(Sender::default());
        let flusher = spawn(&sender, Sender::flusher);
        model(&sender);
        sender.quits.store(true, Ordering::Relaxed);
        sender.bell.ring();
        flusher.join().unwrap();
    });
}

/// One thread writes at once, another puts off, and a caller flushes before it sleeps: nothing is left when all sleep,
/// and nothing is overtaken.
#[test]
fn lead_flusher() {
    explore_with(|sender| {
        let at_once = spawn(sender, |sender| sender.send(false));
        let puts_off = spawn(sender, |sender| sender.send(true));
        sender.flush();
        sender.wait_for(2);
        at_once.join().unwrap();
        puts_off.join().unwrap();
    });
}

/// Messages are put off one after the other, while the flusher works, is about to sleep, or sleeps.
#[test]
fn flusher_sleeps() {
    explore_with(|sender| {
        sender.send(true);
        sender.send(true);
        sender.wait_for(2);
        sender.send(true);
        sender.wait_for(3);
    });
}
