//! Text that nobody said (language.md pass 13): it is marked and kept out of the record, never deleted.

use std::ops::Range;

use asr::{Hypothesis, HypothesisSegment};
use audio::PackedWindow;
use record::{Flag, SAMPLE_RATE};
use text::guard as phrases;

/// What counts as invented text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuardConfig {
    /// A segment of whose time less than this share is speech is marked, 0..=1.
    pub min_speech_share: f32,
    /// Above this no-speech probability, 0..=1, a segment with a low log-probability is marked.
    pub max_no_speech_prob: f32,
    /// Below this average log-probability a segment is unsure; together with the no-speech probability it is marked.
    pub min_avg_logprob: f32,
    /// Nobody speaks faster, in characters per second.
    pub max_chars_per_s: f32,
    /// A window quieter than this root mean square, 0..=1, holds no speech.
    pub min_rms: f32,
}

impl Default for GuardConfig {
    /// Whisper's own thresholds (no-speech 0.6, log-probability −1.0); the rest from language.md pass 13. The floor of
    /// the energy is −66 dBFS: a distant voice in a quiet room is above it.
    fn default() -> Self {
        Self {
            min_speech_share: 0.2,
            max_no_speech_prob: 0.6,
            min_avg_logprob: -1.0,
            max_chars_per_s: 16.0,
            min_rms: 0.0005,
        }
    }
}

/// Flags for each segment of the hypothesis.
pub(crate) fn flags(packed: &PackedWindow, hypothesis: &Hypothesis, config: &GuardConfig) -> Vec<Vec<Flag>> {
    // A loop may run over all segments without any of them being one.
    let looped = is_loop(&hypothesis.text());
    hypothesis.segments.iter().map(|segment| segment_flags(packed, segment, looped, config)).collect()
}

fn segment_flags(
    packed: &PackedWindow,
    segment: &HypothesisSegment,
    looped: bool,
    config: &GuardConfig,
) -> Vec<Flag> {
    let words = segment.text();
    let share = speech_share(packed, segment.start_ms, segment.end_ms);
    let silent = share < config.min_speech_share || packed.rms < config.min_rms;
    let unsure = segment.avg_logprob < config.min_avg_logprob;
    let no_speech = unsure && segment.no_speech_prob > config.max_no_speech_prob;
    // A phrase that Whisper writes over silence needs less proof than other words.
    let phrase = phrases::silence_phrase(&words).is_some() && (share < 0.5 || segment.no_speech_prob > 0.5);
    // Times of a short segment are too coarse for a speed.
    let duration_ms = (segment.end_ms - segment.start_ms).max(1_000);
    let too_fast = phrases::chars_per_second(&words, duration_ms) > config.max_chars_per_s;

    let mut flags = Vec::new();
    if silent || no_speech || phrase || too_fast {
        flags.push(Flag::PossibleHallucination);
    }
    if looped || is_loop(&words) {
        flags.push(Flag::Repetition);
    }
    if unsure {
        flags.push(Flag::LowConfidence);
    }
    flags
}

/// The same words over and over, or a text that compresses as only a loop does.
fn is_loop(words: &str) -> bool {
    phrases::repetition(words).is_some() || phrases::compression_ratio(words) > phrases::MAX_COMPRESSION_RATIO
}

/// Share of `start_ms..end_ms` of the window in which the detector heard speech. A segment without length counts as
/// the 100 ms around it.
fn speech_share(packed: &PackedWindow, start_ms: u64, end_ms: u64) -> f32 {
    let (start_ms, end_ms) =
        if end_ms > start_ms { (start_ms, end_ms) } else { (start_ms.saturating_sub(50), end_ms + 50) };
    let sample = |ms: u64| (ms * u64::from(SAMPLE_RATE) / 1_000) as usize;
    let segment = sample(start_ms)..sample(end_ms);
    let overlap = |r: &Range<usize>| r.end.min(segment.end).saturating_sub(r.start.max(segment.start));
    let spoken: usize = packed.speech.iter().map(overlap).sum();
    spoken as f32 / segment.len().max(1) as f32
}
