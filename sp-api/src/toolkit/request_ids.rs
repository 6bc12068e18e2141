//! Ids of requests and surveys.

use crate::Cx;

/// Set in the last tag of a backtrace, the request's id; clear in the tags of hops.
pub const REQUEST_BIT: u32 = 1 << 31;

/// A source of request ids: 31 bits below the [`REQUEST_BIT`], from a random start, each one more than the one before.
///
/// An id is looked at first and used up only when its request went out, so that what nobody sends leaves no gap.
//= sp-request-reply-01 §6.1 (SP-RR-002..005)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestIds {
    /// Drawn at the first use: a protocol is built without dice.
    next: Option<u32>,
}

impl RequestIds {
    /// A source whose start is still to be drawn.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next id, with the [`REQUEST_BIT`] set: the same one until [`advance`](Self::advance).
    pub fn peek(&mut self, cx: &mut Cx<'_>) -> u32 {
        *self.next.get_or_insert_with(|| cx.random() | REQUEST_BIT)
    }

    /// Uses up the id that [`peek`](Self::peek) showed. Does nothing before the first peek.
    pub fn advance(&mut self) {
        self.next = self.next.map(|id| id.wrapping_add(1) | REQUEST_BIT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::harness;

    /// The first ids of a source under this seed.
    fn draw<const N: usize>(seed: u64) -> [u32; N] {
        let mut ids = RequestIds::new();
        harness::with_cx(seed, |cx| {
            std::array::from_fn(|_| {
                let id = ids.peek(cx);
                assert_eq!(ids.peek(cx), id, "peeking uses nothing up");
                ids.advance();
                id
            })
        })
    }

    // SP-RR-003, SP-RR-004
    #[test]
    fn the_start_is_random() {
        let starts: Vec<_> = (1..9).map(|seed| draw::<1>(seed)[0]).collect();
        assert!(starts.windows(2).all(|two| two[0].abs_diff(two[1]) > 1000));
        assert!(starts.iter().all(|id| id & REQUEST_BIT != 0));
    }

    // SP-RR-005
    #[test]
    fn each_id_is_one_more_and_31_bits_wrap_to_zero() {
        let [a, b, c] = draw(7);
        assert_eq!([b.wrapping_sub(a), c.wrapping_sub(b)], [1, 1]);
        let mut ids = RequestIds {
            next: Some(u32::MAX),
        };
        ids.advance();
        assert_eq!(ids.next, Some(REQUEST_BIT));
    }
}
