//! Numbers for connections, as they stand in the tags that a raw socket adds.

use spkit_api::{
    Cx, PipeId,
    toolkit::{IdMap, REQUEST_BIT, RequestIds},
};

/// A 31-bit number for each pipe: the first is random, each next is one more, and none is used again soon.
//= sp-request-reply-01 §5.2, sp-surveyor-01 §5.2 (SP-RR-050, SP-SV-019)
#[derive(Debug, Default)]
pub(super) struct Channels {
    numbers: RequestIds,
    of_pipe: IdMap<PipeId, u32>,
    pipes: IdMap<u32, PipeId>,
}

impl Channels {
    pub(super) fn open(&mut self, cx: &mut Cx<'_>, pipe: PipeId) {
        if self.of_pipe.contains_key(&pipe) {
            return;
        }
        let mut channel = self.numbers.peek(cx) & !REQUEST_BIT;
        while self.pipes.contains_key(&channel) {
            self.numbers.advance();
            channel = self.numbers.peek(cx) & !REQUEST_BIT;
        }
        self.numbers.advance();
        self.of_pipe.insert(pipe, channel);
        self.pipes.insert(channel, pipe);
    }

    pub(super) fn close(&mut self, pipe: PipeId) {
        if let Some(channel) = self.of_pipe.remove(&pipe) {
            self.pipes.remove(&channel);
        }
    }

    /// The number of a pipe.
    pub(super) fn number(&self, pipe: PipeId) -> Option<u32> {
        self.of_pipe.get(&pipe).copied()
    }

    /// The pipe of a number, if it is still there.
    pub(super) fn pipe(&self, channel: u32) -> Option<PipeId> {
        self.pipes.get(&channel).copied()
    }
}

#[cfg(test)]
mod tests {
    use spkit_api::toolkit::harness;

    use super::*;

    fn pipe(n: u32) -> PipeId {
        PipeId::from_raw(n)
    }

    // SP-RR-050
    #[test]
    fn the_first_is_random_and_each_next_is_one_more() {
        let mut firsts = Vec::new();
        for seed in 0..8 {
            let mut channels = Channels::default();
            harness::with_cx(seed, |cx| (0..3).for_each(|n| channels.open(cx, pipe(n))));
            let [a, b, c] = [0, 1, 2].map(|n| channels.number(pipe(n)).unwrap());
            assert_eq!(
                [b, c],
                [1, 2].map(|more| a.wrapping_add(more) & !REQUEST_BIT)
            );
            firsts.push(a);
        }
        assert!(firsts.windows(2).all(|two| two[0].abs_diff(two[1]) > 1000));
    }

    // SP-DV-011
    #[test]
    fn who_comes_back_gets_another() {
        let mut channels = Channels::default();
        harness::with_cx(1, |cx| {
            channels.open(cx, pipe(1));
            let first = channels.number(pipe(1)).unwrap();
            channels.close(pipe(1));
            assert_eq!(channels.pipe(first), None);
            channels.open(cx, pipe(1));
            let second = channels.number(pipe(1)).unwrap();
            assert_eq!(second, (first + 1) & !REQUEST_BIT);
            assert_eq!(channels.pipe(second), Some(pipe(1)));
        });
    }

    // SP-RR-050
    #[test]
    fn a_number_in_use_is_passed_over() {
        let mut channels = Channels::default();
        harness::with_cx(1, |cx| channels.open(cx, pipe(0)));
        // 2^31 connections later, by dice of the same seed:
        channels.numbers = RequestIds::new();
        harness::with_cx(1, |cx| channels.open(cx, pipe(1)));
        let [old, new] = [0, 1].map(|n| channels.number(pipe(n)).unwrap());
        assert_eq!(new, (old + 1) & !REQUEST_BIT);
        assert_eq!(
            [old, new].map(|n| channels.pipe(n)),
            [0, 1].map(|n| Some(pipe(n)))
        );
    }
}
