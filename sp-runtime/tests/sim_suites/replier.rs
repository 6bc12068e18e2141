//! A user who answers requests, sometimes late, sometimes not at all.

use spkit_runtime::sim::{At, Dice, Ended, News, User, World};

use super::{Draw, tags::answer_to};

pub(crate) struct Replier {
    at: At,
    dice: Dice,
    skips: bool,
    /// How long it takes for some, in milliseconds.
    slow: usize,
    /// The request it works on.
    request: Option<Vec<u8>>,
}

impl Replier {
    pub(crate) fn new(at: At, seed: u64, skips: bool) -> Self {
        Self {
            at,
            dice: Dice::new(seed),
            skips,
            slow: 25,
            request: None,
        }
    }

    pub(crate) fn slow(self, slow: usize) -> Self {
        Self { slow, ..self }
    }

    fn next(&mut self, world: &mut World) {
        if self.dice.chance(10) {
            // Unasked: refused, and no harm done.
            let _ = world.try_send(self.at, "unasked");
        }
        world.recv(self.at, None);
    }
}

impl User for Replier {
    fn turn(&mut self, world: &mut World, news: News) {
        match news {
            News::Start | News::Ended(_, Ended::Sent) => self.next(world),
            News::Ended(_, Ended::Received(message)) => {
                if self.skips && self.dice.chance(15) {
                    return self.skip(world);
                }
                self.request = Some(message.body().to_vec());
                let work = match self.dice.below(4) {
                    0 => self.dice.millis(0, self.slow),
                    _ => self.dice.millis(0, 1),
                };
                world.alarm(work, 0);
            }
            News::Alarm(_) => {
                if let Some(request) = self.request.take() {
                    world.send(self.at, answer_to(&request), None);
                }
            }
            // The socket is closed.
            _ => {}
        }
    }
}

impl Replier {
    /// Takes the next request instead (SP-RR-039).
    fn skip(&self, world: &mut World) {
        world.recv(self.at, None);
    }
}
