//! How much sound is missing, by the clock.

use std::time::Duration;

use record::SAMPLE_RATE;

/// Sound cards are slower or faster than the clock by up to 0.1 %: so much may the usual lag grow.
const DRIFT: f64 = 0.001;

/// Compares the sound that came with the time that passed.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    start: Option<Duration>,
    last: Duration,
    /// Seconds by which sound is usually behind the clock: what is on its way through the system.
    usual: f64,
}

impl Timeline {
    /// Sound is there up to sample `position`. The first call sets the clock.
    pub(crate) fn note(&mut self, now: Duration, position: u64) {
        let lag = self.lag(now, position);
        let passed = now.saturating_sub(self.last).as_secs_f64();
        self.usual = if self.start.is_none() { lag } else { lag.min(self.usual + passed * DRIFT) };
        self.start.get_or_insert(now);
        self.last = now;
    }

    /// Samples that are missing in front of what comes next, where sound is there up to sample `position`.
    pub(crate) fn missing(&self, now: Duration, position: u64) -> u64 {
        if self.start.is_none() {
            return 0;
        }
        ((self.lag(now, position) - self.usual).max(0.0) * f64::from(SAMPLE_RATE)) as u64
    }

    fn lag(&self, now: Duration, position: u64) -> f64 {
        let passed = now.saturating_sub(self.start.unwrap_or(now)).as_secs_f64();
        passed - position as f64 / f64::from(SAMPLE_RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_secs(1_000) + Duration::from_millis(ms)
    }

    #[test]
    fn a_hole_is_as_long_as_the_clock_says() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.missing(at(0), 0), 0);
        // Blocks of 100 ms that come up to 60 ms late.
        for n in 0..50_u64 {
            timeline.note(at(n * 100 + n % 4 * 20), 1_600 * (n + 1));
        }
        // Two seconds of nothing, then a block.
        let missing = timeline.missing(at(50 * 100 + 2_000), 1_600 * 51);
        assert!((31_900..=32_200).contains(&missing), "{missing}");
    }

    #[test]
    fn a_slow_sound_card_leaves_no_hole() {
        let mut timeline = Timeline::default();
        // An hour at 50 parts per million too slow.
        for n in 0..36_000_u64 {
            timeline.note(at(n * 100), (n + 1) * 1_600 - n * 8 / 100);
        }
        let missing = timeline.missing(at(3_600_000), 36_001 * 1_600 - 2_880);
        assert!(missing < 100, "{missing}");
    }
}
