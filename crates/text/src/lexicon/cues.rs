//! Real words that are written for a term: what must stand beside them before anything is done.

use std::ops::Range;
use std::sync::LazyLock;

use crate::layout::{ends_clause, ends_sentence};
use crate::words::{Words, lines};

/// heard, intended, action, right before, right after, in the same sentence; the file explains itself.
const CUES: &str = include_str!("../../data/cues.tsv");

/// How far a word of the same sentence may stand, in bytes (about 25 characters).
const NEAR_BYTES: usize = 75;

/// What to do with a word when its cues are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Write the term.
    Replace,
    /// Leave the word and ask the reviewer to listen again: replaced wrongly it would turn the meaning around.
    Ask,
}

/// One row: all conditions that it states must hold.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) intended: &'static str,
    action: Option<Action>,
    before: Vec<&'static str>,
    after: Vec<&'static str>,
    near: Vec<&'static str>,
}

/// A rule that holds at a place.
#[derive(Debug)]
pub(crate) struct Cued {
    pub(crate) intended: &'static str,
    pub(crate) action: Action,
    /// The words that decided, for the reviewer.
    pub(crate) cue: String,
}

/// All rules by the word that is heard.
pub(crate) fn table() -> &'static Words<Vec<Rule>> {
    static TABLE: LazyLock<Words<Vec<Rule>>> = LazyLock::new(|| {
        let mut words: Vec<(String, Vec<Rule>)> = Vec::new();
        for line in lines(CUES) {
            let mut columns = line.split('\t');
            let (Some(heard), Some(intended)) = (columns.next(), columns.next()) else { continue };
            let action = match columns.next() {
                Some("replace") => Some(Action::Replace),
                Some("ask") => Some(Action::Ask),
                _ => None,
            };
            let mut list =
                || columns.next().unwrap_or_default().split('|').filter(|w| !w.is_empty()).collect();
            let rule = Rule { intended, action, before: list(), after: list(), near: list() };
            match words.iter_mut().find(|(word, _)| word == heard) {
                Some((_, rules)) => rules.push(rule),
                None => words.push((heard.to_owned(), vec![rule])),
            }
        }
        Words::new(words)
    });
    &TABLE
}

/// The first rule of `rules` that holds for the word at `at`; `border` tells the ends of segments.
pub(crate) fn holding(
    rules: &[Rule],
    text: &str,
    at: &Range<usize>,
    border: impl Fn(usize) -> bool,
) -> Option<Cued> {
    let (head, tail) = (&text[..at.start], &text[at.end..]);
    let starts =
        head.chars().next_back().is_none_or(|c| ends_clause(c) || ends_sentence(c)) || border(at.start);
    let ends = tail.chars().next().is_none_or(|c| ends_clause(c) || ends_sentence(c)) || border(at.end);
    rules.iter().find_map(|rule| {
        let action = rule.action?;
        let mut cue = Vec::new();
        for (list, open, fits) in [
            (&rule.before, starts, &(|w: &str| head.ends_with(w)) as &dyn Fn(&str) -> bool),
            (&rule.after, ends, &|w: &str| tail.starts_with(w)),
        ] {
            if list.is_empty() {
                continue;
            }
            let found = list.iter().find(|w| if matches!(**w, "^" | "$") { open } else { fits(w) })?;
            cue.push(*found);
        }
        if !rule.near.is_empty() {
            let (earlier, later) = (sentence_before(head), sentence_after(tail));
            let found = rule.near.iter().find(|w| match w.strip_prefix('<') {
                Some(word) => earlier.contains(word),
                None => earlier.contains(**w) || later.contains(**w),
            })?;
            cue.push(found.trim_start_matches('<'));
        }
        cue.retain(|w| !matches!(*w, "^" | "$"));
        Some(Cued { intended: rule.intended, action, cue: cue.join(" ") })
    })
}

fn sentence_before(head: &str) -> &str {
    let mut from = head.len().saturating_sub(NEAR_BYTES);
    while !head.is_char_boundary(from) {
        from += 1;
    }
    let near = &head[from..];
    near.rfind(ends_sentence).map_or(near, |stop| &near[stop..])
}

fn sentence_after(tail: &str) -> &str {
    let mut to = tail.len().min(NEAR_BYTES);
    while !tail.is_char_boundary(to) {
        to -= 1;
    }
    let near = &tail[..to];
    near.find(ends_sentence).map_or(near, |stop| &near[..stop])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cued(text: &str, word: &str) -> Option<(Action, &'static str)> {
        let start = text.find(word).unwrap();
        let rules = table().get(word).unwrap();
        holding(rules, text, &(start..start + word.len()), |_| false).map(|c| (c.action, c.intended))
    }

    #[test]
    fn a_cue_beside_the_word_decides() {
        assert_eq!(cued("実父に家電するも", "家電"), Some((Action::Replace, "架電")));
        assert_eq!(cued("父方粗暴宅へ", "粗暴"), Some((Action::Replace, "祖母")));
        assert_eq!(cued("家電を差し押さえる", "家電"), None);
    }

    #[test]
    fn dangerous_words_are_asked_about_at_most() {
        assert_eq!(cued("ナイフが出てきた", "ナイフ"), Some((Action::Ask, "内夫")));
        for word in ["ナイフ", "湿布", "死斑", "黙視", "リスク", "祖父", "支援計画", "ご飯", "市販"]
        {
            let rules = table().get(word).unwrap();
            assert!(rules.iter().all(|r| r.action != Some(Action::Replace)), "{word}");
        }
    }

    #[test]
    fn a_sentence_ends_what_is_near() {
        assert_eq!(cued("実父に架電。生活は普通。", "普通"), None);
        assert!(cued("実父に架電するも普通。", "普通").is_some());
    }
}
