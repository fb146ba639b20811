//! What an engine wrote over and over, apart from what it wrote once, and what it believes because it wrote it before.

use std::borrow::Cow;

use asr::{Hypothesis, HypothesisSegment};
use text::guard::{MAX_COMPRESSION_RATIO, compression_ratio, repetition};

/// A segment, or a run of its tokens.
pub(super) struct Part<'h> {
    pub(super) segment: Cow<'h, HypothesisSegment>,
    /// It only repeats what precedes it, or loops in a way that has no beginning.
    pub(super) is_repeat: bool,
}

/// The same words over and over, or a text that compresses as only a loop does.
pub(super) fn is_loop(words: &str) -> bool {
    repetition(words).is_some() || compression_ratio(words) > MAX_COMPRESSION_RATIO
}

/// The segments, divided where a loop's repeats begin and end. What was said once, before and behind a loop too, is apart
/// from them.
pub(super) fn parts(hypothesis: &Hypothesis) -> Vec<Part<'_>> {
    let repeats = repeats(hypothesis);
    let mut parts = Vec::with_capacity(hypothesis.segments.len());
    let mut rest = repeats.as_slice();
    for segment in &hypothesis.segments {
        let (own, behind) = rest.split_at(segment.tokens.len());
        rest = behind;
        let mut start = 0;
        for run in own.chunk_by(|a, b| a == b) {
            let is_repeat = run[0];
            parts.push(Part { segment: part(segment, start, start + run.len()), is_repeat });
            start += run.len();
        }
    }
    parts
}

/// For each part whether it is of an echo: words that were improbable, and that stand there again right behind.
///
/// Over noise and music an engine guesses, and then copies its guess, more probable each time for being there already, often
/// its beginning or its end alone. Somebody who says the same words twice is heard as well the first time.
pub(super) fn echoes(parts: &[Part<'_>], improbable: f32) -> Vec<bool> {
    let words: Vec<String> = parts.iter().map(|part| letters(&part.segment.text())).collect();
    let is_copy = |of: &str, copy: &str| !copy.is_empty() && (of.starts_with(copy) || of.ends_with(copy));
    let mut echoes = vec![false; parts.len()];
    let mut start = 0;
    while start < parts.len() {
        let copies = words[start..].windows(2).take_while(|pair| is_copy(&pair[0], &pair[1])).count();
        let end = start + 1 + copies;
        if copies > 0 && parts[start].segment.avg_logprob < improbable {
            echoes[start..end].fill(true);
        }
        start = end;
    }
    echoes
}

fn letters(words: &str) -> String {
    words.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn part(segment: &HypothesisSegment, start: usize, end: usize) -> Cow<'_, HypothesisSegment> {
    let tokens = &segment.tokens[start..end];
    if tokens.len() == segment.tokens.len() {
        return Cow::Borrowed(segment);
    }
    Cow::Owned(HypothesisSegment {
        start_ms: tokens.first().map_or(segment.start_ms, |token| token.start_ms),
        end_ms: tokens.last().map_or(segment.end_ms, |token| token.end_ms),
        tokens: tokens.to_vec(),
        ..segment.clone()
    })
}

/// For each token of all segments whether it is a repeat.
fn repeats(hypothesis: &Hypothesis) -> Vec<bool> {
    let words: Vec<&str> =
        hypothesis.segments.iter().flat_map(|segment| &segment.tokens).map(|t| t.text.as_str()).collect();
    let mut repeats = vec![false; words.len()];
    // A loop may run over all segments without any of them being one.
    mark(&words, &mut repeats);
    let mut start = 0;
    for segment in &hypothesis.segments {
        let own = start..start + segment.tokens.len();
        if !repeats[own.clone()].contains(&true) {
            mark(&words[own.clone()], &mut repeats[own.clone()]);
        }
        if is_loop(&once(&words[own.clone()], &repeats[own.clone()])) {
            repeats[own.clone()].fill(true);
        }
        start = own.end;
    }
    if is_loop(&once(&words, &repeats)) {
        repeats.fill(true);
    }
    repeats
}

/// Marks the tokens that lie wholly in the repeats of a loop.
fn mark(words: &[&str], repeats: &mut [bool]) {
    let Some(found) = repetition(&words.concat()) else { return };
    let mut start = 0;
    for (word, is_repeat) in words.iter().zip(repeats) {
        let end = start + word.len();
        *is_repeat = found.rest.start <= start && end <= found.rest.end;
        start = end;
    }
}

/// The words that are no repeats.
fn once(words: &[&str], repeats: &[bool]) -> String {
    words.iter().zip(repeats).filter(|(_, is_repeat)| !**is_repeat).map(|(word, _)| *word).collect()
}

#[cfg(test)]
mod tests {
    use record::Token;

    use super::*;

    /// Segments of tokens, each a second long.
    fn heard(segments: &[&[&str]]) -> Hypothesis {
        let mut at = 0;
        let segments = segments
            .iter()
            .map(|words| {
                let tokens: Vec<Token> = words
                    .iter()
                    .map(|word| {
                        at += 1_000;
                        Token { text: (*word).into(), start_ms: at - 1_000, end_ms: at, logprob: -0.1 }
                    })
                    .collect();
                HypothesisSegment {
                    start_ms: at - 1_000 * tokens.len() as u64,
                    end_ms: at,
                    tokens,
                    avg_logprob: -0.1,
                    no_speech_prob: 0.0,
                }
            })
            .collect();
        Hypothesis { segments, temperature: 0.0 }
    }

    fn divided(segments: &[&[&str]]) -> Vec<(String, bool, u64)> {
        parts(&heard(segments))
            .iter()
            .map(|part| (part.segment.text(), part.is_repeat, part.segment.start_ms / 1_000))
            .collect()
    }

    /// Which segments of these words and log-probabilities are of an echo.
    fn echoed(segments: &[(&str, f32)]) -> Vec<bool> {
        let words: Vec<[&str; 1]> = segments.iter().map(|(words, _)| [*words]).collect();
        let words: Vec<&[&str]> = words.iter().map(|words| &words[..]).collect();
        let mut heard = heard(&words);
        for (segment, (_, logprob)) in heard.segments.iter_mut().zip(segments) {
            segment.avg_logprob = *logprob;
        }
        echoes(&parts(&heard), -1.0)
    }

    #[test]
    fn words_that_were_improbable_and_stand_there_again_are_an_echo() {
        let step = "ステップを作ることができると、";
        let music = [(step, -1.97), (step, -0.67), ("ステップを作ることができ", -0.2), ("以上です", -0.3)];
        assert_eq!(echoed(&music), [true, true, true, false]);
        assert_eq!(echoed(&[("ん", -4.2), ("ん。", -0.6)]), [true, true]);
        let ends = [("次回の動画で、ご覧ください。", -1.4), ("ご覧ください。", -0.5), ("ご覧くだ", -0.2)];
        assert_eq!(echoed(&ends), [true, true, true]);
    }

    #[test]
    fn words_that_are_said_twice_are_no_echo() {
        assert_eq!(echoed(&[("はい。", -0.4), ("はい。", -0.2)]), [false; 2]);
        assert_eq!(echoed(&[("母と面談", -1.4), ("父は不在", -0.2), ("母と面談", -0.2)]), [false; 3]);
        assert_eq!(echoed(&[("母と面談", -1.4), ("、", -0.2), ("母と面談した", -0.2)]), [false; 3]);
        assert_eq!(echoed(&[]), [false; 0]);
    }

    #[test]
    fn what_is_said_once_stays_one_segment() {
        assert_eq!(
            divided(&[&["母と", "面談"], &["した。"]]),
            [("母と面談".into(), false, 0), ("した。".into(), false, 2)]
        );
    }

    #[test]
    fn the_words_before_and_behind_a_loop_and_its_first_time_are_apart_from_its_repeats() {
        let food = "ご飯を食べる、";
        assert_eq!(
            divided(&[&["昨日", food, food, food, food, food, "以上。"]]),
            [(format!("昨日{food}"), false, 0), (food.repeat(4), true, 2), ("以上。".to_owned(), false, 6)]
        );
    }

    #[test]
    fn a_loop_over_segments_is_found_in_all_of_them() {
        let food: &[&str] = &["ご飯を", "食べる。"];
        let found = divided(&[food, food, food, food]);
        let repeats: Vec<bool> = found.iter().map(|(_, is_repeat, _)| *is_repeat).collect();
        assert_eq!(repeats, [false, true, true, true]);
    }

    #[test]
    fn a_loop_with_no_unit_is_a_repeat_as_a_whole() {
        // Numbers that go on and on: no four in a row are the same.
        let counted: Vec<String> = (10..60).map(|n| format!("字幕をご覧いただき{n}。")).collect();
        let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
        assert!(is_loop(&counted.concat()));
        assert!(divided(&[&counted]).iter().all(|(_, is_repeat, _)| *is_repeat));
    }
}
