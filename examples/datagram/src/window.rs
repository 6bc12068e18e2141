//! How much may be under way to a peer that is slow.
//!
//! All pipes share one descriptor. If a full pipe stopped the reading of it, the slowest consumer would stop all others;
//! if its messages were dropped, the transport would not be reliable; if they were kept, a peer could fill the memory.
//! So nobody sends more than the other end has room for: a window of bytes, which it opens again as the runtime takes
//! messages out of its inbox. What a peer can make an end keep is bounded, known, and reserved beforehand.
//!
//! The other direction is shared as well: Linux counts what a peer has not read against the *sender's* buffer, and the
//! pipe of a peer that is paused does not read. So of its window each peer gets no more than a share of that buffer:
//! those who are stuck leave some for the others.

use spkit_api::Result;

use crate::wire::misbehaved;

/// What may be sent and not yet taken; room for the largest message, and for many small ones.
pub(crate) const WINDOW: u64 = 128 * 1024;

/// A window is opened again once so much was taken. With less than this under way any message may go, so who waits
/// is always told.
const TELL: u64 = 8 * 1024;

/// What a message of this length costs: what the kernel counts for it at most, its own data and slack included.
pub(crate) fn cost(len: usize) -> u64 {
    let len = len as u64;
    len + len.min(8 * 1024) + 1024
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
    /// Takes room for a message of this length, of a share that others leave this peer. If there is none, the next
    /// credit [says so](Self::credit).
    pub(crate) fn take(&mut self, len: usize, share: u64) -> bool {
        let under_way = self.sent - self.taken;
        let fits = under_way + cost(len) <= share.min(WINDOW);
        self.starves = !fits && under_way >= TELL;
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

    /// Sends messages of one length until there is no room; returns how many.
    fn fill(out: &mut Outgoing, into: &mut Incoming, len: usize, share: u64) -> usize {
        let mut count = 0;
        while out.take(len, share) {
            into.arrived(len).unwrap();
            count += 1;
        }
        count
    }

    #[test]
    fn a_sender_that_has_to_wait_is_always_told() {
        for share in [0, 5_000, 50_000, WINDOW, u64::MAX] {
            for len in [0, 1, 1000, 40_000, MESSAGE_MAX] {
                let (mut out, mut into) = (Outgoing::default(), Incoming::default());
                for _round in 0..10 {
                    let count = fill(&mut out, &mut into, len, share);
                    assert!(count > 0, "of {len} bytes, with a share of {share}");
                    (0..count).for_each(|_| into.took(len));
                    let owed = into.owed().expect("a credit");
                    into.told(owed);
                    assert!(out.credit(owed).unwrap(), "the sender waits");
                }
            }
        }
    }

    #[test]
    fn a_share_holds_for_small_messages() {
        let (mut out, mut into) = (Outgoing::default(), Incoming::default());
        let count = fill(&mut out, &mut into, 100, 20_000);
        assert!(count as u64 * cost(100) <= 20_000);
    }

    #[test]
    fn who_ignores_the_window_or_makes_up_credit_is_found_out() {
        let (mut out, mut into) = (Outgoing::default(), Incoming::default());
        fill(&mut out, &mut into, 1000, WINDOW);
        assert!(into.arrived(1000).is_err());
        assert!(out.credit(WINDOW + 1).is_err());
        assert!(Outgoing::default().credit(1).is_err());
    }
}
