//! Sentences of somebody's wish.

use super::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, find_all, has_any, starts_with_any};

impl Scene<'_> {
    /// 「自分で育てたいけれど、夜が心配」: a verb of wanting inside 「」, which need not be its end.
    fn is_desired(&self, sentence: &Sentence) -> bool {
        const WANTED: &[&str] = &["たい", "ほしい", "欲しい", "たくない"];
        const NO_WISH: &[&str] =
            &["みたい", "つめたい", "冷たい", "重たい", "眠たい", "ぜったい", "いったい", "会いたいわけ"];
        let text = self.text();
        WANTED.iter().flat_map(|word| find_all(text, sentence.range.clone(), word)).any(|at| {
            self.is_quoted(at.start)
                && starts_with_any(&text[at.end..], &WORDS.wish.behind)
                && !ends_with_any(&text[..at.end], NO_WISH)
        })
    }

    /// Whether the sentence is somebody's wish in direct or reported speech.
    pub(crate) fn is_wish(&self, sentence: &Sentence) -> bool {
        (has_any(self.text(), sentence.range.clone(), &WORDS.wish.words) || self.is_desired(sentence))
            && (!self.quotes(sentence.range.clone()).is_empty() || self.words(&sentence.range).contains('「'))
    }
}
