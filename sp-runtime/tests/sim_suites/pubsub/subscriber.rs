//! A user who subscribes and unsubscribes, now and then to what there is no subscription to.

use spkit_protocols::options::{PREFER_NEW, SUBSCRIBE, UNSUBSCRIBE};
use spkit_runtime::sim::{At, Dice, News, User, World};

use super::super::Draw;

/// What is subscribed to: everything, a topic, topics with the same beginning, one message, nothing at all.
const SUBSCRIPTIONS: &[&str] = &["", "a", "a|", "ab|", "ab", "b|", "p", "pub0.0.3:", "c"];

pub(super) struct Subscriber {
    at: At,
    dice: Dice,
    left: usize,
}

impl Subscriber {
    pub(super) fn new(at: At, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // Most subscribe once or twice and leave it at that.
        let changes = if dice.chance(50) { 2 } else { 12 };
        let left = dice.below(changes);
        Self { at, dice, left }
    }

    fn change(&mut self, world: &mut World) {
        let topic = self.dice.pick(SUBSCRIPTIONS).unwrap_or_default();
        let topic = topic.as_bytes().to_vec();
        let _ = match self.dice.below(10) {
            0 => world.set(self.at, PREFER_NEW, self.dice.chance(50)),
            1..5 => world.set(self.at, UNSUBSCRIBE, topic),
            _ => world.set(self.at, SUBSCRIBE, topic),
        };
    }
}

impl User for Subscriber {
    fn turn(&mut self, world: &mut World, news: News) {
        if matches!(news, News::Start) {
            let first = if self.dice.chance(60) { "" } else { "a" };
            let _ = world.set(self.at, SUBSCRIBE, first.as_bytes().to_vec());
        } else {
            self.change(world);
        }
        if self.left > 0 {
            self.left -= 1;
            let most = if self.dice.chance(50) { 5 } else { 500 };
            world.alarm(self.dice.millis(0, most), 0);
        }
    }
}
