//! Negation and its scope, and the words that answer with no value (language.md §3 and pass 7).
//!
//! The words are `data/polarity.tsv`.

use std::ops::Range;
use std::sync::LazyLock;

use record::Reason;

use crate::cursor::{after, before};
use crate::layout::{back_to, ends_sentence};
use crate::words::{Words, lines, written_out};

static DOUBLE: LazyLock<Words<()>> = LazyLock::new(|| listed("double"));
static NONE: LazyLock<Words<()>> = LazyLock::new(|| listed("none"));
static NEGATIONS: LazyLock<Words<()>> = LazyLock::new(|| listed("negation"));
static IDIOMS: LazyLock<Words<()>> = LazyLock::new(|| listed("idiom"));
static ANSWERS: LazyLock<Words<Reason>> =
    LazyLock::new(|| Words::new(table().filter_map(|(kind, word)| Some((word, reason(kind)?)))));

/// The words of a kind.
fn listed(kind: &str) -> Words<()> {
    Words::new(table().filter(|(found, _)| *found == kind).map(|(_, word)| (word, ())))
}

/// Kinds and words, each way of saying them written out.
fn table() -> impl Iterator<Item = (&'static str, String)> {
    lines(include_str!("../data/polarity.tsv"))
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(kind, pattern)| written_out(pattern).into_iter().map(move |word| (kind, word)))
}

fn reason(kind: &str) -> Option<Reason> {
    Some(match kind {
        "not_asked" => Reason::NotAsked,
        "not_answered" => Reason::NotAnswered,
        "could_not_confirm" => Reason::CouldNotConfirm,
        "refused" => Reason::Refused,
        "said_unknown" => Reason::SaidUnknown,
        "denial" => Reason::Denial,
        _ => return None,
    })
}

/// A clause reaches at most this many bytes (about 100 characters) to either side.
const REACH: usize = 300;
/// Words between which a clause ends, beside the punctuation.
const TURNS: &[&str] = &["けれども", "けれど", "けど", "一方", "ものの", "のに"];
/// At least as long as every idiom, in bytes.
const LONGEST_IDIOM: usize = 36;
/// What ず follows in a verb: 見られず, not まず or ずつ.
const VERB_STEMS: &str = "られせかさたわまえけべめきばが";

/// The clause that `range` stands in: it ends at 。、, a line end, 「が」 behind a predicate, けれど, 一方, and after about 100
/// characters.
///
/// # Panics
/// When `range` is not on characters of `text`.
#[must_use]
pub fn scope(text: &str, range: Range<usize>) -> Range<usize> {
    let rest = &text[range.end..];
    let mut end = text.len();
    for (i, c) in rest.char_indices() {
        let at = range.end + i;
        let turn = TURNS.iter().any(|turn| rest[i..].starts_with(turn));
        if i > REACH || ends_sentence(c) || c == '、' || turn || (c == 'が' && is_but(text, at, range.end))
        {
            end = at;
            break;
        }
    }
    let mut start = range.start;
    for (at, c) in text[..range.start].char_indices().rev() {
        if range.start - at > REACH || ends_sentence(c) || c == '、' || (c == 'が' && is_but(text, at, 0)) {
            break;
        }
        start = at;
    }
    start..end
}

/// が that joins clauses: behind the end of a predicate.
fn is_but(text: &str, at: usize, floor: usize) -> bool {
    at > floor
        && before(text, at)
            .is_some_and(|c| matches!(c, 'い' | 'た' | 'だ' | 'る' | 'す' | 'く' | 'ん' | 'う' | 'し'))
        || text[..at].ends_with("なし")
}

/// Whether what stands at `range` is negated: a negation follows in its clause.
///
/// 「骨折はないが打撲がある」 negates 骨折 and not 打撲. 問題ない, かもしれない and the like negate nothing, and a double negation
/// does not count as one (see [`answer`]).
///
/// # Panics
/// When `range` is not on characters of `text`.
#[must_use]
pub fn is_negated(text: &str, range: Range<usize>) -> bool {
    let clause = scope(text, range.clone());
    let behind = &text[range.end..clause.end];
    if is_double_negation(behind) {
        return false;
    }
    let mut at = 0;
    let whole = &text[clause.start..clause.end];
    let offset = range.end - clause.start;
    while let Some(c) = after(behind, at) {
        let here = offset + at;
        if idiom_at(whole, here) {
            at += c.len_utf8();
            continue;
        }
        if let Some((word, ())) = NEGATIONS.at(behind, at)
            && (word != "ず" || before(behind, at).is_some_and(|c| VERB_STEMS.contains(c)))
        {
            return true;
        }
        at += c.len_utf8();
    }
    false
}

/// Whether the position lies in a word in which ない or ず negates nothing.
fn idiom_at(clause: &str, at: usize) -> bool {
    let from = back_to(clause, at, LONGEST_IDIOM, |_| false);
    let starts = clause[from..].char_indices().map(|(i, _)| from + i).take_while(|&i| i <= at);
    starts.into_iter().any(|i| IDIOMS.len_at(clause, i).is_some_and(|len| at < i + len))
}

/// Whether `clause` holds two negations that cancel each other: they set no value and no state.
#[must_use]
pub fn is_double_negation(clause: &str) -> bool {
    clause.char_indices().any(|(i, _)| DOUBLE.len_at(clause, i).is_some())
}

/// The first words in `clause` that answer without a value, with their byte range.
///
/// A denial and an unknown come before a plain negation, so that 「確認できない」 is not 「ない」. 「一部認める」 is a value and no
/// answer, and a double negation answers nothing.
#[must_use]
pub fn answer(clause: &str) -> Option<(Reason, Range<usize>)> {
    if is_double_negation(clause) {
        return None;
    }
    let listed = clause
        .char_indices()
        .find_map(|(i, _)| ANSWERS.at(clause, i).map(|(word, reason)| (*reason, i..i + word.len())));
    listed.or_else(|| {
        clause.char_indices().find_map(|(i, _)| {
            let len = NONE.len_at(clause, i)?;
            (!idiom_at(clause, i)).then_some((Reason::None, i..i + len))
        })
    })
}

#[cfg(test)]
mod tests;
