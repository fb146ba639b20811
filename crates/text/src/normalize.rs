//! One spelling for each character: NFKC with the exceptions that records need, and the recogniser's spaces.

use record::{Document, Replacement};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::chain::{Pass, rounds};
use crate::error::{Error, Result};
use crate::headings;

const NAME: &str = "normalize";
/// Shortest phrase that a recogniser's space may end; between shorter ones it is noise between words.
const PHRASE_CHARS: usize = 4;
/// A phrase is compared with heading words up to this length.
const LONGEST_HEADING_CHARS: usize = 24;

/// Unifies widths and spaces.
///
/// Digits, Latin letters and symbols become half-width, kana full-width; 〜, ！, ？, …, ², ℃ and the variants of kanji that
/// names use stay, ① becomes (1). Spaces that a recogniser puts between Japanese words go; one that separates two phrases
/// of at least four characters, or stands beside a heading word, stays as the only trace of a pause: later passes take it
/// for a clause boundary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Normalize;

impl Pass for Normalize {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        // Removing a space can bring a letter and its sound mark together.
        for _ in 0..rounds(doc.text().len()) {
            let before = doc.mapped().edits().len();
            for step in [characters, spaces] {
                let replacements = step(doc.text());
                doc.edit(NAME, replacements).map_err(|source| Error::edit(NAME, source))?;
            }
            if doc.mapped().edits().len() == before {
                break;
            }
        }
        Ok(())
    }
}

fn characters(text: &str) -> Vec<Replacement> {
    let mut replacements = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut before = None;
    while let Some((start, c)) = chars.next() {
        let mut end = start + c.len_utf8();
        while let Some((at, mark)) = chars.next_if(|&(_, next)| combines(next)) {
            end = at + mark.len_utf8();
        }
        let cluster = &text[start..end];
        let next = chars.peek().map(|&(_, c)| c);
        let new = normal(cluster, c, before, next);
        if new != cluster {
            replacements.push(Replacement::new(start..end, new, "character form"));
        }
        before = Some(c);
    }
    replacements
}

/// Half-width sound marks and combining marks.
fn combines(c: char) -> bool {
    matches!(c, '\u{ff9e}' | '\u{ff9f}') || canonical_combining_class(c) != 0
}

fn normal(cluster: &str, first: char, before: Option<char>, next: Option<char>) -> String {
    let one = cluster.len() == first.len_utf8();
    let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || ('０'..='９').contains(&c));
    let numeric = digits(before) && digits(next);
    if one {
        let own = match first {
            '～' => Some("〜"),
            '−' | '‐' | '‑' | '–' | '﹣' if numeric => Some("-"),
            '，' if !numeric => Some("、"),
            '．' if !numeric => Some("。"),
            '\u{3000}' | '\u{a0}' | '\t' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => Some(" "),
            '\r' if next == Some('\n') => Some(""),
            '\r' | '\u{2028}' | '\u{2029}' => Some("\n"),
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => Some(""),
            _ => None,
        };
        if let Some(own) = own {
            return own.to_owned();
        }
        if let Some(n) = circled(first) {
            return format!("({n})");
        }
        if first.is_control() && first != '\n' {
            return String::new();
        }
    }
    if is_kept(first) {
        return cluster.to_owned();
    }
    cluster.nfkc().collect()
}

fn circled(c: char) -> Option<u32> {
    let code = u32::from(c);
    match c {
        '①'..='⑳' => Some(code - u32::from('①') + 1),
        '㉑'..='㉟' => Some(code - u32::from('㉑') + 21),
        _ => None,
    }
}

/// Where NFKC loses something that a record needs.
fn is_kept(c: char) -> bool {
    matches!(
        c,
        '〜' | '！' | '？' | '…' | '‥' | '²' | '³' | '½' | '¼' | '¾' | '℃' | '゛' | '゜' | '´' | '¨' | '™'
        // Variants of kanji in names.
        | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}'
    )
}

fn spaces(text: &str) -> Vec<Replacement> {
    let mut replacements = Vec::new();
    // The phrase so far, with the removed spaces left out.
    let mut phrase = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c != ' ' {
            if is_punctuation(c) {
                phrase.clear();
            } else {
                phrase.push(c);
            }
            at += c.len_utf8();
            continue;
        }
        let end = at + text[at..].bytes().take_while(|b| *b == b' ').count();
        let right = right_phrase(&text[end..]);
        if keeps_space(&phrase, right) {
            if end - at > 1 {
                replacements.push(Replacement::new(at + 1..end, "", "repeated space"));
            }
            phrase.clear();
        } else {
            replacements.push(Replacement::new(at..end, "", "space between Japanese words"));
        }
        at = end;
    }
    replacements
}

/// The phrase that starts here; only its beginning where it is long.
fn right_phrase(text: &str) -> &str {
    let end = text
        .char_indices()
        .enumerate()
        .find(|&(n, (_, c))| c == ' ' || is_punctuation(c) || n > LONGEST_HEADING_CHARS)
        .map_or(text.len(), |(_, (at, _))| at);
    &text[..end]
}

fn keeps_space(left: &str, right: &str) -> bool {
    let (Some(last), Some(first)) = (left.chars().next_back(), right.chars().next()) else { return false };
    let latin = |c: char| c.is_ascii() && !c.is_ascii_control();
    if latin(last) && latin(first) {
        return true;
    }
    let topic = right.split_once('は').is_some_and(|(word, _)| headings::is_listed(word));
    if topic || headings::is_listed(left) || headings::is_listed(right) {
        return true;
    }
    let long = |phrase: &str| phrase.chars().nth(PHRASE_CHARS - 1).is_some();
    long(left) && long(right)
}

/// Characters that need no space beside them.
fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        '。' | '、'
            | '「'
            | '」'
            | '『'
            | '』'
            | '！'
            | '？'
            | '・'
            | '…'
            | '〜'
            | '\n'
            | '('
            | ')'
            | '【'
            | '】'
            | '〈'
            | '〉'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::conformance;
    use crate::testing::document;

    fn normalized(text: &str) -> String {
        let mut doc = document(text, None);
        Normalize.apply(&mut doc).unwrap();
        doc.text().to_owned()
    }

    #[test]
    fn the_pass_conforms() {
        conformance::run(&Normalize);
    }

    #[test]
    fn widths() {
        assert_eq!(normalized("ＤＶ　ﾎｯﾄﾗｲﾝ　１８９"), "DVホットライン189");
        assert_eq!(normalized("ﾊﾞｽﾃﾞ"), "バスデ");
        assert_eq!(normalized("㈱と㌔と㎝"), "(株)とキロとcm");
        assert_eq!(normalized("６月３日（火）"), "6月3日(火)");
        assert_eq!(normalized("か\u{3099}"), "が");
    }

    #[test]
    fn what_nfkc_would_spoil_stays() {
        for text in ["14時〜15時", "本当！", "え？", "44m²", "38℃", "ええ…", "「嫌、『ママ』が」"]
        {
            assert_eq!(normalized(text), text);
        }
        assert_eq!(normalized("１０時～１１時"), "10時〜11時");
        assert_eq!(normalized("①主訴"), "(1)主訴");
        assert_eq!(normalized("\u{fa10}本さん"), "\u{fa10}本さん");
    }

    #[test]
    fn full_width_commas_and_stops() {
        assert_eq!(normalized("母，不在．"), "母、不在。");
        assert_eq!(normalized("３．５と２，８５０"), "3.5と2,850");
    }

    #[test]
    fn spaces_between_words_go_and_between_phrases_stay() {
        assert_eq!(normalized("今日 は 天気 が いい"), "今日は天気がいい");
        assert_eq!(normalized("家庭訪問  実母は不在"), "家庭訪問 実母は不在");
        assert_eq!(normalized("令和 7年 6月 3日"), "令和7年6月3日");
        assert_eq!(normalized(" 主訴。 泣き声 "), "主訴。泣き声");
        assert_eq!(normalized("Common Voice を使う"), "Common Voiceを使う");
    }

    #[test]
    fn a_space_beside_a_heading_word_stays() {
        assert_eq!(
            normalized("私と保健師の佐藤さん 主訴 近隣からの泣き声通告"),
            "私と保健師の佐藤さん 主訴 近隣からの泣き声通告"
        );
        assert_eq!(normalized("所見 なし"), "所見 なし");
    }

    #[test]
    fn invisible_characters_go_and_lines_stay() {
        assert_eq!(normalized("一\u{200b}行\r\n二行\u{feff}"), "一行\n二行");
    }

    proptest! {
        #[test]
        fn any_text_is_normalised_once(text in "\\PC{0,40}") {
            conformance::check(&Normalize, &text);
        }

        #[test]
        fn spaced_japanese_is_normalised_once(text in "[ 主訴所見あいう漢abc、。「」]{0,40}") {
            conformance::check(&Normalize, &text);
        }
    }
}
