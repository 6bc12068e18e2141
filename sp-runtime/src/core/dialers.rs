//! When a dialer tries again.

use std::time::Duration;

use spkit_api::Time;

use super::random::Random;

/// A dialer's state, without its address.
#[derive(Debug)]
pub(crate) struct Redial {
    min: Duration,
    max: Duration,
    pause: Duration,
    pub(crate) closed: bool,
}

impl Redial {
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max: max.max(min),
            pause: min,
            closed: false,
        }
    }

    /// Other pauses, from the next one on.
    pub(crate) fn change(&mut self, min: Duration, max: Duration) {
        let fresh = self.pause == self.min;
        (self.min, self.max) = (min, max.max(min));
        self.pause = match fresh {
            true => min,
            false => self.pause.clamp(self.min, self.max),
        };
    }

    /// The pause before the next attempt, a random part of half of it off, so that a crowd of dialers spreads out.
    /// It doubles with each failure.
    pub(crate) fn next(&mut self, random: &mut Random) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(self.max);
        let cut = f64::from(random.next_u32()) / f64::from(u32::MAX) / 2.0;
        pause.mul_f64(1.0 - cut)
    }

    /// A pipe of it was there since: a good connection starts the pauses over, one that broke at once does not.
    pub(crate) fn connected(&mut self, since: Time, now: Time) {
        if now.since(since) >= self.max.min(Duration::from_secs(1)) {
            self.pause = self.min;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_with_jitter_below() {
        let mut random = Random::new(1);
        let mut redial = Redial::new(Duration::from_millis(100), Duration::from_millis(350));
        for most in [100, 200, 350, 350] {
            let pause = redial.next(&mut random);
            assert!(pause <= Duration::from_millis(most), "{pause:?}");
            assert!(pause >= Duration::from_millis(most / 2), "{pause:?}");
        }
    }

    #[test]
    fn pauses_change_from_the_next_one_on_and_without_a_maximum_they_stay() {
        let mut random = Random::new(1);
        let mut redial = Redial::new(Duration::from_millis(100), Duration::from_secs(5));
        redial.change(Duration::from_millis(10), Duration::ZERO);
        for _ in 0..3 {
            redial.next(&mut random);
            assert_eq!(redial.pause, Duration::from_millis(10));
        }
        redial.change(Duration::from_millis(10), Duration::from_secs(1));
        redial.next(&mut random);
        redial.next(&mut random);
        assert_eq!(redial.pause, Duration::from_millis(40));
        redial.change(Duration::from_millis(5), Duration::from_millis(30));
        assert_eq!(redial.pause, Duration::from_millis(30));
    }

    #[test]
    fn only_a_lasting_connection_starts_over() {
        let mut random = Random::new(1);
        let mut redial = Redial::new(Duration::from_millis(100), Duration::from_secs(5));
        redial.next(&mut random);
        redial.connected(Time::from_nanos(0), Time::from_nanos(1_000));
        assert_eq!(redial.pause, Duration::from_millis(200));
        redial.connected(Time::from_nanos(0), Time::from_nanos(2_000_000_000));
        assert_eq!(redial.pause, Duration::from_millis(100));
    }
}
