//! Which tokens may follow.
//!
//! The rules of the reference (`whisper/decoding.py`, `SuppressTokens`, `SuppressBlank` and `ApplyTimestampRules`): what is
//! never said is never written, and timestamps come in pairs, rise, and are written where they are more probable than
//! any text.

use std::sync::Arc;

use kernels::{Isa, log_sum_exp};

use super::tokens::Tokens;
use crate::bias::TokenBias;

/// The latest first timestamp, in steps of 20 ms: 1 s.
const LATEST_FIRST: usize = 50;

/// What holds for a whole request.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) tokens: Arc<Tokens>,
    pub(super) timestamps: bool,
    pub(super) suppress_non_speech: bool,
    pub(super) bias: Option<Arc<TokenBias>>,
    pub(super) isa: Isa,
}

impl Rules {
    /// Sets the logits of what may not follow `written` to −∞, after raising what is expected.
    pub(super) fn apply(&self, written: &[i32], logits: &mut [f32]) {
        if let Some(bias) = &self.bias {
            bias.apply(written, logits);
        }
        let tokens = &*self.tokens;
        for token in &tokens.control {
            forbid(logits, *token);
        }
        if self.suppress_non_speech {
            for token in &tokens.non_speech {
                forbid(logits, *token);
            }
        }
        if written.is_empty() {
            forbid(logits, tokens.end);
            if let Some(blank) = tokens.blank {
                forbid(logits, blank);
            }
        }
        let first = tokens.first_timestamp as usize;
        if self.timestamps {
            self.pair(written, logits);
        } else {
            logits[first..].fill(f32::NEG_INFINITY);
        }
    }

    /// The rules of timestamps.
    fn pair(&self, written: &[i32], logits: &mut [f32]) {
        let tokens = &*self.tokens;
        let (end, first) = (tokens.end as usize, tokens.first_timestamp as usize);
        let is_timestamp = |token: &i32| *token >= tokens.first_timestamp;
        if written.is_empty() {
            // A transcript begins with a timestamp.
            logits[..first].fill(f32::NEG_INFINITY);
            logits[first + LATEST_FIRST + 1..].fill(f32::NEG_INFINITY);
            return;
        }
        let last = written.last().is_some_and(is_timestamp);
        let one_before = written.len() < 2 || is_timestamp(&written[written.len() - 2]);
        if last && one_before {
            logits[first..].fill(f32::NEG_INFINITY);
        } else if last {
            // The end of a phrase: the next one's start, or the end of the text.
            logits[..end].fill(f32::NEG_INFINITY);
        }
        if let Some(latest) = written.iter().rev().find(|token| is_timestamp(token)) {
            // A phrase that has begun ends later than it began.
            let next = if last && !one_before { *latest } else { latest + 1 } as usize;
            logits[first..next].fill(f32::NEG_INFINITY);
        }
        let (text, times) = logits.split_at_mut(first);
        let most = text.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if log_sum_exp(self.isa, times) > most {
            text.fill(f32::NEG_INFINITY);
        }
    }
}

fn forbid(logits: &mut [f32], token: i32) {
    if let Some(logit) = usize::try_from(token).ok().and_then(|token| logits.get_mut(token)) {
        *logit = f32::NEG_INFINITY;
    }
}
