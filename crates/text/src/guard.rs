//! Signs in the text alone that an engine wrote what nobody said (language.md pass 13 and §6).
//!
//! None of them is proof: a mother may say ありがとうございました, a child いや、いや、いや. A caller bars a segment only when the audio
//! facts (voice activity, no-speech probability, energy) agree.

use std::io::Write as _;
use std::ops::Range;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use unicode_normalization::UnicodeNormalization;

use crate::words::lines;

/// A text is repetitive from this compression ratio on; the threshold that Whisper's own decoder uses.
pub const MAX_COMPRESSION_RATIO: f32 = 2.4;
/// Japanese is hardly spoken faster than this, in characters per second.
pub const MAX_CHARS_PER_SECOND: f32 = 12.0;
/// The same words this often in a row are a loop.
pub const MIN_REPEATS: usize = 4;
/// … when they make up at least this share of the text.
const MIN_SHARE: f32 = 0.6;
/// Longest repeated unit, in characters.
const MAX_UNIT: usize = 40;
/// Only this many characters are searched for loops: a segment is at most 30 s long.
const MAX_CHARS: usize = 2_000;

static SILENCE: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lines(include_str!("../data/silence.txt")).collect());

/// The listed phrase that the whole of `text` is, after NFKC and without punctuation and spaces.
///
/// ```
/// assert!(text::guard::silence_phrase("ご視聴、ありがとうございました。").is_some());
/// assert!(text::guard::silence_phrase("実母は「ありがとうございました」と話す").is_none());
/// ```
#[must_use]
pub fn silence_phrase(text: &str) -> Option<&'static str> {
    let bare = bare(text);
    if bare.is_empty() {
        return None;
    }
    SILENCE.iter().copied().find(|&phrase| match (phrase.strip_prefix('*'), phrase.strip_suffix('*')) {
        (_, Some(start)) => bare.starts_with(start),
        (Some(end), _) => bare.ends_with(end),
        _ => bare == phrase.replace('、', ""),
    })
}

/// Whether the whole text is a remark that engines write over music and noise, such as 【音楽】 or ♪〜: nobody says brackets.
///
/// ```
/// assert!(text::guard::is_remark("【音楽】") && text::guard::is_remark("♪〜"));
/// assert!(!text::guard::is_remark("音楽") && !text::guard::is_remark("母は【拒否】と話す") && !text::guard::is_remark(""));
/// ```
#[must_use]
pub fn is_remark(text: &str) -> bool {
    let text = text.trim();
    let bracketed = text.strip_prefix('【').and_then(|rest| rest.strip_suffix('】'));
    let signs = |c: char| "♪♫〜~★☆【】".contains(c);
    bracketed.is_some_and(|inner| !inner.contains(['【', '】']))
        || (!text.is_empty() && text.chars().all(signs))
}

/// Lower-case letters and digits of `text` after NFKC.
fn bare(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| is_letter(*c)).collect()
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == 'ー'
}

/// The same with the place of each in `text`. Characters are normalised one by one, so that each has one place.
fn placed(text: &str) -> Vec<(usize, char)> {
    let letters = |c: char| std::iter::once(c).nfkc().flat_map(char::to_lowercase).filter(|c| is_letter(*c));
    text.char_indices().flat_map(|(at, c)| letters(c).map(move |c| (at, c))).take(MAX_CHARS).collect()
}

/// Words that are said over and over.
#[derive(Clone, Debug, PartialEq)]
pub struct Repetition {
    /// The repeated words, without punctuation and spaces.
    pub unit: String,
    /// How often they stand in a row.
    pub count: usize,
    /// Share of the text that they make up, 0.0..=1.0.
    pub share: f32,
    /// Bytes of the text behind the first time: what only repeats it, with its punctuation. Without them the words stand
    /// once, between what precedes and follows the loop.
    pub rest: Range<usize>,
}

/// The loop that most of `text` is: the same words at least [`MIN_REPEATS`] times in a row.
///
/// Punctuation and spaces do not count. Linear in the length of the text; only the first 2,000 characters are looked at.
///
/// ```
/// let text = "母が来所、母が来所、母が来所、母が来所、以上。";
/// let found = text::guard::repetition(text).unwrap();
/// assert_eq!((found.unit.as_str(), found.count), ("母が来所", 4));
/// assert_eq!(&text[found.rest], "母が来所、母が来所、母が来所、");
/// ```
#[must_use]
pub fn repetition(text: &str) -> Option<Repetition> {
    let chars = placed(text);
    let mut best: Option<(f32, usize, Range<usize>)> = None;
    for unit in 1..=MAX_UNIT.min(chars.len() / MIN_REPEATS) {
        // Longest run in which every character equals the one a unit before it.
        let (mut run, mut longest, mut end) = (0, 0, 0);
        for i in unit..chars.len() {
            run = if chars[i].1 == chars[i - unit].1 { run + 1 } else { 0 };
            if run > longest {
                (longest, end) = (run, i + 1);
            }
        }
        let covered = longest + unit;
        let share = covered as f32 / chars.len() as f32;
        if longest > 0
            && covered / unit >= MIN_REPEATS
            && share >= MIN_SHARE
            && best.as_ref().is_none_or(|(before, ..)| share > *before)
        {
            best = Some((share, unit, end - covered..end));
        }
    }
    best.map(|(share, unit, run)| Repetition {
        unit: chars[run.start..run.start + unit].iter().map(|(_, c)| *c).collect(),
        count: run.len() / unit,
        share,
        rest: repeats(text, &chars, unit, &run),
    })
}

/// Bytes of what repeats the first unit of a run.
///
/// Whole units: with one of several left, the words before and behind the run are whole, wherever in a word it begins. Where
/// it begins with the text or behind punctuation, and ends with the text, its last unit was broken off, and goes too.
fn repeats(text: &str, chars: &[(usize, char)], unit: usize, run: &Range<usize>) -> Range<usize> {
    let first = run.start + unit;
    let at = |letter: usize| chars.get(letter).map_or(text.len(), |(at, _)| *at);
    let begins_whole = text[..at(run.start)].chars().next_back().is_none_or(|c| !is_letter(c));
    let is_broken_off = begins_whole && run.end == chars.len();
    let end = if is_broken_off { run.end } else { run.start + run.len() / unit * unit };
    at(first)..at(end)
}

/// UTF-8 length over zlib-compressed length, as Whisper's decoder computes it; 0 for an empty text.
///
/// Above [`MAX_COMPRESSION_RATIO`] a text of some length is repetitive. Short texts compress badly and stay below 1.
#[must_use]
pub fn compression_ratio(text: &str) -> f32 {
    if text.is_empty() {
        return 0.0;
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail; if it did, the text would count as not compressible.
    let compressed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    compressed.map_or(0.0, |bytes| text.len() as f32 / bytes.len().max(1) as f32)
}

/// Characters per second of speech, without punctuation and spaces; infinite where words take no time.
#[must_use]
pub fn chars_per_second(text: &str, duration_ms: u64) -> f32 {
    let chars = bare(text).chars().count() as f32;
    if chars == 0.0 { 0.0 } else { chars / (duration_ms as f32 / 1000.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn silence_phrases_are_whole_segments() {
        for text in [
            "ご視聴ありがとうございました。",
            "ありがとうございました",
            "チャンネル登録お願いいたします!",
            "字幕作成者 山田",
        ] {
            assert!(silence_phrase(text).is_some(), "{text}");
        }
        for text in ["", "実母から、ありがとうございましたと電話", "訪問不在。訪問連絡票を投函。", "はい"]
        {
            assert!(silence_phrase(text).is_none(), "{text}");
        }
    }

    #[test]
    fn loops_are_found() {
        let found = repetition("ご飯を食べる、ご飯を食べる、ご飯を食べる、ご飯を食べる。").unwrap();
        assert_eq!((found.unit.as_str(), found.count), ("ご飯を食べる", 4));
        assert_eq!(repetition(&"ん".repeat(50)).unwrap().unit, "ん");
        assert!(repetition("はいはいはいはい").is_some());
    }

    /// What is left of a text without its repeats.
    fn once(text: &str) -> String {
        let rest = repetition(text).unwrap().rest;
        [&text[..rest.start], &text[rest.end..]].concat()
    }

    #[test]
    fn without_its_repeats_the_words_of_a_loop_stand_once() {
        for (text, left) in [
            ("ご飯を食べる、ご飯を食べる、ご飯を食べる、ご飯を食べる。", "ご飯を食べる、"),
            ("母が来た。はい、はい、はい、はい、はい、はい。", "母が来た。はい、"),
            ("ありますありますありますあります以上です", "あります以上です"),
            // It begins inside a word: る食べ, four times.
            ("走る食べる食べる食べる食べる食べる食べる", "走る食べる"),
            // The decoder's limit breaks the last one off.
            ("ご飯を食べる、ご飯を食べる、ご飯を食べる、ご飯を食べる、ご飯を", "ご飯を食べる、"),
            ("ｶﾞｶﾞｶﾞｶﾞ", "ｶﾞ"),
        ] {
            assert_eq!(once(text), left, "{text}");
        }
    }

    #[test]
    fn a_few_repeats_are_speech() {
        assert!(repetition("いや、いや、いや").is_none());
        assert!(repetition("本児は転んだと言う。実母はきょうだいげんかと説明。").is_none());
        assert!(
            repetition("本児は泣いて、いやいやいやいやと言い、落ち着いてから担任に事情を話した").is_none()
        );
    }

    #[test]
    fn repetitive_text_compresses_well() {
        assert!(
            compression_ratio(&"字幕をご覧いただきありがとうございます。".repeat(12)) > MAX_COMPRESSION_RATIO
        );
        assert!(compression_ratio("令和7年6月3日火曜、14時から15時20分、家庭訪問。") < MAX_COMPRESSION_RATIO);
        assert!(compression_ratio("").abs() < f32::EPSILON);
    }

    #[test]
    fn speed_counts_letters() {
        assert!((chars_per_second("はい、そうです。", 1_000) - 6.0).abs() < 0.01);
        assert!(chars_per_second("はい", 0).is_infinite());
        assert!(chars_per_second("。", 0).abs() < f32::EPSILON);
    }

    proptest! {
        #[test]
        fn a_repeated_unit_is_always_found(unit in "[あ-んア-ン]{2,20}", count in 4..12usize) {
            let found = repetition(&unit.repeat(count)).unwrap();
            prop_assert!(found.count >= 4);
            prop_assert!(found.share > 0.9);
            // あああ is a loop itself.
            prop_assert_eq!(once(&unit.repeat(count)), found.unit.clone());
            prop_assert!(unit.starts_with(&found.unit));
        }

        #[test]
        fn any_text_is_measured(text in "\\PC{0,80}") {
            let _ = (silence_phrase(&text), compression_ratio(&text), chars_per_second(&text, 1));
            prop_assert!(repetition(&text).is_none_or(|found| text.get(found.rest).is_some()));
        }
    }
}
