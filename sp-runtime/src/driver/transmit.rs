//! Messages on their way out: at once, or put off for the flusher.
//!
//! A lone message is written by its sender. In a burst messages collect in the pipe's outbox, and one flusher writes
//! them together: the sender itself when enough have come, a caller that is about to sleep, or the background thread.

use std::{
    cell::Cell,
    sync::{Arc, MutexGuard, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use spkit_api::{Error, IoCx, PipeId, Ready, Time};

use super::{
    Hosted, Shared, clock,
    pipe_cell::{PipeCell, PipeIo, guarded},
    reactor::{ObjectReactor, Scratch},
};
use crate::{
    core::{outcome::Outcome, pipes::Batch},
    sync::lock,
};

/// A sender that comes back sooner than this is in a burst.
const BURST: Duration = Duration::from_micros(5);

/// A sender whose pipe collected so much writes it itself (messages, bytes).
const WATERMARK: (usize, usize) = (768, 64 * 1024);

/// What a caller writes for others beyond its own message: bytes, where each message counts as some more.
const FAVOUR: usize = 256 * 1024;
const FAVOUR_EACH: usize = 64;

/// Room in a batch that a thread keeps for the next one.
const BATCH_MAX: usize = 2048;

/// A pipe that is being flushed, and what its outbox held.
pub(super) type Started = (Arc<PipeCell>, Batch);

/// How a pipe took what it was given.
enum Carried {
    /// All of it, down to the carrier.
    All,
    /// The carrier is full: it will say when it takes more.
    Blocked,
    /// The pipe is gone, or failed.
    Broken(Option<Error>),
}

impl Shared {
    /// A send was accepted: sees to it that it is written, now or soon.
    pub(super) fn sent(self: &Arc<Self>, mut hosted: MutexGuard<'_, Hosted>) {
        let mut started = None;
        // A message that follows something heard is an answer or a new request; the next one may begin a burst.
        let heard = std::mem::take(&mut hosted.heard);
        if let [pipe] = hosted.core.outcome().touched[..] {
            // The common case.
            hosted.core.outcome().touched.clear();
            if !self.put_off(&mut hosted, pipe, heard) {
                started = self.begin(&mut hosted, pipe);
            }
        } else {
            // What fans out is carried by what follows the core's release.
            let mut touched = std::mem::take(&mut hosted.core.outcome().touched);
            touched.retain(|pipe| !self.put_off(&mut hosted, *pipe, heard));
            hosted.core.outcome().touched = touched;
        }
        if heard {
            hosted.sent_at = Time::from_nanos(0);
        }
        self.finish(hosted);
        let Some((cell, batch)) = started else {
            return;
        };
        self.carry(&cell, batch);
        if cell.coalesces && !heard {
            lock(&self.core).sent_at = clock::now();
        }
    }

    /// Whether the pipe's messages are left to the flusher; arranges it then.
    fn put_off(&self, hosted: &mut Hosted, pipe: PipeId, heard: bool) -> bool {
        let Some(state) = hosted.core.pipe(pipe) else {
            return true;
        };
        if state.out.turnstile.is_busy() {
            // Whoever flushes looks again before it leaves.
            let _ = state.out.turnstile.enter();
            return true;
        }
        if state.out.blocked {
            return true;
        }
        let full = state.out.len() >= WATERMARK.0 || state.out.bytes() >= WATERMARK.1;
        if full || !state.facts.coalesces {
            return false;
        }
        if !hosted.flush.is_awake() {
            let lone = heard || clock::now().since(hosted.sent_at) > BURST;
            if lone {
                return false;
            }
        }
        if self.leave_to_flusher(hosted, pipe) {
            self.handover.bells().flush();
        }
        true
    }

    /// True: the flusher has to be summoned.
    fn leave_to_flusher(&self, hosted: &mut Hosted, pipe: PipeId) -> bool {
        self.put_off.store(true, Ordering::Relaxed);
        hosted.flush.add(pipe)
    }

    /// Writes what a pipe has to send, unless somebody does or the carrier is full.
    pub(super) fn transmit(self: &Arc<Self>, pipe: PipeId) {
        let started = {
            let mut hosted = lock(&self.core);
            self.begin(&mut hosted, pipe)
        };
        if let Some((cell, batch)) = started {
            self.carry(&cell, batch);
        }
    }

    /// The carrier takes more: starts to flush.
    pub(super) fn unblock(&self, hosted: &mut Hosted, pipe: PipeId) -> Option<Started> {
        hosted.core.pipe(pipe)?.out.blocked = false;
        self.begin(hosted, pipe)
    }

    /// Writes what was put off. True: there was something.
    pub(super) fn flush(self: &Arc<Self>) -> bool {
        // A hint will do: whoever puts off sees to it that the flusher looks.
        if !self.put_off.load(Ordering::Relaxed) {
            return false;
        }
        let mut pipes = Vec::new();
        {
            let mut hosted = lock(&self.core);
            hosted.flush.take(&mut pipes);
            self.put_off.store(false, Ordering::Relaxed);
        }
        let some = !pipes.is_empty();
        for pipe in pipes {
            self.transmit(pipe);
        }
        some
    }

    /// The flusher has nothing to do. False: it has.
    pub(super) fn flusher_sleeps(&self) -> bool {
        lock(&self.core).flush.sleep()
    }

    /// Starts to flush a pipe: takes its outbox, unless what was taken before is still there.
    fn begin(&self, hosted: &mut Hosted, pipe: PipeId) -> Option<Started> {
        let cell = hosted.cell(pipe)?;
        let state = hosted.core.pipe(pipe)?;
        if state.out.blocked || !state.out.turnstile.enter() {
            return None;
        }
        let mut batch = BATCH.take().unwrap_or_default();
        if !state.out.held_up {
            state.take_outbox(&mut batch);
        }
        Some((cell, batch))
    }

    /// Hands messages to the pipe and the pipe's bytes to its carrier, and goes round again for what came meanwhile.
    pub(super) fn carry(self: &Arc<Self>, cell: &Arc<PipeCell>, mut batch: Batch) {
        let mut scratch = SCRATCH.take().unwrap_or_default();
        let mut outcome = None;
        let mut favours = 0;
        let mut put_off = false;
        let broken = {
            let mut io = lock(&cell.io);
            loop {
                favours += batch
                    .iter()
                    .flatten()
                    .map(|message| message.payload_len() + FAVOUR_EACH)
                    .sum::<usize>();
                if io.batch.is_empty() {
                    std::mem::swap(&mut io.batch, &mut batch);
                } else {
                    io.batch.append(&mut batch);
                }
                let carried = self.push_out(cell, &mut io, &mut scratch);
                let handed = io.newly_handed();
                if io.batch.is_empty() && io.batch.capacity() > 0 {
                    // Idle pipes keep no memory.
                    batch = std::mem::take(&mut io.batch);
                }
                let mut hosted = lock(&self.core);
                let Some(state) = hosted.core.pipe(cell.id) else {
                    break None;
                };
                state.tally.handed += handed;
                state.out.held_up = !io.batch.is_empty();
                match carried {
                    Carried::Broken(error) => {
                        state.out.blocked = true;
                        while !state.out.turnstile.leave() {}
                        break error;
                    }
                    Carried::Blocked => state.out.blocked = true,
                    Carried::All => {}
                }
                let blocked = state.out.blocked;
                let writable = !blocked && state.out.refused;
                if writable {
                    hosted.core.writable(cell.id);
                }
                // Those who poll may see how full the pipe is.
                let followed = hosted.core.is_followed();
                if followed {
                    hosted.core.answer();
                }
                if writable || followed {
                    let outcome = outcome.get_or_insert_default();
                    merge(outcome, hosted.core.outcome());
                }
                let Some(state) = hosted.core.pipe(cell.id) else {
                    break None;
                };
                let mut again = false;
                if state.out.len() > 0 && !blocked {
                    if favours < FAVOUR {
                        again = true;
                    } else {
                        put_off |= self.leave_to_flusher(&mut hosted, cell.id);
                    }
                }
                if !again {
                    let Some(state) = hosted.core.pipe(cell.id) else {
                        break None;
                    };
                    if state.out.turnstile.leave() {
                        hosted.core.retire_outbox(cell.id);
                        break None;
                    }
                    // Somebody was turned away: there is a message, or the carrier takes more.
                    state.out.blocked = false;
                }
                if let Some(state) = hosted.core.pipe(cell.id)
                    && !state.out.held_up
                {
                    state.take_outbox(&mut batch);
                }
            }
        };
        batch.clear();
        if batch.capacity() <= BATCH_MAX {
            BATCH.set(Some(batch));
        }
        SCRATCH.set(Some(scratch));
        if let Some(error) = broken {
            self.close_pipe(cell, error);
        }
        if put_off {
            self.handover.bells().flush();
        }
        if self.is_closing() {
            self.handover.notify(u64::from(cell.object));
        }
        if let Some(mut outcome) = outcome {
            // What this pipe got meanwhile was carried in the loop.
            outcome.touched.retain(|pipe| *pipe != cell.id);
            self.apply(&mut outcome);
        }
    }

    fn push_out(
        self: &Arc<Self>,
        cell: &PipeCell,
        io: &mut PipeIo,
        scratch: &mut Scratch,
    ) -> Carried {
        let PipeIo {
            pipe, batch, taken, ..
        } = io;
        let Some(pipe) = pipe else {
            return Carried::Broken(None);
        };
        let mut reactor = ObjectReactor {
            shared: self,
            object: cell.object,
            scratch,
        };
        let result = guarded(cell.origin, || {
            let mut io = IoCx::new(&mut reactor, Ready::NONE);
            let mut flushed = false;
            loop {
                let before = batch.len();
                while let Some(slot) = batch.front_mut() {
                    let took = pipe.poll_send(&mut io, slot)?.is_ready();
                    if slot.is_none() {
                        *taken += 1;
                        batch.pop_front();
                    }
                    if !took {
                        break;
                    }
                }
                match pipe.poll_flush(&mut io) {
                    Poll::Pending => return Ok(Poll::Pending),
                    Poll::Ready(result) => result?,
                }
                if batch.is_empty() {
                    return Ok(Poll::Ready(()));
                }
                // What refused the first message may have been what was left from before, which is out now.
                if batch.len() == before && flushed {
                    // Not even flushing makes room: the pipe says when there is some.
                    return Ok(Poll::Pending);
                }
                flushed = true;
            }
        });
        match result {
            Ok(Poll::Ready(())) => Carried::All,
            Ok(Poll::Pending) => Carried::Blocked,
            Err(error) => Carried::Broken(Some(error)),
        }
    }
}

/// Adds what a core asked for to what it asked for before.
fn merge(all: &mut Outcome, more: &mut Outcome) {
    if more.is_empty() {
        return;
    }
    all.wakes.append(&mut more.wakes);
    all.signals.append(&mut more.signals);
    all.touched.append(&mut more.touched);
    all.resumed.append(&mut more.resumed);
    all.closed.append(&mut more.closed);
    all.dial.append(&mut more.dial);
    all.events.append(&mut more.events);
    all.garbage.append(&mut more.garbage);
    all.timer_set |= std::mem::take(&mut more.timer_set);
}

thread_local! {
    /// An empty batch to swap with an outbox.
    static BATCH: Cell<Option<Batch>> = const { Cell::new(None) };

    /// What a sender lends to the pipes it flushes.
    pub(super) static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}
