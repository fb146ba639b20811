//! What an engine heard in a window, as segments of the recording.

use std::ops::Range;

use asr::{Hypothesis, HypothesisSegment};
use audio::PackedWindow;
use record::{Flag, Segment, Token};

use crate::guard::{self, GuardConfig, Marked};

/// A segment is divided where the recording has a pause of this length that the window left out.
const SPLIT_PAUSE_MS: u64 = 1_000;

/// The time of a window that could not be decoded.
pub(crate) fn lost(packed: &PackedWindow) -> Segment {
    let window = &packed.window;
    Segment {
        file: window.file,
        start_ms: window.map.to_file_ms(0),
        end_ms: window.map.to_file_ms(window.duration_ms()),
        flags: vec![Flag::DecodeFailed],
        ..Segment::default()
    }
}

/// What was heard in a window, in the recording's time.
pub(crate) struct Found {
    /// The segments with the marks of the guards.
    pub(crate) segments: Vec<Segment>,
    /// Some words stand where nobody speaks, or are too many for their time: another way of decoding may do better.
    pub(crate) is_misplaced: bool,
    /// Some words are a guess, by nothing but the words themselves.
    pub(crate) is_guessed: bool,
}

/// Moves a hypothesis to the recording's time and marks what the guards doubt.
pub(crate) fn segments(packed: &PackedWindow, hypothesis: &Hypothesis, guard: &GuardConfig) -> Found {
    let marked = guard::marked(packed, hypothesis, guard);
    let is_misplaced = marked.iter().any(|part| part.is_misplaced);
    let is_guessed = marked.iter().any(|part| part.is_guessed);
    let mut segments = Vec::with_capacity(marked.len());
    for Marked { segment: heard, flags, .. } in marked {
        let tokens: Vec<Token> = heard.tokens.iter().map(|token| in_file_time(token, packed)).collect();
        for run in split_at_pauses(&tokens) {
            segments.push(segment(packed.window.file, &tokens[run], &heard, flags.clone()));
        }
    }
    Found { segments, is_misplaced, is_guessed }
}

fn segment(file: usize, tokens: &[Token], heard: &HypothesisSegment, flags: Vec<Flag>) -> Segment {
    let raw: String = tokens.iter().map(|t| t.text.as_str()).collect();
    Segment {
        file,
        start_ms: tokens.first().map_or(0, |t| t.start_ms),
        end_ms: tokens.last().map_or(0, |t| t.end_ms),
        text: raw.clone(),
        raw,
        speaker: None,
        flags,
        avg_logprob: Some(heard.avg_logprob),
        no_speech_prob: Some(heard.no_speech_prob),
        tokens: tokens.to_vec(),
    }
}

fn in_file_time(token: &Token, packed: &PackedWindow) -> Token {
    let map = &packed.window.map;
    let start_ms = map.to_file_ms(token.start_ms);
    // The end belongs to the piece of the last millisecond, not to the piece that begins there.
    let end_ms = map.to_file_ms(token.end_ms.saturating_sub(1)) + u64::from(token.end_ms > 0);
    Token { start_ms, end_ms: end_ms.max(start_ms), ..token.clone() }
}

fn split_at_pauses(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (i, pair) in tokens.windows(2).enumerate() {
        if pair[1].start_ms.saturating_sub(pair[0].end_ms) >= SPLIT_PAUSE_MS {
            runs.push(start..i + 1);
            start = i + 1;
        }
    }
    if start < tokens.len() {
        runs.push(start..tokens.len());
    }
    runs
}
