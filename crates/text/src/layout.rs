//! Where clauses and sentences start, and what is quoted.

use std::ops::Range;

use record::Document;

use crate::cursor::{Cursor, before};

/// Words before a 「 that name the speaker of a turn, in transcripts of a conversation (「受「はい。」通「あの。」」).
const TURN_LABELS: &[&str] =
    &["受け手", "聞き手", "話し手", "相談員", "相談者", "通告者", "受", "通", "問", "答", "Q", "A"];

/// What comes before a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Start {
    /// The middle of a clause.
    Inside,
    /// A comma, a space or a short pause.
    Clause,
    /// A full stop, a line end, a pause, or nothing.
    Sentence,
}

/// The shape of a document's text, computed once per pass.
pub(crate) struct Layout {
    quoted: Vec<Range<usize>>,
    breaks: Vec<(usize, Option<u64>)>,
}

impl Layout {
    pub(crate) fn new(doc: &Document) -> Self {
        let mut breaks: Vec<_> = doc.breaks().collect();
        breaks.sort_by_key(|(at, _)| *at);
        Self { quoted: quoted(doc.text()), breaks }
    }

    #[cfg(test)]
    /// The layout of a text without pauses.
    pub(crate) fn of(text: &str) -> Self {
        Self { quoted: quoted(text), breaks: Vec::new() }
    }

    /// The quotation that `at` lies in or on the opening bracket of.
    pub(crate) fn quote_at(&self, at: usize) -> Option<&Range<usize>> {
        let i = self.quoted.partition_point(|q| q.end <= at);
        self.quoted.get(i).filter(|q| q.start <= at)
    }

    pub(crate) fn is_quoted(&self, at: usize) -> bool {
        self.quote_at(at).is_some()
    }

    /// Whether the speaker stopped at `at` for at least `pause_ms`, or a line or recording ends there.
    pub(crate) fn pause_at(&self, at: usize, pause_ms: u64) -> bool {
        let first = self.breaks.partition_point(|(b, _)| *b < at);
        self.breaks[first..]
            .iter()
            .take_while(|(b, _)| *b == at)
            .any(|(_, p)| p.is_none_or(|p| p >= pause_ms))
    }

    /// What comes before `at`; a pause of `pause_ms` starts a sentence, any known pause a clause.
    pub(crate) fn start(&self, text: &str, at: usize, pause_ms: u64) -> Start {
        match before(text, at) {
            None => Start::Sentence,
            Some(c) if ends_sentence(c) => Start::Sentence,
            _ if self.pause_at(at, pause_ms) => Start::Sentence,
            // The pause may lie before the punctuation or the space.
            Some(c @ ('、' | ' ')) if self.pause_at(at - c.len_utf8(), pause_ms) => Start::Sentence,
            Some(' ') if before(text, at - 1).is_some_and(ends_sentence) => Start::Sentence,
            // The first words of a turn.
            Some('「') if !self.is_quoted(at) => Start::Sentence,
            Some(c) if ends_clause(c) => Start::Clause,
            _ if self.pause_at(at, 0) => Start::Clause,
            _ => Start::Inside,
        }
    }
}

/// 。 and its like.
pub(crate) fn ends_sentence(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '!' | '?' | '\n')
}

/// A comma, a space or a bracket.
pub(crate) fn ends_clause(c: char) -> bool {
    matches!(c, '、' | ',' | ' ' | '」' | '』' | ':' | '・' | '(' | ')')
}

/// What stands between clauses or sentences.
pub(crate) fn is_stop(c: char) -> bool {
    ends_sentence(c) || ends_clause(c)
}

/// Position behind the last character before `at` that `stop` accepts, at most `limit` bytes back.
pub(crate) fn back_to(text: &str, at: usize, limit: usize, stop: impl Fn(char) -> bool) -> usize {
    let floor = at.saturating_sub(limit);
    let mut start = at;
    for (i, c) in text[..at].char_indices().rev() {
        if i < floor || stop(c) {
            break;
        }
        start = i;
    }
    start
}

/// Outermost 「」 and 『』 with their brackets; the brackets of turns do not count, quotations inside a turn do.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut open: Vec<(usize, bool)> = Vec::new();
    // Behind this position a turn may start: the start of a line, or the end of another turn.
    let mut turn_from = 0;
    for (at, c) in text.char_indices() {
        match c {
            '「' | '『' => open.push((at, open.is_empty() && is_turn(&text[turn_from..at]))),
            '」' | '』' => {
                let Some((start, turn)) = open.pop() else { continue };
                let end = at + c.len_utf8();
                if turn {
                    turn_from = end;
                } else if open.iter().all(|(_, turn)| *turn) {
                    ranges.push(start..end);
                }
            }
            '\n' => turn_from = at + 1,
            _ => {}
        }
    }
    ranges
}

fn is_turn(label: &str) -> bool {
    // Longer than any label: do not look at it again for every bracket of a long line.
    if label.len() > 40 {
        return false;
    }
    let mut cursor = Cursor::new(label, 0);
    while cursor.eat_char(char::is_whitespace).is_some() {}
    cursor.any(TURN_LABELS).is_some() && (cursor.rest().is_empty() || matches!(cursor.rest(), ":" | "："))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        quoted(text).into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn nested_quotations_are_one() {
        assert_eq!(words("本児は「『ママ』が」と話す"), ["「『ママ』が」"]);
    }

    #[test]
    fn an_open_bracket_protects_nothing() {
        assert!(words("本児は「ママが").is_empty());
    }

    #[test]
    fn turns_of_a_conversation_are_no_quotations() {
        assert!(words("受「はい。」 通「三つか四つくらい。」").is_empty());
        assert_eq!(words("受「はい。」通「『やだ』と聞こえました。」"), ["『やだ』"]);
        assert_eq!(words("本児は「やだ」と話す。通「はい」"), ["「やだ」", "「はい」"]);
    }

    #[test]
    fn clause_and_sentence_starts() {
        let text = "主訴。母は、不在 次";
        let layout = Layout::of(text);
        let start = |word: &str| layout.start(text, text.find(word).unwrap(), 400);
        assert_eq!(start("主訴"), Start::Sentence);
        assert_eq!(start("母"), Start::Sentence);
        assert_eq!(start("は"), Start::Inside);
        assert_eq!(start("不在"), Start::Clause);
        assert_eq!(start("次"), Start::Clause);
    }
}
