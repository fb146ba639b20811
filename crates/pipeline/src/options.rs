//! How recordings are transcribed.

use asr::DecodeOptions;
use audio::{AudioReader, PackConfig, vad};

use crate::guard::GuardConfig;
use crate::tier::Tier;
use crate::{Input, cores};

/// Up to this length recordings are a few windows: sessions side by side gain little.
const SHORT_MS: u64 = 60_000;
/// Sound that two windows share where speech without a pause is cut.
const OVERLAP_MS: u32 = 1_000;
/// whisper.cpp has crashed with more states.
const MAX_SESSIONS: usize = 8;

/// How recordings are transcribed.
#[derive(Clone, Debug)]
pub struct TranscribeOptions {
    /// Sessions at work at the same time, at least 1. Each needs its own memory beside the weights.
    pub sessions: usize,
    /// How much work a window gets. Its ways of decoding replace those of `decode`.
    pub tier: Tier,
    /// What all ways of decoding share; `threads` is per session.
    pub decode: DecodeOptions,
    /// How speech is packed into windows, but for their length, which is the tier's.
    pub pack: PackConfig,
    /// Registry name of the voice activity detector.
    pub vad: String,
    /// What counts as invented text.
    pub guard: GuardConfig,
}

impl TranscribeOptions {
    /// One session of one thread for each core, at most eight: whisper.cpp gains little from more threads in a session.
    #[must_use]
    pub fn new(tier: Tier) -> Self {
        let window_ms = tier.window_ms;
        let options = Self {
            sessions: cores::all().min(MAX_SESSIONS),
            tier,
            decode: DecodeOptions::default(),
            pack: PackConfig { overlap_ms: OVERLAP_MS, ..PackConfig::default() },
            vad: vad::DEFAULT.to_owned(),
            guard: GuardConfig::default(),
        };
        options.with_window_ms(window_ms)
    }

    /// The defaults of a tier for these recordings, on the cores that are free now.
    ///
    /// An engine that [batches](asr::Registration::batches) needs one session. Of others it depends on the length, by the headers:
    /// a recording up to [`SHORT_MS`] is a window or two, and where the tier often searches, the sequences of a search keep
    /// two threads busy: one session of several threads is there as fast as several sessions, and takes the memory of one.
    #[must_use]
    pub fn for_job(tier: Tier, inputs: &[Input], batches: bool) -> Self {
        let mut options = Self { sessions: cores::free().min(MAX_SESSIONS), ..Self::new(tier) };
        if batches {
            (options.sessions, options.decode.threads) = (1, options.sessions);
            return options;
        }
        let declared = inputs.iter().map(|input| AudioReader::open(&input.path).ok()?.declared_duration_ms());
        if declared.sum::<Option<u64>>().is_some_and(|total| total <= SHORT_MS) {
            (options.sessions, options.decode.threads) = (1, options.sessions);
        } else if options.tier.searches() && options.sessions > 1 {
            options.decode.threads = 2;
            options.sessions /= 2;
        }
        options
    }

    /// Other windows than the tier's, in milliseconds.
    #[must_use]
    pub fn with_window_ms(mut self, window_ms: u32) -> Self {
        self.pack.max_window_ms = window_ms;
        self.pack.overlap_ms = self.pack.overlap_ms.min(window_ms / 4);
        // The search for a place to cut is at most half the window.
        self.pack.cut_search_ms = self.pack.cut_search_ms.min(window_ms / 2);
        self
    }
}

impl Default for TranscribeOptions {
    /// The default tier, as [`Self::new`].
    fn default() -> Self {
        Self::new(Tier::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_a_recording_overlap_where_speech_is_cut_and_live_ones_never() {
        let overlap = |options: TranscribeOptions| options.pack.overlap_ms;
        assert_eq!(overlap(TranscribeOptions::default()), 1_000);
        assert_eq!(overlap(TranscribeOptions::default().with_window_ms(2_000)), 500);
        assert_eq!(overlap(TranscribeOptions::live(Tier::default()).with_window_ms(8_000)), 0);
    }
}
