//! A reading position in a text, for hand-written grammars that take linear time.

use crate::number::{self, Number};

/// Reads forward from a position. Every `eat` either moves behind what it found or leaves the position alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// `at` must lie on a character; a position that does not reads as the end of the text.
    pub(crate) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Eats the first of `words` that stands here.
    pub(crate) fn any<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.eat(word))
    }

    pub(crate) fn sees(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.rest().starts_with(word))
    }

    pub(crate) fn eat_char(&mut self, accept: impl Fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|&c| accept(c))?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Eats a single space.
    pub(crate) fn space(&mut self) -> bool {
        self.eat(" ")
    }

    /// A number in digits or kanji.
    pub(crate) fn number(&mut self) -> Option<Number> {
        let number = number::parse(self.text, self.at)?;
        self.at = number.end;
        Some(number)
    }

    /// A whole number of at most `max`.
    pub(crate) fn integer(&mut self, max: u64) -> Option<u64> {
        let before = self.at;
        let value = self.number().and_then(|n| n.integer()).filter(|&v| v <= max);
        if value.is_none() {
            self.at = before;
        }
        value
    }
}

/// The character before `at`.
pub(crate) fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

/// The character at `at`.
pub(crate) fn after(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// Whether `at` lies in the middle of a number in kanji: a number that starts here is a part of it.
pub(crate) fn in_kanji_number(text: &str, at: usize) -> bool {
    before(text, at).is_some_and(|c| !c.is_ascii() && number::starts_number(c))
        && after(text, at).is_some_and(|c| !c.is_ascii() && number::starts_number(c))
}

/// CJK ideographs, with the repetition mark.
pub(crate) fn is_kanji(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}' | '々')
}

/// Hiragana letters.
pub(crate) fn is_hiragana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ')
}

/// Katakana letters and the long-vowel mark.
pub(crate) fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ー')
}
