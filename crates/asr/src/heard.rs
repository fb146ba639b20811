//! What an engine's decoder wrote for a window, before it is a hypothesis.

use record::Window;

use crate::engine::{DecodeOptions, Hypothesis, HypothesisSegment};
use crate::merge::{ByteToken, merge};
use crate::times;

/// Tokens that a loop is looked for in, as in whisper.cpp.
pub(crate) const LOOP_TOKENS: usize = 32;

/// A text token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeardToken {
    /// Bytes of the vocabulary entry; not always whole characters.
    pub(crate) bytes: Vec<u8>,
    /// Natural-log probability.
    pub(crate) logprob: f32,
    /// Number in the vocabulary.
    pub(crate) id: i32,
    /// Start and end between the timestamp tokens, in milliseconds of the window.
    pub(crate) estimated_ms: (u64, u64),
    /// When it ends and the next one begins by the alignment with the audio, in milliseconds of the window.
    pub(crate) aligned_end_ms: Option<u64>,
}

/// What was heard in a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Heard {
    /// Text tokens in order, of the text between two timestamps each.
    pub(crate) segments: Vec<Vec<HeardToken>>,
    /// Probability of the no-speech token right after the start of the transcript; 0 where there are no segments.
    pub(crate) no_speech_prob: f32,
}

/// One decoding of a window at one temperature.
pub(crate) struct Attempt {
    heard: Heard,
    temperature: f32,
    avg_logprob: f32,
    is_loop: bool,
    /// Whether it is above the thresholds, so that no other temperature is tried.
    pub(crate) is_good: bool,
}

impl Attempt {
    pub(crate) fn new(heard: Heard, temperature: f32, options: &DecodeOptions) -> Self {
        let tokens = || heard.segments.iter().flatten();
        let avg_logprob = mean(tokens().map(|token| token.logprob));
        let ids: Vec<i32> = tokens().map(|token| token.id).collect();
        let is_loop = ids.windows(LOOP_TOKENS).any(|window| entropy(window) < options.thresholds.entropy)
            && ids.len() > LOOP_TOKENS;
        let is_good = !is_loop && avg_logprob >= options.thresholds.avg_logprob;
        Self { heard, temperature, avg_logprob, is_loop, is_good }
    }

    /// Whether this is the better of two attempts: no loop, then the higher probability.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        (!self.is_loop, self.avg_logprob) > (!other.is_loop, other.avg_logprob)
    }

    pub(crate) fn into_hypothesis(self, window: &Window) -> Hypothesis {
        let limit_ms = window.duration_ms();
        let spans = times::spans(&self.heard.segments, &window.samples);
        let no_speech_prob = self.heard.no_speech_prob;
        let mut earliest = 0;
        let segments = self.heard.segments.into_iter().zip(spans).filter_map(|(tokens, spans)| {
            let avg_logprob = mean(tokens.iter().map(|token| token.logprob));
            let tokens = tokens.into_iter().zip(spans).map(|(token, (start_ms, end_ms))| ByteToken {
                bytes: token.bytes,
                start_ms: start_ms.max(earliest),
                end_ms: end_ms.max(earliest),
                logprob: token.logprob,
            });
            let tokens = merge(tokens, limit_ms);
            let (start_ms, end_ms) = (tokens.first()?.start_ms, tokens.last()?.end_ms);
            earliest = end_ms;
            Some(HypothesisSegment { start_ms, end_ms, tokens, avg_logprob, no_speech_prob })
        });
        Hypothesis { segments: segments.collect(), temperature: self.temperature }
    }
}

/// Times between a phrase's timestamps, by the lengths of its tokens in bytes.
pub(crate) fn estimate(phrase: &mut [HeardToken], from_ms: u64, to_ms: u64) {
    let total: usize = phrase.iter().map(|token| token.bytes.len()).sum();
    let at = |bytes: usize| from_ms + to_ms.saturating_sub(from_ms) * bytes as u64 / total.max(1) as u64;
    let mut before = 0;
    for token in phrase {
        let start = before;
        before += token.bytes.len();
        token.estimated_ms = (at(start), at(before));
    }
}

/// Arithmetic mean; 0 of nothing.
fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) =
        values.fold((0.0_f32, 0_u16), |(sum, count), value| (sum + value, count.saturating_add(1)));
    if count == 0 { 0.0 } else { sum / f32::from(count) }
}

/// Shannon entropy of the tokens' frequencies, in nats.
pub(crate) fn entropy(ids: &[i32]) -> f32 {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a == b)
        .map(|run| {
            let share = run.len() as f32 / ids.len() as f32;
            -share * share.ln()
        })
        .sum()
}
