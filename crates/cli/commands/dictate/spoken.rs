//! Spoken commands, and what does not belong into the transcript.

use record::{Segment, Token};

/// What the speaker wants, by voice or by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Keep nothing for a while.
    Pause,
    /// Keep again.
    Resume,
    /// Pause or go on, whichever is not the case.
    Toggle,
    /// Mark this moment.
    Mark,
    /// What follows corrects what came before.
    Correct,
    /// End the dictation and make the record.
    Finish,
    /// Bring the next form to the top of the screen.
    NextForm,
    /// End the dictation without a record.
    Quit,
}

/// The phrases. A segment must be nothing else: inside a sentence they are words like others.
const PHRASES: [(&str, Wish); 5] = [
    ("一時停止", Wish::Pause),
    ("再開", Wish::Resume),
    ("マーク", Wish::Mark),
    ("訂正", Wish::Correct),
    ("記録終了", Wish::Finish),
];

/// What a segment commands.
pub(super) fn command(segment: &Segment) -> Option<Wish> {
    let words: String = segment.text.chars().filter(|c| c.is_alphanumeric() || *c == 'ー').collect();
    PHRASES.iter().find(|(phrase, _)| *phrase == words).map(|(_, wish)| *wish)
}

/// A stretch of the recording's time, in milliseconds.
pub(super) type Stretch = std::ops::Range<u64>;

/// The segments without commands and without what was said during pauses. 「訂正」 stays: the text passes act on it.
pub(super) fn content(segments: &[Segment], pauses: &[Stretch]) -> Vec<Segment> {
    let said = segments.iter().filter(|s| command(s).is_none_or(|wish| wish == Wish::Correct));
    said.filter_map(|segment| outside(segment, pauses)).collect()
}

/// What of a segment was said outside pauses.
fn outside(segment: &Segment, pauses: &[Stretch]) -> Option<Segment> {
    let is_silent =
        |start: u64, end: u64| pauses.iter().any(|pause| pause.contains(&u64::midpoint(start, end)));
    if !pauses.iter().any(|pause| pause.start < segment.end_ms && segment.start_ms < pause.end) {
        return Some(segment.clone());
    }
    if segment.tokens.is_empty() {
        return (!is_silent(segment.start_ms, segment.end_ms)).then(|| segment.clone());
    }
    let tokens: Vec<Token> =
        segment.tokens.iter().filter(|t| !is_silent(t.start_ms, t.end_ms)).cloned().collect();
    let raw: String = tokens.iter().map(|token| token.text.as_str()).collect();
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(Segment {
        start_ms: first.start_ms,
        end_ms: last.end_ms,
        text: raw.clone(),
        raw,
        tokens,
        ..segment.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str, start_ms: u64, end_ms: u64) -> Segment {
        let chars: Vec<char> = text.chars().collect();
        let each = (end_ms - start_ms) / chars.len().max(1) as u64;
        let token = |(i, c): (usize, &char)| Token {
            text: c.to_string(),
            start_ms: start_ms + each * i as u64,
            end_ms: start_ms + each * (i as u64 + 1),
            logprob: -0.1,
        };
        let tokens = chars.iter().enumerate().map(token).collect();
        Segment { start_ms, end_ms, raw: text.into(), text: text.into(), tokens, ..Segment::default() }
    }

    #[test]
    fn only_a_phrase_alone_commands() {
        let said = |text| command(&segment(text, 0, 1_000));
        assert_eq!(said("記録終了。"), Some(Wish::Finish));
        assert_eq!(said(" 一時停止"), Some(Wish::Pause));
        assert_eq!(said("マーク。"), Some(Wish::Mark));
        assert_eq!(said("記録終了の予定。"), None);
        assert_eq!(said("登校を再開。"), None);
        assert_eq!(said("。"), None);
    }

    #[test]
    fn commands_are_no_content_but_a_correction_is() {
        let said =
            [segment("所見。", 0, 1_000), segment("マーク。", 2_000, 3_000), segment("訂正。", 4_000, 5_000)];
        let words: Vec<String> = content(&said, &[]).into_iter().map(|s| s.text).collect();
        assert_eq!(words, ["所見。", "訂正。"]);
    }

    #[test]
    fn what_was_said_in_a_pause_is_left_out_to_the_word() {
        let said =
            [segment("左の頬", 0, 3_000), segment("電話です", 5_000, 9_000), segment("お茶", 6_000, 8_000)];
        let kept = content(&said, &[6_000..8_500, 8_500..9_000]);
        assert_eq!(kept.len(), 2);
        assert_eq!((kept[1].raw.as_str(), kept[1].start_ms, kept[1].end_ms), ("電", 5_000, 6_000));
    }
}
