//! The tokens of a pass as text between timestamps, with times.

use super::align;
use super::search::Sequence;
use super::tokens::Tokens;
use crate::heard::{HeardToken, estimate};

/// Milliseconds of a timestamp's step and of a position of the encoder.
const STEP_MS: u64 = 20;

/// What a pass gave.
pub(super) struct Phrases {
    /// Text tokens between timestamps; times are those of the window.
    pub(super) segments: Vec<Vec<HeardToken>>,
    /// Steps of 20 ms of the sound after which the model expects more, `None` where it has heard all.
    pub(super) rest: Option<usize>,
}

/// Cuts a sequence at its timestamps; the sound, of `spoken` steps of 20 ms, begins at `from_ms` in its window.
pub(super) fn phrases(
    sequence: &Sequence,
    tokens: &Tokens,
    heads: usize,
    spoken: usize,
    from_ms: u64,
) -> Phrases {
    let is_text = |token: &i32| *token < tokens.end;
    // The rows of the text, and the one behind it: the end of the last token.
    let mut rows: Vec<usize> = (0..sequence.tokens.len()).filter(|&i| is_text(&sequence.tokens[i])).collect();
    let behind = rows.last().map_or(0, |last| last + 1);
    if behind < sequence.alignment.len() && behind > 0 {
        rows.push(behind);
    }
    let alignment: Vec<_> = rows.iter().map(|&row| sequence.alignment[row].clone()).collect();
    let starts = align::starts(&alignment, heads, spoken);
    let ms = |steps: usize| from_ms + steps as u64 * STEP_MS;
    let mut ends = starts.iter().skip(1).map(|&start| ms(start)).chain(std::iter::once(ms(spoken)));

    let mut segments: Vec<Vec<HeardToken>> = Vec::new();
    let mut open: Vec<HeardToken> = Vec::new();
    let mut opened_at = 0;
    let mut close = |open: &mut Vec<HeardToken>, from: usize, to: usize| {
        if !open.is_empty() {
            estimate(open, ms(from), ms(to.max(from)));
            segments.push(std::mem::take(open));
        }
    };
    for (&token, &logprob) in sequence.tokens.iter().zip(&sequence.logprobs) {
        if let Some(bytes) = tokens.text(token) {
            let aligned_end_ms = if starts.is_empty() { None } else { ends.next() };
            open.push(HeardToken {
                bytes: bytes.to_vec(),
                logprob,
                id: token,
                estimated_ms: (0, 0),
                aligned_end_ms,
            });
        } else if let Some(at) = tokens.timestamp(token) {
            close(&mut open, opened_at, at);
            opened_at = at;
        }
    }
    close(&mut open, opened_at, spoken);
    Phrases { segments, rest: rest(&sequence.tokens, tokens, spoken) }
}

/// Two timestamps at the end: a phrase has begun that the model could not finish.
fn rest(written: &[i32], tokens: &Tokens, spoken: usize) -> Option<usize> {
    let [.., before, last] = written else { return None };
    let (_, at) = (tokens.timestamp(*before)?, tokens.timestamp(*last)?);
    (at > 0 && at < spoken).then_some(at)
}
