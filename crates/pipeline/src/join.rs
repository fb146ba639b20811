//! One text of two windows that overlap.
//!
//! Both have heard the words around the cut, the first with what was said before them, the second with what followed. Where
//! they agree on some characters at the same time, the text changes from one to the other inside these; where they do not,
//! at the cut.

use std::cmp::Reverse;

use record::{Segment, Token};

/// Characters of both windows are the same ones when their times differ by less.
const SAME_MS: u64 = 500;

/// A character, and where it is.
#[derive(Clone, Copy)]
struct Char {
    value: char,
    mid_ms: u64,
    /// The token that ends with it, counted over all segments.
    ends: Option<usize>,
}

/// Leaves in `before` and `after` the words that a recording cut at `cut_ms` holds once, in recording time.
///
/// Segments that lose their last token are removed; those that lose some keep their log-probability and flags.
pub fn join(before: &mut Vec<Segment>, after: &mut Vec<Segment>, cut_ms: u64) {
    let (first, second) = (chars(before), chars(after));
    let (keep, drop) = agreed(&first, &second, cut_ms)
        .unwrap_or_else(|| (tokens_until(before, cut_ms), tokens_until(after, cut_ms)));
    retain(before, |token| token < keep);
    retain(after, |token| token >= drop);
}

/// Tokens to keep of the first and to drop of the second, where both end a token with the same characters; of several
/// such places the one in the longest run of equal characters, and of its the nearest to the cut.
fn agreed(first: &[Char], second: &[Char], cut_ms: u64) -> Option<(usize, usize)> {
    // Only what the second heard at all can be in both.
    let overlap = second.first()?.mid_ms.saturating_sub(SAME_MS);
    let first = &first[first.partition_point(|char| char.mid_ms < overlap)..];
    let end = first.last()?.mid_ms + SAME_MS;
    let second = &second[..second.partition_point(|char| char.mid_ms <= end)];

    // Length of the run of equal characters that ends at each pair.
    let mut runs = vec![vec![0_usize; second.len() + 1]; first.len() + 1];
    for (i, a) in first.iter().enumerate() {
        for (j, b) in second.iter().enumerate() {
            if a.value == b.value && a.mid_ms.abs_diff(b.mid_ms) <= SAME_MS {
                runs[i + 1][j + 1] = runs[i][j] + 1;
            }
        }
    }
    let whole = |mut i: usize, mut j: usize| {
        while i < first.len() && j < second.len() && runs[i + 1][j + 1] > runs[i][j] {
            (i, j) = (i + 1, j + 1);
        }
        runs[i][j]
    };
    let mut best = None;
    for (i, a) in first.iter().enumerate() {
        for (j, b) in second.iter().enumerate() {
            let (Some(end_a), Some(end_b)) = (a.ends, b.ends) else { continue };
            if runs[i + 1][j + 1] > 0 {
                let rank = (whole(i + 1, j + 1), Reverse(a.mid_ms.abs_diff(cut_ms)));
                if best.is_none_or(|(before, _)| rank > before) {
                    best = Some((rank, (end_a + 1, end_b + 1)));
                }
            }
        }
    }
    best.map(|(_, place)| place)
}

fn tokens(segments: &[Segment]) -> impl Iterator<Item = &Token> {
    segments.iter().flat_map(|segment| &segment.tokens)
}

fn chars(segments: &[Segment]) -> Vec<Char> {
    let mut all = Vec::new();
    for (index, token) in tokens(segments).enumerate() {
        let count = token.text.chars().count();
        let length = token.end_ms - token.start_ms;
        for (n, value) in token.text.chars().enumerate() {
            let mid_ms = token.start_ms + length * (2 * n as u64 + 1) / (2 * count as u64);
            all.push(Char { value, mid_ms, ends: (n + 1 == count).then_some(index) });
        }
    }
    all
}

/// Tokens whose middle is before the cut.
fn tokens_until(segments: &[Segment], cut_ms: u64) -> usize {
    tokens(segments).take_while(|token| u64::midpoint(token.start_ms, token.end_ms) < cut_ms).count()
}

/// Keeps the tokens that `wanted` says by their number over all segments.
fn retain(segments: &mut Vec<Segment>, wanted: impl Fn(usize) -> bool) {
    let mut next = 0;
    segments.retain_mut(|segment| {
        let had = segment.tokens.len();
        segment.tokens.retain(|_| {
            next += 1;
            wanted(next - 1)
        });
        if segment.tokens.len() < had {
            segment.raw = segment.tokens.iter().map(|token| token.text.as_str()).collect();
            segment.text.clone_from(&segment.raw);
            segment.start_ms = segment.tokens.first().map_or(segment.start_ms, |token| token.start_ms);
            segment.end_ms = segment.tokens.last().map_or(segment.end_ms, |token| token.end_ms);
        }
        had == 0 || !segment.tokens.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One segment with a token for each word, 100 ms for each character.
    fn heard(start_ms: u64, words: &[&str]) -> Vec<Segment> {
        let mut at = start_ms;
        let tokens: Vec<Token> = words
            .iter()
            .map(|word| {
                let start = at;
                at += 100 * word.chars().count() as u64;
                Token { text: (*word).into(), start_ms: start, end_ms: at, logprob: -0.1 }
            })
            .collect();
        let text: String = words.concat();
        vec![Segment {
            start_ms,
            end_ms: at,
            raw: text.clone(),
            text,
            tokens,
            avg_logprob: Some(-0.1),
            ..Segment::default()
        }]
    }

    fn joined(before: &[Segment], after: &[Segment], cut_ms: u64) -> String {
        let (mut before, mut after) = (before.to_vec(), after.to_vec());
        join(&mut before, &mut after, cut_ms);
        before.iter().chain(&after).map(|segment| segment.text.as_str()).collect()
    }

    #[test]
    fn a_word_that_both_heard_stands_once() {
        let before = heard(0, &["本日", "家庭", "訪問", "を"]);
        let after = heard(400, &["訪問", "を", "実施", "した"]);
        assert_eq!(joined(&before, &after, 550), "本日家庭訪問を実施した");
    }

    #[test]
    fn a_word_that_one_of_them_heard_cut_comes_from_the_other() {
        let before = heard(0, &["本日", "家庭", "訪問", "を", "じ"]);
        let after = heard(350, &["問", "を", "実施", "した"]);
        assert_eq!(joined(&before, &after, 650), "本日家庭訪問を実施した");
    }

    #[test]
    fn where_they_agree_on_nothing_the_time_decides() {
        let before = heard(0, &["あい", "うえ", "おか"]);
        let after = heard(400, &["木", "国", "家"]);
        assert_eq!(joined(&before, &after, 500), "あいうえ国家");
    }

    #[test]
    fn the_same_words_at_another_time_are_said_twice() {
        let before = heard(0, &["はい", "、", "はい"]);
        let after = heard(2_000, &["はい", "、", "そう"]);
        assert_eq!(joined(&before, &after, 1_500), "はい、はいはい、そう");
    }

    #[test]
    fn a_window_of_which_nothing_is_left_has_no_segment() {
        let (mut before, mut after) = (heard(0, &["本日"]), heard(0, &["本日"]));
        join(&mut before, &mut after, 100);
        assert_eq!((before.len(), after.len()), (1, 0));
    }

    proptest! {
        /// Two windows that heard the same give what was said, wherever the cut is and however tokens divide it.
        #[test]
        fn what_both_heard_alike_is_there_once(
            letters in Just(('あ'..='ん').take(40).collect::<Vec<_>>()).prop_shuffle(),
            from in 2_usize..6,
            to in 7_usize..11,
            divide in proptest::collection::vec(1_usize..4, 40),
        ) {
            let words: Vec<String> = {
                let (mut rest, mut words) = (letters.as_slice(), Vec::new());
                for take in divide {
                    let (word, more) = rest.split_at(take.min(rest.len()));
                    words.push(word.iter().collect::<String>());
                    rest = more;
                }
                words.into_iter().filter(|word| !word.is_empty()).collect()
            };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let start = |token: usize| 100 * words[..token].concat().chars().count() as u64;
            let before = heard(0, &words[..to]);
            let after = heard(start(from), &words[from..]);
            let cut = u64::midpoint(start(from), start(to));
            let said: String = letters.iter().collect();
            prop_assert_eq!(joined(&before, &after, cut), said);
        }
    }
}
