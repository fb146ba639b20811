//! The numbers that were written into text between timestamps.

use record::Window;

use super::directory::Tokens;
use super::worker::Heard as Written;
use crate::heard::{Heard, HeardToken, estimate};

/// The smallest probability that is told apart from none.
const LEAST: f32 = 1e-10;

/// What was heard in a window.
pub(super) fn heard(written: &Written, tokens: &Tokens, window: &Window) -> Heard {
    let limit_ms = window.duration_ms();
    let mut segments = Vec::new();
    let mut open: Vec<HeardToken> = Vec::new();
    let mut from_ms = 0;
    let mut close = |open: &mut Vec<HeardToken>, from_ms: u64, to_ms: u64| {
        if !open.is_empty() {
            estimate(open, from_ms, to_ms);
            segments.push(std::mem::take(open));
        }
    };
    let mut aligned = written.aligned.iter().flatten();
    for &number in &written.numbers {
        if let Some(bytes) = tokens.text(number) {
            let (logprob, aligned_end_ms) = match aligned.next() {
                Some(&(probability, end_ms)) => (probability.max(LEAST).ln().min(0.0), Some(end_ms)),
                None => (written.mean_logprob.min(0.0), None),
            };
            let id = number as i32;
            open.push(HeardToken {
                bytes: bytes.to_vec(),
                logprob,
                id,
                estimated_ms: (0, 0),
                aligned_end_ms,
            });
        } else if let Some(at_ms) = tokens.timestamp_ms(number) {
            close(&mut open, from_ms, at_ms);
            from_ms = at_ms;
        }
    }
    close(&mut open, from_ms, limit_ms);
    Heard { segments, no_speech_prob: written.no_speech_prob.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use record::TimeMap;

    use super::*;
    use crate::DecodeOptions;
    use crate::engine::HypothesisSegment;
    use crate::heard::Attempt;

    fn segments(written: &Written, tokens: &Tokens, window: &Window) -> Vec<HypothesisSegment> {
        let attempt = Attempt::new(heard(written, tokens, window), 0.0, &DecodeOptions::default());
        attempt.into_hypothesis(window).segments
    }

    fn window(ms: usize) -> Window {
        let samples = vec![0.1; ms * 16];
        Window { index: 0, file: 0, map: TimeMap::contiguous(0, samples.len() as u64), samples }
    }

    /// Letters for text, `@` and a number of 20 ms steps for timestamps.
    fn written(tokens: &Tokens, words: &[&str]) -> Written {
        let number = |word: &&str| match word.strip_prefix('@') {
            Some(step) => vec![tokens.no_timestamps + 1 + step.parse::<usize>().unwrap()],
            None => word.bytes().map(usize::from).collect(),
        };
        Written {
            numbers: words.iter().flat_map(number).collect(),
            mean_logprob: -0.5,
            no_speech_prob: 0.25,
            aligned: None,
        }
    }

    #[test]
    fn timestamps_cut_segments_and_their_times_are_shared_by_length() {
        let tokens = Tokens::sample();
        let found =
            segments(&written(&tokens, &["@0", "ab", "@50", "@100", "cd", "@150"]), &tokens, &window(5_000));
        let spans: Vec<_> = found.iter().map(|s| (s.text(), s.start_ms, s.end_ms)).collect();
        assert_eq!(spans, [("ab".to_owned(), 0, 1_000), ("cd".to_owned(), 2_000, 3_000)]);
        assert_eq!(found[0].tokens[1].start_ms, 500);
        let near = |a: f32, b: f32| (a - b).abs() < f32::EPSILON;
        assert!(found.iter().all(|s| near(s.avg_logprob, -0.5) && near(s.no_speech_prob, 0.25)));
    }

    #[test]
    fn what_no_timestamp_closes_is_kept_to_the_end_of_the_window() {
        let tokens = Tokens::sample();
        let found = segments(&written(&tokens, &["@50", "ab"]), &tokens, &window(3_000));
        assert_eq!((found.len(), found[0].start_ms, found[0].end_ms), (1, 1_000, 3_000));
        assert_eq!(segments(&written(&tokens, &["@0", "@50"]), &tokens, &window(3_000)), []);
        assert_eq!(segments(&written(&tokens, &["@0", "ab", "@500"]), &tokens, &window(300))[0].end_ms, 300);
    }

    #[test]
    fn a_character_of_several_tokens_is_one_and_has_the_lowest_probability() {
        let tokens = Tokens::sample();
        let aligned = vec![(0.5, 400), (0.25, 400), (0.5, 800)];
        let found = segments(
            &Written { aligned: Some(aligned), ..written(&tokens, &["母"]) },
            &tokens,
            &window(1_000),
        );
        assert_eq!(found[0].text(), "母");
        assert!((found[0].tokens[0].logprob - 0.25_f32.ln()).abs() < 1e-6);
        assert!(found[0].end_ms <= 1_000);
    }
}
