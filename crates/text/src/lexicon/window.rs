//! A run of words that may stand for a term, and whether it looks like something that a person would say.

use std::ops::Range;

use crate::cursor::{is_hiragana, is_kanji, is_katakana};
use crate::morphology::{Morpheme, Pos};

/// How natural the words of a window are as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// One word of the dictionary: never replaced without a cue.
    Word,
    /// Words that the dictionary has, one behind the other.
    Compound,
    /// Broken characters: words that the dictionary does not have, or single kanji stuck to others.
    Broken,
}

/// Suffixes that make a title of a name: what stands before them is a name, however odd it looks.
const TITLES: &[&str] = &["さん", "ちゃん", "くん", "君", "様", "さま", "氏", "先生", "夫妻"];

/// How `words` look where `before` and `after` stand around them.
pub(crate) fn standing(words: &[Morpheme<'_>], before: Option<char>, after: Option<char>) -> Standing {
    if let [word] = words {
        let whole = word.known && !(word.surface.chars().count() == 1 && touches(before, after));
        return if whole { Standing::Word } else { Standing::Broken };
    }
    let last = words.len() - 1;
    let broken = words.iter().enumerate().any(|(i, word)| {
        let left = i.checked_sub(1).map_or(before, |i| words[i].surface.chars().next_back());
        let right = if i == last { after } else { words[i + 1].surface.chars().next() };
        is_broken(word, left, right)
    });
    if broken { Standing::Broken } else { Standing::Compound }
}

fn touches(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(is_kanji) || after.is_some_and(is_kanji)
}

/// Whether a word is a scrap: unknown to the dictionary, or one kanji that no grammar allows beside others.
fn is_broken(word: &Morpheme<'_>, before: Option<char>, after: Option<char>) -> bool {
    let mut chars = word.surface.chars();
    let single = match (chars.next(), chars.next()) {
        (Some(c), None) => Some(c),
        _ => None,
    };
    if !word.known {
        return true;
    }
    single.is_some_and(|c| {
        is_kanji(c)
            && touches(before, after)
            && matches!(
                word.pos,
                Pos::Noun
                    | Pos::VerbalNoun
                    | Pos::PersonName
                    | Pos::PlaceName
                    | Pos::ProperNoun
                    | Pos::AdverbialNoun
            )
    })
}

/// Whether a title follows: what stands before it is somebody's name.
pub(crate) fn is_named(tail: &str) -> bool {
    TITLES.iter().any(|title| tail.starts_with(title))
}

/// Whether a word can be the first of a term.
pub(crate) fn can_start(word: &Morpheme<'_>) -> bool {
    !word.reading.is_empty()
        && !matches!(word.pos, Pos::Particle | Pos::Auxiliary | Pos::AuxiliaryVerb | Pos::Symbol)
}

/// Whether a word can be the last of a term.
pub(crate) fn can_end(word: &Morpheme<'_>) -> bool {
    !matches!(word.pos, Pos::Particle | Pos::Auxiliary | Pos::AuxiliaryVerb | Pos::Prefix | Pos::Symbol)
}

/// Whether both hold the same kanji in the same order, or differ only where one of them is in kana: 立入調査 and
/// 立ち入り調査, こども and 子ども, どなり声 and 怒鳴り声. These are spellings, not mistakes; kana that are no word (母方そぼ) are
/// mistakes.
pub(crate) fn is_spelling(words: &[Morpheme<'_>], term: &str, standing: Standing) -> bool {
    let written: String = words.iter().map(|w| w.surface).collect();
    let kanji = |text: &str| text.chars().filter(|c| is_kanji(*c)).collect::<String>();
    if kanji(&written) == kanji(term) {
        return true;
    }
    let (theirs, ours) = differing(term, &written);
    if !term[theirs.clone()].is_empty() && !term[theirs].chars().any(is_kanji) {
        return true;
    }
    // One word of the dictionary in hiragana is a spelling, scraps of several are not.
    let mut at = 0;
    let touched = words.iter().filter(|w| {
        let start = at;
        at += w.surface.len();
        start < ours.end && at > ours.start
    });
    standing != Standing::Broken && written[ours.clone()].chars().all(is_hiragana) && touched.count() <= 1
}

/// Whether a term of several kanji was written in hiragana throughout: だぼくこん for 打撲痕.
pub(crate) fn is_spelled_out(written: &str, term: &str) -> bool {
    written.chars().all(|c| is_hiragana(c) || c == 'ー') && term.chars().filter(|c| is_kanji(*c)).count() > 1
}

/// Whether a term with letters stands for letters or their names in katakana: nobody writes kanji for AHT.
pub(crate) fn letters_fit(written: &str, term: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphabetic();
    !term.contains(letters) || written.contains(|c| letters(c) || is_katakana(c))
}

/// Ranges of `a` and of `b` between what they have in common at their starts and ends.
fn differing(a: &str, b: &str) -> (Range<usize>, Range<usize>) {
    let start: usize = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let end: usize = a[start..]
        .chars()
        .rev()
        .zip(b[start..].chars().rev())
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.len_utf8())
        .sum();
    (start..a.len() - end, start..b.len() - end)
}

/// Whether words go on behind the same 「…の」 as the term with another word of the language: 「本児の声」 is not 本児の意向.
pub(crate) fn is_another_phrase(words: &[Morpheme<'_>], term: &str) -> bool {
    let mut rest = term;
    let shared =
        words.iter().take_while(|word| rest.strip_prefix(word.surface).map(|behind| rest = behind).is_some());
    let shared = shared.count();
    shared > 0
        && words[shared - 1].surface == "の"
        && shared < words.len()
        && words[shared..].iter().all(|word| word.known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Morphology;

    fn stands(text: &str) -> Standing {
        standing(&Morphology::shared().unwrap().tokens(text), None, None)
    }

    #[test]
    fn a_word_of_the_dictionary_stands() {
        for word in ["普通", "家電", "避妊", "以降"] {
            assert_eq!(stands(word), Standing::Word, "{word}");
        }
    }

    #[test]
    fn characters_that_make_no_words_are_broken() {
        for scraps in ["逆体通告", "複視", "加伝"] {
            assert_eq!(stands(scraps), Standing::Broken, "{scraps}");
        }
    }

    #[test]
    fn words_in_a_row_are_a_compound() {
        for words in ["家庭法務", "調子内容", "支援計画"] {
            assert_eq!(stands(words), Standing::Compound, "{words}");
        }
    }

    #[test]
    fn other_spellings_are_the_same_word() {
        let spelling = |written: &str, term: &str| {
            let words = Morphology::shared().unwrap().tokens(written);
            is_spelling(&words, term, standing(&words, None, None))
        };
        assert!(spelling("立ち入り調査", "立入調査"));
        assert!(spelling("子ども家庭センター", "こども家庭センター"));
        assert!(spelling("どなり声", "怒鳴り声"));
        assert!(!spelling("家庭相談委員", "家庭相談員"));
        assert!(!spelling("逆体通告", "虐待通告"));
        assert!(!spelling("おやこさい統合", "親子再統合"));
    }
}
