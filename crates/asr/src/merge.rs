//! Token bytes into whole characters.

use record::Token;

/// One text token as an engine emits it: bytes that need not be whole characters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ByteToken {
    /// UTF-8, possibly cut inside a character.
    pub(crate) bytes: Vec<u8>,
    /// Start in the window, in milliseconds.
    pub(crate) start_ms: u64,
    /// End in the window, in milliseconds.
    pub(crate) end_ms: u64,
    /// Natural-log probability.
    pub(crate) logprob: f32,
}

/// Joins neighbours until their bytes are whole characters, drops leading white space, and makes the times rise.
///
/// A merged token has the first one's start, the last one's end and the lowest probability. Bytes that can never
/// become a character are replaced by U+FFFD, so that a reviewer sees the gap. Times are clamped to `0..=limit_ms`.
pub(crate) fn merge(tokens: impl IntoIterator<Item = ByteToken>, limit_ms: u64) -> Vec<Token> {
    let mut merged: Vec<Token> = Vec::new();
    let mut pending: Option<ByteToken> = None;
    let mut push = |token: ByteToken, text: String| {
        let text = if merged.is_empty() { text.trim_start().to_owned() } else { text };
        if text.is_empty() {
            return;
        }
        let earliest = merged.last().map_or(0, |last| last.end_ms);
        let start_ms = token.start_ms.min(limit_ms).max(earliest);
        let end_ms = token.end_ms.min(limit_ms).max(start_ms);
        merged.push(Token { text, start_ms, end_ms, logprob: token.logprob });
    };
    for token in tokens {
        let token = match pending.take() {
            Some(mut first) => {
                first.bytes.extend_from_slice(&token.bytes);
                first.end_ms = token.end_ms;
                first.logprob = first.logprob.min(token.logprob);
                first
            }
            None => token,
        };
        if ends_inside_character(&token.bytes) {
            pending = Some(token);
        } else {
            let text = String::from_utf8_lossy(&token.bytes).into_owned();
            push(token, text);
        }
    }
    if let Some(token) = pending {
        let text = String::from_utf8_lossy(&token.bytes).into_owned();
        push(token, text);
    }
    merged
}

/// Whether the bytes end with the beginning of a character that more bytes could complete.
fn ends_inside_character(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Err(error) = std::str::from_utf8(rest) {
        match error.error_len() {
            None => return true,
            Some(invalid) => rest = &rest[error.valid_up_to() + invalid..],
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(bytes: &[u8], start_ms: u64, end_ms: u64, logprob: f32) -> ByteToken {
        ByteToken { bytes: bytes.to_vec(), start_ms, end_ms, logprob }
    }

    #[test]
    fn a_character_cut_between_tokens_is_one_token_with_both_times() {
        let bytes = "鬱".as_bytes();
        let merged = merge([token(&bytes[..2], 100, 180, -0.2), token(&bytes[2..], 180, 300, -0.7)], 1_000);
        assert_eq!(merged, [Token { text: "鬱".into(), start_ms: 100, end_ms: 300, logprob: -0.7 }]);
    }

    #[test]
    fn leading_spaces_of_a_segment_go_and_inner_ones_stay() {
        let merged =
            merge([token(b" ", 0, 10, 0.0), token(b" SV", 10, 20, 0.0), token(b" A", 20, 30, 0.0)], 1_000);
        let texts: Vec<_> = merged.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts, ["SV", " A"]);
    }

    #[test]
    fn bytes_that_are_no_character_are_shown_and_swallow_nothing() {
        let merged = merge([token(&[0xff], 0, 10, 0.0), token("母".as_bytes(), 10, 20, 0.0)], 1_000);
        let texts: Vec<_> = merged.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts, ["\u{fffd}", "母"]);
        let cut = merge([token("母".as_bytes(), 0, 10, 0.0), token(&[0xe6, 0xaf], 10, 20, 0.0)], 1_000);
        assert_eq!(cut.last().map(|token| token.text.as_str()), Some("\u{fffd}"));
    }

    #[test]
    fn times_rise_and_stay_inside() {
        let merged =
            merge([token(b"a", 50, 90, 0.0), token(b"b", 40, 60, 0.0), token(b"c", 900, 1_500, 0.0)], 1_000);
        let times: Vec<_> = merged.iter().map(|token| (token.start_ms, token.end_ms)).collect();
        assert_eq!(times, [(50, 90), (90, 90), (900, 1_000)]);
    }

    proptest! {
        #[test]
        fn any_text_cut_anywhere_comes_back_whole(
            text in "[a-z][ぁ-んァ-ヶ一-龠0-9a-z、。 😀]{0,40}",
            cuts in prop::collection::vec(0_usize..200, 0..40),
            times in prop::collection::vec(0_u64..40_000, 82),
        ) {
            let bytes = text.as_bytes();
            let mut at: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let tokens = at.windows(2).enumerate().map(|(i, pair)| {
                token(&bytes[pair[0]..pair[1]], times[2 * i], times[2 * i + 1], -0.5)
            });
            let merged = merge(tokens, 30_000);
            prop_assert_eq!(merged.iter().map(|token| token.text.as_str()).collect::<String>(), text);
            let flat: Vec<u64> = merged.iter().flat_map(|token| [token.start_ms, token.end_ms]).collect();
            prop_assert!(flat.is_sorted());
            prop_assert!(flat.iter().all(|ms| *ms <= 30_000));
            prop_assert!(merged.iter().all(|token| !token.text.is_empty()));
        }

        #[test]
        fn any_bytes_are_survived(tokens in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..20)) {
            let merged = merge(tokens.iter().map(|bytes| token(bytes, 0, 0, 0.0)), 0);
            prop_assert!(merged.iter().all(|token| !token.text.is_empty()));
        }
    }
}
