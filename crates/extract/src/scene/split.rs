//! Sentences of speech that a recogniser wrote without full stops.

use std::ops::Range;

use record::{Document, Entity};

use crate::vocabulary::WORDS;
use crate::words::{char_before, ends_with_any, is_kanji, is_katakana, starts_with_any};

/// A shorter stretch is one sentence whatever stands in it.
const LONG: usize = 60;
/// A longer stretch is cut wherever it is, in bytes: no rule needs more context, and time stays linear.
const TOO_LONG: usize = 3000;
/// Polite ends of a sentence.
const POLITE: &[&str] = &["でした", "ました", "ません", "です", "ます"];
/// 〜ない and 〜ている end a phrase although they end with い.
const CLOSED: &[&str] = &["ない", "ている", "でいる", "いない"];

/// Cuts `whole`, a sentence of the document, where its words end a sentence and nothing marks it.
///
/// A sentence with its full stop, or a short one, stays as it is. Nothing is cut inside a quotation.
pub(super) fn split(doc: &Document, whole: Range<usize>, quoted: &[Range<usize>]) -> Vec<Range<usize>> {
    let text = doc.text();
    let words = &text[whole.clone()];
    let stopped = words.trim_end().ends_with(['。', '！', '？', '!', '?']);
    if (stopped && words.len() < TOO_LONG) || words.len() < LONG {
        return vec![whole];
    }
    let mut pieces = Vec::new();
    let mut start = whole.start;
    let mut speech = doc
        .annotations_in(whole.clone())
        .filter_map(|a| match &a.entity {
            Entity::Quote(quote) => Some(a.range.start.min(quote.verb.start)..quote.verb.end),
            _ => None,
        })
        .peekable();
    for (i, c) in words.char_indices() {
        let at = whole.start + i;
        while speech.next_if(|q| q.end <= at).is_some() {}
        // Inside a quotation, with or without brackets, the speaker's own sentences end.
        let inside = speech.peek().is_some_and(|q| q.start < at && at < q.end);
        if at - start > TOO_LONG {
            pieces.push(start..at);
            start = at;
            continue;
        }
        if stopped || at == start || inside || is_quoted(quoted, at) {
            continue;
        }
        let before = &text[start..at];
        let cut = if c == ' ' {
            before.chars().count() > 3 && ends_phrase(before)
        } else {
            ends_sentence(before, &text[at..whole.end])
        };
        if cut {
            pieces.push(start..at);
            start = at;
        }
    }
    pieces.push(start..whole.end);
    pieces
}

/// Whether `at` lies in one of the ranges, which are in order.
pub(super) fn is_quoted(quoted: &[Range<usize>], at: usize) -> bool {
    let i = quoted.partition_point(|q| q.end <= at);
    quoted.get(i).is_some_and(|q| q.start <= at)
}

/// Whether a phrase in front of a space is over.
fn ends_phrase(before: &str) -> bool {
    ends_with_any(before, CLOSED) || !ends_with_any(before, &WORDS.split.open)
}

fn ends_sentence(before: &str, rest: &str) -> bool {
    if rest.starts_with([' ', '、', '。']) {
        return false;
    }
    if ends_with_any(before, POLITE) {
        return !starts_with_any(rest, &WORDS.split.carried);
    }
    // Behind a plain end the next phrase starts with a noun, not with the rest of the word.
    let noun = rest.chars().next().is_some_and(|c| is_kanji(c) || is_katakana(c) || c.is_ascii_digit());
    let plain = WORDS.split.plain.iter().any(|end| before.ends_with(end) && before.len() > end.len());
    plain && noun && !is_modifier(before, rest)
}

/// 「転んだとのこと」 ends; 「している様子」「あった時」 and 「した家」 go on with a noun that the clause describes.
fn is_modifier(before: &str, rest: &str) -> bool {
    let verb = before.ends_with(['た', 'る', 'い', 'う', 'す']);
    let compound = char_before(before, before.len()).is_some_and(is_kanji);
    (verb && starts_with_any(rest, &WORDS.split.described))
        || (compound && (rest.starts_with(is_kanji) && !starts_person(rest) && !starts_verb(rest)))
}

fn starts_person(rest: &str) -> bool {
    starts_with_any(rest, &WORDS.split.openings)
}

fn starts_verb(rest: &str) -> bool {
    rest.starts_with("対応") || rest.starts_with("明日") || rest.starts_with("来週")
}

#[cfg(test)]
mod tests {
    use record::{Segment, Transcript};

    use super::*;

    fn pieces(raw: &str) -> Vec<String> {
        let segment = Segment { raw: raw.into(), text: raw.into(), ..Segment::default() };
        let mut doc = Document::new(&Transcript { segments: vec![segment], edits: vec![] }, None);
        text::Chain::default().run(&mut doc).unwrap();
        let quoted = doc.quoted();
        let whole = 0..doc.text().len();
        split(&doc, whole, &quoted).into_iter().map(|r| doc.text()[r].trim().to_owned()).collect()
    }

    #[test]
    fn polite_ends_cut_where_no_stop_was_written() {
        assert_eq!(
            pieces(
                "本児は小柄で母の顔を見ていましたけがはありませんでした実母はしつけのつもりだったと話しました"
            ),
            [
                "本児は小柄で母の顔を見ていました",
                "けがはありませんでした",
                "実母はしつけのつもりだったと話しました"
            ]
        );
    }

    #[test]
    fn a_space_behind_an_open_phrase_cuts_nothing() {
        assert_eq!(
            pieces("6月3日火曜14時に 家庭訪問しました 左の頬に 10円玉大の 青あざがありました 実父は不在です"),
            ["6月3日火曜14時に 家庭訪問しました", "左の頬に 10円玉大の 青あざがありました", "実父は不在です"]
        );
    }

    #[test]
    fn a_written_sentence_stays_whole() {
        let text =
            "本児は小柄で母の顔を見ていました、けがはありませんでしたので、実母に帰宅してもらいました。";
        assert_eq!(pieces(text), [text]);
    }

    #[test]
    fn reasons_and_questions_carry_the_sentence_on() {
        let text = "実母は泣いていましたが受け答えははっきりしていましたのでそのまま面接を続けて帰宅";
        assert_eq!(pieces(text), [text]);
    }
}
