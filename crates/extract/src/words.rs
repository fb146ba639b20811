//! Finding words in a stretch of text.

use std::collections::BTreeMap;
use std::ops::Range;

use record::template::Choice;

/// Every place of `word` in `range` of `text`; none where the range is empty or turned around.
pub(crate) fn find_all<'t>(
    text: &'t str,
    range: Range<usize>,
    word: &'t str,
) -> impl Iterator<Item = Range<usize>> + 't {
    let start = range.start;
    text.get(range)
        .unwrap_or_default()
        .match_indices(word)
        .map(move |(at, w)| start + at..start + at + w.len())
}

/// The first place of any of `words`; the longest where several start together.
pub(crate) fn find_any<S: AsRef<str>>(text: &str, range: Range<usize>, words: &[S]) -> Option<Range<usize>> {
    words
        .iter()
        .filter_map(|w| find_all(text, range.clone(), w.as_ref()).next())
        .min_by_key(|r| (r.start, usize::MAX - r.end))
}

/// Whether any of `words` stands in `range`.
pub(crate) fn has_any<S: AsRef<str>>(text: &str, range: Range<usize>, words: &[S]) -> bool {
    let text = text.get(range).unwrap_or_default();
    words.iter().any(|w| text.contains(w.as_ref()))
}

/// Whether `text` begins with any of `words`.
pub(crate) fn starts_with_any<S: AsRef<str>>(text: &str, words: &[S]) -> bool {
    words.iter().any(|w| text.starts_with(w.as_ref()))
}

/// Whether `text` ends with any of `words`.
pub(crate) fn ends_with_any<S: AsRef<str>>(text: &str, words: &[S]) -> bool {
    words.iter().any(|w| text.ends_with(w.as_ref()))
}

/// The length of the first of `words` that `text` begins with; 0 where none does.
pub(crate) fn lead_of(text: &str, words: &[&str]) -> usize {
    words.iter().find(|w| text.starts_with(**w)).map_or(0, |w| w.len())
}

/// A choice that was spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spoken<'c> {
    pub(crate) choice: &'c Choice,
    pub(crate) range: Range<usize>,
}

/// The choices spoken in `range`, by position; of overlapping ones the longest word wins.
pub(crate) fn spoken_choices<'c>(text: &str, range: Range<usize>, choices: &'c [Choice]) -> Vec<Spoken<'c>> {
    let mut found: Vec<Spoken<'c>> = choices
        .iter()
        .flat_map(|choice| std::iter::once(&choice.label).chain(&choice.spoken).map(move |w| (choice, w)))
        .flat_map(|(choice, word)| {
            let whole = find_all(text, range.clone(), word).filter(|at| is_whole_word(text, at));
            whole.map(move |range| Spoken { choice, range }).collect::<Vec<_>>()
        })
        .collect();
    found.sort_by_key(|s| (usize::MAX - s.range.len(), s.range.start));
    // By start: a range overlaps the kept ones only next to its place.
    let mut kept: BTreeMap<usize, Spoken<'c>> = BTreeMap::new();
    for spoken in found {
        let before = kept.range(..spoken.range.end).next_back();
        if before.is_none_or(|(_, k)| k.range.end <= spoken.range.start) {
            kept.insert(spoken.range.start, spoken);
        }
    }
    kept.into_values().collect()
}

/// A short word in hiragana is not a word inside other hiragana: おば in あおば. Behind a particle or the end of an adjective it
/// is one: 古いあざ, 左のひざ.
pub(crate) fn is_whole_word(text: &str, range: &Range<usize>) -> bool {
    let is_hiragana = |c: char| matches!(c, 'ぁ'..='ん');
    let opens =
        |c: char| matches!(c, 'い' | 'の' | 'な' | 'た' | 'に' | 'は' | 'が' | 'と' | 'を' | 'や' | 'も');
    let word = &text[range.clone()];
    let short = word.chars().count() <= 2 && word.chars().all(is_hiragana);
    !(short && char_before(text, range.start).is_some_and(|c| is_hiragana(c) && !opens(c)))
}

/// `range` without punctuation, spaces and the particles of a list at its edges.
pub(crate) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let edge = |c: char| matches!(c, '、' | '。' | '，' | '．' | ' ' | '　' | '\n' | '\r' | ',' | '.');
    let words = &text[range.clone()];
    let start = range.start + (words.len() - words.trim_start_matches(edge).len());
    let end = start + text[start..range.end].trim_end_matches(edge).len();
    start..end
}

/// `range` without any of `endings` at its end; the first that fits is taken off, once.
pub(crate) fn trim_end_of(text: &str, range: Range<usize>, endings: &[&str]) -> Range<usize> {
    let words = &text[range.clone()];
    let cut = endings.iter().find(|e| words.ends_with(*e) && words.len() > e.len()).map_or(0, |e| e.len());
    range.start..range.end - cut
}

/// Clauses of `range`: it is cut after 、 and spaces, outside brackets.
pub(crate) fn clauses(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    let (mut start, mut depth) = (range.start, 0_i32);
    for (at, c) in text[range.clone()].char_indices() {
        match c {
            '「' | '『' => depth += 1,
            '」' | '』' => depth = (depth - 1).max(0),
            '、' | '，' | ' ' if depth == 0 => {
                let end = range.start + at + c.len_utf8();
                clauses.push(start..end);
                start = end;
            }
            _ => {}
        }
    }
    if start < range.end {
        clauses.push(start..range.end);
    }
    clauses
}

/// The character in front of `at`.
pub(crate) fn char_before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

/// Whether a character is kanji or one of its marks.
pub(crate) fn is_kanji(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '々' | '〇' | 'ヶ')
}

/// Whether a character is katakana.
pub(crate) fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヴ' | 'ー')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(label: &str, spoken: &[&str]) -> Choice {
        Choice { label: label.into(), spoken: spoken.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn the_longest_spoken_word_wins() {
        let choices = [choice("実母", &["母"]), choice("母方祖母", &["母方の祖母"])];
        let text = "母方の祖母と母";
        let found = spoken_choices(text, 0..text.len(), &choices);
        let labels: Vec<_> =
            found.iter().map(|s| (s.choice.label.as_str(), &text[s.range.clone()])).collect();
        assert_eq!(labels, [("母方祖母", "母方の祖母"), ("実母", "母")]);
    }

    #[test]
    fn clauses_do_not_cut_a_quotation() {
        let text = "本児は、「嫌、帰る」と話す";
        let parts: Vec<_> = clauses(text, 0..text.len()).into_iter().map(|r| &text[r]).collect();
        assert_eq!(parts, ["本児は、", "「嫌、帰る」と話す"]);
    }

    #[test]
    fn edges_are_trimmed() {
        let text = "、 本児。";
        assert_eq!(&text[trim(text, 0..text.len())], "本児");
    }
}
