//! A set of words that is searched at a position, longest first.

use std::collections::HashMap;

/// Words by their first character. Finding the longest at a position costs the words that share its first character.
#[derive(Debug)]
pub(crate) struct Words<V> {
    by_first: HashMap<char, Vec<(String, V)>>,
    /// One bit for the low bits of each first character: most positions of a text need no look-up.
    seen: [u64; 64],
}

impl<V> Words<V> {
    /// Later duplicates are dropped.
    pub(crate) fn new(entries: impl IntoIterator<Item = (String, V)>) -> Self {
        let mut by_first: HashMap<char, Vec<(String, V)>> = HashMap::new();
        for (word, value) in entries {
            let Some(first) = word.chars().next() else { continue };
            let list = by_first.entry(first).or_default();
            if list.iter().all(|(known, _)| *known != word) {
                list.push((word, value));
            }
        }
        for list in by_first.values_mut() {
            list.sort_by_key(|(word, _)| usize::MAX - word.len());
        }
        let mut seen = [0; 64];
        for &c in by_first.keys() {
            let (word, bit) = slot(c);
            seen[word] |= bit;
        }
        Self { by_first, seen }
    }

    /// The longest word that stands at `at`.
    pub(crate) fn at<'s>(&'s self, text: &str, at: usize) -> Option<(&'s str, &'s V)> {
        self.all_at(text, at).next()
    }

    /// The words that stand at `at`, longest first.
    pub(crate) fn all_at<'s, 't>(
        &'s self,
        text: &'t str,
        at: usize,
    ) -> impl Iterator<Item = (&'s str, &'s V)> + use<'s, 't, V> {
        let rest = text.get(at..).unwrap_or_default();
        let first = rest.chars().next().filter(|&c| {
            let (word, bit) = slot(c);
            self.seen[word] & bit != 0
        });
        let list = first.and_then(|c| self.by_first.get(&c)).map_or(&[][..], Vec::as_slice);
        list.iter()
            .filter(move |(word, _)| rest.starts_with(word.as_str()))
            .map(|(word, value)| (word.as_str(), value))
    }

    /// The value of exactly this word.
    pub(crate) fn get(&self, word: &str) -> Option<&V> {
        let list = self.by_first.get(&word.chars().next()?)?;
        list.iter().find(|(known, _)| known == word).map(|(_, value)| value)
    }
}

fn slot(c: char) -> (usize, u64) {
    let code = u32::from(c);
    ((code >> 6) as usize % 64, 1 << (code % 64))
}

impl Words<()> {
    pub(crate) fn from_list(words: &[&str]) -> Self {
        Self::new(words.iter().map(|&word| (word.to_owned(), ())))
    }

    /// Length of the longest word at `at`.
    pub(crate) fn len_at(&self, text: &str, at: usize) -> Option<usize> {
        self.at(text, at).map(|(word, ())| word.len())
    }
}

/// The lines of a data file without comments and empty lines.
pub(crate) fn lines(data: &str) -> impl Iterator<Item = &str> {
    data.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim_end())
        .filter(|line| !line.is_empty())
}

/// 「(本児|児)の様子」 → 本児の様子, 児の様子.
pub(crate) fn written_out(pattern: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for part in pattern.split(['(', ')']).enumerate() {
        // Every second part stood between brackets.
        let branches: Vec<&str> = if part.0 % 2 == 1 { part.1.split('|').collect() } else { vec![part.1] };
        words = words.iter().flat_map(|w| branches.iter().map(move |b| format!("{w}{b}"))).collect();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_wins() {
        let words = Words::from_list(&["一", "一時", "一時保護"]);
        assert_eq!(words.len_at("一時保護", 0), Some("一時保護".len()));
        assert_eq!(words.len_at("一時に", 0), Some("一時".len()));
        assert_eq!(words.len_at("二", 0), None);
        assert_eq!(words.len_at("一時", 1), None);
    }

    #[test]
    fn comments_and_empty_lines_are_no_words() {
        assert_eq!(lines("# 数\n\n三軒茶屋 # 地名\n").collect::<Vec<_>>(), ["三軒茶屋"]);
    }
}
