//! The numbers that were written into segments with times.

use record::Window;

use super::directory::Tokens;
use super::worker::Heard;
use crate::engine::HypothesisSegment;
use crate::merge::{ByteToken, merge};
use crate::times::{self, Timed};
use crate::whisper::mean;

/// The smallest probability that is told apart from none.
const LEAST: f32 = 1e-10;

/// Text between two timestamps.
#[derive(Clone, Debug, PartialEq)]
struct Phrase<'t> {
    tokens: Vec<Piece<'t>>,
    from_ms: u64,
    to_ms: u64,
}

/// A text token.
#[derive(Clone, Debug, PartialEq)]
struct Piece<'t> {
    bytes: &'t [u8],
    logprob: f32,
    aligned_end_ms: Option<u64>,
}

/// Segments of a window, in order.
pub(super) fn segments(heard: &Heard, tokens: &Tokens, window: &Window) -> Vec<HypothesisSegment> {
    let limit_ms = window.duration_ms();
    let phrases = phrases(heard, tokens, limit_ms);
    let timed: Vec<Vec<Timed<'_>>> = phrases.iter().map(timed).collect();
    let spans = times::spans(&timed, &window.samples);
    let mut earliest = 0;
    let segments = phrases.iter().zip(spans).filter_map(|(phrase, spans)| {
        let words = phrase.tokens.iter().zip(spans).map(|(piece, (start_ms, end_ms))| ByteToken {
            bytes: piece.bytes.to_vec(),
            start_ms: start_ms.max(earliest),
            end_ms: end_ms.max(earliest),
            logprob: piece.logprob,
        });
        let words = merge(words, limit_ms);
        let (start_ms, end_ms) = (words.first()?.start_ms, words.last()?.end_ms);
        earliest = end_ms;
        Some(HypothesisSegment {
            start_ms,
            end_ms,
            tokens: words,
            avg_logprob: mean(phrase.tokens.iter().map(|piece| piece.logprob)),
            no_speech_prob: heard.no_speech_prob.clamp(0.0, 1.0),
        })
    });
    segments.collect()
}

/// Cuts at the timestamps; without them the window is one phrase.
fn phrases<'t>(heard: &Heard, tokens: &'t Tokens, limit_ms: u64) -> Vec<Phrase<'t>> {
    let mut phrases = Vec::new();
    let mut open = Phrase { tokens: Vec::new(), from_ms: 0, to_ms: limit_ms };
    let mut aligned = heard.aligned.iter().flatten();
    for &number in &heard.numbers {
        if let Some(bytes) = tokens.text(number) {
            let (logprob, aligned_end_ms) = match aligned.next() {
                Some(&(probability, end_ms)) => (probability.max(LEAST).ln().min(0.0), Some(end_ms)),
                None => (heard.mean_logprob.min(0.0), None),
            };
            open.tokens.push(Piece { bytes, logprob, aligned_end_ms });
        } else if let Some(at_ms) = tokens.timestamp_ms(number) {
            let next = Phrase { tokens: Vec::new(), from_ms: at_ms, to_ms: limit_ms };
            let done = std::mem::replace(&mut open, next);
            if !done.tokens.is_empty() {
                phrases.push(Phrase { to_ms: at_ms, ..done });
            }
        }
    }
    if !open.tokens.is_empty() {
        phrases.push(open);
    }
    phrases
}

/// Tokens with estimates between the phrase's timestamps, by their lengths in bytes.
fn timed<'t>(phrase: &Phrase<'t>) -> Vec<Timed<'t>> {
    let total: usize = phrase.tokens.iter().map(|piece| piece.bytes.len()).sum();
    let length = phrase.to_ms.saturating_sub(phrase.from_ms);
    let at = |bytes: usize| phrase.from_ms + length * bytes as u64 / total.max(1) as u64;
    let mut before = 0;
    let timed = phrase.tokens.iter().map(|piece| {
        let start = before;
        before += piece.bytes.len();
        Timed {
            bytes: piece.bytes,
            aligned_end_ms: piece.aligned_end_ms,
            estimated_ms: (at(start), at(before)),
        }
    });
    timed.collect()
}

#[cfg(test)]
mod tests {
    use record::TimeMap;

    use super::*;

    fn window(ms: usize) -> Window {
        let samples = vec![0.1; ms * 16];
        Window { index: 0, file: 0, map: TimeMap::contiguous(0, samples.len() as u64), samples }
    }

    /// Letters for text, `@` and a number of 20 ms steps for timestamps.
    fn heard(tokens: &Tokens, written: &[&str]) -> Heard {
        let number = |word: &&str| match word.strip_prefix('@') {
            Some(step) => vec![tokens.no_timestamps + 1 + step.parse::<usize>().unwrap()],
            None => word.bytes().map(usize::from).collect(),
        };
        Heard {
            numbers: written.iter().flat_map(number).collect(),
            mean_logprob: -0.5,
            no_speech_prob: 0.25,
            aligned: None,
        }
    }

    #[test]
    fn timestamps_cut_segments_and_their_times_are_shared_by_length() {
        let tokens = Tokens::sample();
        let found =
            segments(&heard(&tokens, &["@0", "ab", "@50", "@100", "cd", "@150"]), &tokens, &window(5_000));
        let spans: Vec<_> = found.iter().map(|s| (s.text(), s.start_ms, s.end_ms)).collect();
        assert_eq!(spans, [("ab".to_owned(), 0, 1_000), ("cd".to_owned(), 2_000, 3_000)]);
        assert_eq!(found[0].tokens[1].start_ms, 500);
        let near = |a: f32, b: f32| (a - b).abs() < f32::EPSILON;
        assert!(found.iter().all(|s| near(s.avg_logprob, -0.5) && near(s.no_speech_prob, 0.25)));
    }

    #[test]
    fn what_no_timestamp_closes_is_kept_to_the_end_of_the_window() {
        let tokens = Tokens::sample();
        let found = segments(&heard(&tokens, &["@50", "ab"]), &tokens, &window(3_000));
        assert_eq!((found.len(), found[0].start_ms, found[0].end_ms), (1, 1_000, 3_000));
        assert_eq!(segments(&heard(&tokens, &["@0", "@50"]), &tokens, &window(3_000)), []);
        assert_eq!(segments(&heard(&tokens, &["@0", "ab", "@500"]), &tokens, &window(300))[0].end_ms, 300);
    }

    #[test]
    fn a_character_of_several_tokens_is_one_and_has_the_lowest_probability() {
        let tokens = Tokens::sample();
        let aligned = vec![(0.5, 400), (0.25, 400), (0.5, 800)];
        let found =
            segments(&Heard { aligned: Some(aligned), ..heard(&tokens, &["母"]) }, &tokens, &window(1_000));
        assert_eq!(found[0].text(), "母");
        assert!((found[0].tokens[0].logprob - 0.25_f32.ln()).abs() < 1e-6);
        assert!(found[0].end_ms <= 1_000);
    }
}
