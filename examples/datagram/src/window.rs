//! How much may be under way to a peer that is slow.
//!
//! All pipes share one descriptor. If a full pipe stopped the reading of it, the slowest consumer would stop all others;
//! if its messages were dropped, the transport would not be reliable; if they were kept, a peer could fill the memory.
//! So nobody sends more than the other end has room for: a [`Window`] of bytes, which it opens again as the runtime
//! takes messages out of its inbox. What a peer can make an end keep is bounded, known, and reserved beforehand.

use spkit_api::Result;

use crate::wire::misbehaved;

/// What may be sent and not yet taken; room for the largest message, and for many small ones.
pub(crate) const WINDOW: u64 = 128 * 1024;

/// What a message costs beside its bytes.
const OVERHEAD: u64 = 64;

/// A window is opened again once so much of it was taken: less than what it has left when a sender has to wait.
const TELL: u64 = WINDOW / 4;

/// What a message of this length costs.
pub(crate) fn cost(len: usize) -> u64 {
    len as u64 + OVERHEAD
}

/// The sending end of a window.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    sent: u64,
    /// As far as the peer has told.
    taken: u64,
    /// Something waits for more.
    starves: bool,
}

impl Outgoing {
    /// Takes room for a message of this length. If there is none, the next credit [says so](Self::credit).
    pub(crate) fn take(&mut self, len: usize) -> bool {
        self.starves = self.sent + cost(len) > self.taken + WINDOW;
        if !self.starves {
            self.sent += cost(len);
        }
        !self.starves
    }

    /// The message did not go after all.
    pub(crate) fn give_back(&mut self, len: usize) {
        self.sent -= cost(len);
    }

    /// The peer has told how much it took. True: somebody waited for it.
    pub(crate) fn credit(&mut self, taken: u64) -> Result<bool> {
        if taken < self.taken || taken > self.sent {
            return Err(misbehaved("a credit for what it did not get"));
        }
        self.taken = taken;
        Ok(std::mem::take(&mut self.starves))
    }
}

/// The receiving end of a window.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    arrived: u64,
    taken: u64,
    told: u64,
}

impl Incoming {
    /// A message of this length arrived. An error if there was no room for it.
    pub(crate) fn arrived(&mut self, len: usize) -> Result<()> {
        self.arrived += cost(len);
        if self.arrived > self.told + WINDOW {
            return Err(misbehaved("more than it was given room for"));
        }
        Ok(())
    }

    /// The runtime has taken a message of this length.
    pub(crate) fn took(&mut self, len: usize) {
        self.taken += cost(len);
    }

    /// What the peer should be told, if it is time.
    pub(crate) fn owed(&self) -> Option<u64> {
        (self.taken - self.told >= TELL).then_some(self.taken)
    }

    pub(crate) fn told(&mut self, taken: u64) {
        self.told = taken;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MESSAGE_MAX;

    /// Sends messages of one length until the window is closed; returns how many.
    fn fill(out: &mut Outgoing, into: &mut Incoming, len: usize) -> usize {
        let mut count = 0;
        while out.take(len) {
            into.arrived(len).unwrap();
            count += 1;
        }
        count
    }

    #[test]
    fn a_sender_that_has_to_wait_is_always_told() {
        for len in [0, 1, 1000, 40_000, MESSAGE_MAX] {
            let (mut out, mut into) = (Outgoing::default(), Incoming::default());
            for _round in 0..10 {
                let count = fill(&mut out, &mut into, len);
                assert!(count > 0, "of {len} bytes");
                (0..count).for_each(|_| into.took(len));
                let owed = into.owed().expect("a credit");
                into.told(owed);
                assert!(out.credit(owed).unwrap(), "the sender waits");
            }
        }
    }

    #[test]
    fn who_ignores_the_window_or_makes_up_credit_is_found_out() {
        let (mut out, mut into) = (Outgoing::default(), Incoming::default());
        fill(&mut out, &mut into, 1000);
        assert!(into.arrived(1000).is_err());
        assert!(out.credit(WINDOW + 1).is_err());
        assert!(Outgoing::default().credit(1).is_err());
    }
}
