//! One style of person labels (language.md pass 19): 実父 or Fa, as the office writes.

use record::{Document, Replacement};

use crate::chain::Pass;
use crate::cursor::{after, before, is_kanji};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::words::Words;

use std::sync::LazyLock;

/// Labels in kanji and in Latin letters (language.md §2). The first kanji label of a Latin one is what it becomes.
const PAIRS: &[(&str, &str)] = &[
    ("実父", "Fa"),
    ("実母", "Mo"),
    ("継父", "SF"),
    ("継母", "SM"),
    ("母方祖母", "MGM"),
    ("母方祖父", "MGF"),
    ("父方祖母", "PGM"),
    ("父方祖父", "PGF"),
];

/// Which labels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Kanji,
    Latin,
}

/// Pass 19: person labels in one style. Not in the default chain: an office switches one of the two on.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    style: Style,
}

impl Labels {
    /// Mo → 実母.
    pub const KANJI: Self = Self { style: Style::Kanji };
    /// 実母 → Mo.
    pub const LATIN: Self = Self { style: Style::Latin };
}

static TO_LATIN: LazyLock<Words<&str>> =
    LazyLock::new(|| Words::new(PAIRS.iter().map(|&(kanji, latin)| (kanji.to_owned(), latin))));
static TO_KANJI: LazyLock<Words<&str>> =
    LazyLock::new(|| Words::new(PAIRS.iter().map(|&(kanji, latin)| (latin.to_owned(), kanji))));

impl Pass for Labels {
    fn name(&self) -> &'static str {
        match self.style {
            Style::Kanji => "labels_kanji",
            Style::Latin => "labels_latin",
        }
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let (words, fits): (_, fn(&str, usize, usize) -> bool) = match self.style {
            Style::Kanji => (&*TO_KANJI, is_own_latin_word),
            Style::Latin => (&*TO_LATIN, is_own_kanji_word),
        };
        let layout = Layout::new(doc);
        let text = doc.text();
        let mut replacements = Vec::new();
        let mut at = 0;
        while let Some(c) = after(text, at) {
            if let Some(quote) = layout.quote_at(at) {
                at = quote.end;
                continue;
            }
            let end = match words.at(text, at) {
                Some((word, label)) if fits(text, at, at + word.len()) => {
                    let end = at + word.len();
                    replacements.push(Replacement::new(at..end, *label, "label style"));
                    end
                }
                _ => at + c.len_utf8(),
            };
            at = end;
        }
        doc.edit(self.name(), replacements).map_err(|source| Error::edit(self.name(), source))
    }
}

/// Not a part of Monday or SMS.
fn is_own_latin_word(text: &str, start: usize, end: usize) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    !letter(before(text, start)) && !letter(after(text, end))
}

/// Not a part of 実父母; 宅, 方 and the like may follow.
fn is_own_kanji_word(text: &str, start: usize, end: usize) -> bool {
    let follows = after(text, end).filter(|&c| is_kanji(c));
    !before(text, start).is_some_and(is_kanji)
        && follows.is_none_or(|c| matches!(c, '宅' | '方' | '側' | '本'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance;
    use crate::testing::document;

    fn with(pass: Labels, text: &str) -> String {
        let mut doc = document(text, None);
        pass.apply(&mut doc).unwrap();
        doc.text().to_owned()
    }

    #[test]
    fn the_passes_conform() {
        conformance::run(&Labels::KANJI);
        conformance::run(&Labels::LATIN);
    }

    #[test]
    fn latin_labels() {
        assert_eq!(with(Labels::LATIN, "実父に架電"), "Faに架電");
        assert_eq!(with(Labels::LATIN, "母方祖母宅"), "MGM宅");
    }

    #[test]
    fn kanji_labels() {
        assert_eq!(with(Labels::KANJI, "Mo来所"), "実母来所");
        assert_eq!(with(Labels::KANJI, "MGMに確認"), "母方祖母に確認");
    }

    #[test]
    fn words_and_quotations_stay() {
        for text in ["実父母", "「実父がやった」", "「Moがやった」", "養父市", "Monday", "SMS", "SFC"]
        {
            assert_eq!(with(Labels::LATIN, text), text);
            assert_eq!(with(Labels::KANJI, text), text);
        }
    }
}
