//! How much work a window gets: lengths, contexts, and which way of decoding follows when one is doubtful.

use asr::{DecodeOptions, Search};
use record::SAMPLE_RATE;

use crate::Error;
use crate::error::Cause;

/// Average log-probability of a segment below which Whisper's reference decodes again.
pub(crate) const IMPROBABLE: f32 = -1.0;
/// The same for those who have the time: below it a beam search finds other words more often than not.
const UNSURE: f32 = -0.5;
/// Sequences that a beam search follows.
const BEAM: usize = 5;
/// Sequences sampled above temperature 0.
const SAMPLES: usize = 5;
/// Samples per encoder position: 20 ms.
const POSITION: usize = SAMPLE_RATE as usize / 50;
/// Positions of Whisper's encoder: 30 s.
const POSITIONS: usize = 1_500;
/// Contexts are multiples of this many positions.
const POSITION_STEP: usize = 32;
/// Shorter contexts cost accuracy: on 225 clips of 2 to 10 s the character error rate is 0.2271 without this floor, 0.2206
/// with it and 0.2208 with one of 704 (`benches/peers/cer.py`).
const MIN_POSITIONS: usize = 512;

/// A trade between speed and accuracy.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// Name on the command line.
    pub name: &'static str,
    /// One English phrase for lists.
    pub summary: &'static str,
    /// Longest window in milliseconds.
    pub window_ms: u32,
    /// Ways of decoding a window, in the order of trial; at least one. The next is taken while the result cannot be right
    /// or is less probable than it asks for, and the best of all counts, with the marks that it still has.
    pub ladder: Vec<Attempt>,
}

/// One way of decoding a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// How much of the encoder is computed.
    pub context: Context,
    /// How the next token is chosen.
    pub search: Search,
    /// Sampling temperature, 0.0..=1.0.
    pub temperature: f32,
    /// It is tried while a segment's average log-probability is below this. The first of a ladder is always tried.
    pub below: f32,
}

/// How much of the encoder's 30 s is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// All of it, as the model was trained.
    Full,
    /// The window and so much silence behind it, in milliseconds. Whisper needs some to find the end.
    Fitted {
        /// Silence behind the window.
        margin_ms: u32,
    },
}

impl Context {
    /// Encoder positions for a window of so many samples; `None` for all.
    fn positions(self, samples: usize) -> Option<usize> {
        let Self::Fitted { margin_ms } = self else { return None };
        let margin = margin_ms as usize * SAMPLE_RATE as usize / 1_000;
        let positions = (samples + margin).div_ceil(POSITION).next_multiple_of(POSITION_STEP);
        let positions = positions.max(MIN_POSITIONS);
        (positions < POSITIONS).then_some(positions)
    }
}

impl Attempt {
    /// The options for a window of so many samples.
    pub(crate) fn options(self, base: &DecodeOptions, samples: usize) -> DecodeOptions {
        DecodeOptions {
            search: self.search,
            temperatures: vec![self.temperature],
            audio_ctx: self.context.positions(samples),
            ..base.clone()
        }
    }
}

/// The quickest.
pub(crate) const FITTED: Attempt = Attempt {
    context: Context::Fitted { margin_ms: 1_000 },
    search: Search::Greedy { best_of: 1 },
    temperature: 0.0,
    below: IMPROBABLE,
};
const GREEDY: Attempt = Attempt { context: Context::Full, ..FITTED };
const BEAM_SEARCH: Attempt = Attempt { search: Search::Beam { size: BEAM }, ..GREEDY };
/// Every other temperature of Whisper's reference list, as each costs a whole decoding.
const WARM: Attempt =
    Attempt { search: Search::Greedy { best_of: SAMPLES }, temperature: 0.4, ..BEAM_SEARCH };
const HOT: Attempt = Attempt { temperature: 0.8, ..WARM };

fn fast() -> Tier {
    Tier {
        name: "fast",
        summary: "windows of 15 s, the most probable token each time; what loops is decoded again",
        window_ms: 15_000,
        ladder: vec![FITTED, GREEDY, BEAM_SEARCH],
    }
}

fn auto() -> Tier {
    Tier {
        name: "auto",
        summary: "as fast; windows of which the model is unsure as careful",
        window_ms: 15_000,
        ladder: vec![FITTED, Attempt { below: UNSURE, ..BEAM_SEARCH }, WARM, HOT],
    }
}

fn careful() -> Tier {
    Tier {
        name: "careful",
        summary: "windows of 28 s, beam search; what loops or is improbable again at rising temperatures",
        window_ms: 28_000,
        ladder: vec![BEAM_SEARCH, WARM, HOT],
    }
}

/// All tiers, the fastest first.
#[must_use]
pub fn tiers() -> Vec<Tier> {
    vec![fast(), auto(), careful()]
}

impl Default for Tier {
    /// Careful: a record is read by people who were not there.
    fn default() -> Self {
        careful()
    }
}

impl Tier {
    /// The tier of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage), listing the known names.
    pub fn by_name(name: &str) -> Result<Self, Error> {
        tiers().into_iter().find(|tier| tier.name == name).ok_or_else(|| {
            let known = tiers().iter().map(|tier| tier.name).collect::<Vec<_>>().join(", ");
            Cause::UnknownTier { name: name.to_owned(), known }.into()
        })
    }

    /// The same with beam searches of this width, 2..=8.
    #[must_use]
    pub fn with_beam(mut self, size: usize) -> Self {
        for attempt in &mut self.ladder {
            if let Search::Beam { size: old } = &mut attempt.search {
                *old = size;
            }
        }
        self
    }

    /// Whether it often follows several sequences at once: a window takes a session about 200 MB more then.
    #[must_use]
    pub fn searches(&self) -> bool {
        self.ladder.iter().enumerate().any(|(place, attempt)| {
            matches!(attempt.search, Search::Beam { .. }) && (place == 0 || attempt.below > IMPROBABLE)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fitted_context_covers_the_window_and_is_never_longer_than_the_encoder() {
        let fitted = Context::Fitted { margin_ms: 1_000 };
        for seconds in 0..=30 {
            let samples = seconds * SAMPLE_RATE as usize;
            match fitted.positions(samples) {
                Some(positions) => assert!(positions * POSITION >= samples + 16_000 && positions < 1_500),
                None => assert!(seconds >= 28, "{seconds}"),
            }
        }
        assert_eq!(Context::Full.positions(16_000), None);
    }

    #[test]
    fn an_unknown_tier_lists_the_known_ones() {
        let error = Tier::by_name("quick").unwrap_err();
        assert_eq!(error.to_string(), "unknown tier (known: fast, auto, careful): quick");
    }

    #[test]
    fn the_default_is_a_tier_and_all_windows_fit_the_encoder() {
        assert!(tiers().contains(&Tier::default()));
        assert!(tiers().iter().all(|tier| tier.window_ms <= 28_000 && !tier.ladder.is_empty()));
    }
}
