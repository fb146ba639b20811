//! How a model's vocabulary cuts text into tokens.

use std::collections::HashMap;

/// Byte-pair encoding as the reference's `tiktoken` does it: of all neighbouring pieces that make an entry, those that
/// make the one with the lowest number are joined first.
///
/// whisper.cpp's own tokenizer takes the longest entry from the left instead, which the model was not trained to write.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    numbers: HashMap<Vec<u8>, i32>,
    size: i32,
}

/// What stays together before pieces are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Letter,
    Number,
    Space,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            c if c.is_whitespace() => Self::Space,
            c if c.is_alphabetic() => Self::Letter,
            c if c.is_numeric() => Self::Number,
            _ => Self::Other,
        }
    }
}

impl Vocabulary {
    /// From the bytes of the text entries, in the order of their numbers.
    pub(crate) fn new(entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut numbers = HashMap::new();
        let mut size = 0;
        for bytes in entries {
            numbers.entry(bytes).or_insert(size);
            size += 1;
        }
        Self { numbers, size }
    }

    /// Number of entries; greater numbers are no text.
    pub(crate) fn len(&self) -> i32 {
        self.size
    }

    /// Tokens of a text.
    pub(crate) fn encode(&self, text: &str) -> Vec<i32> {
        let mut tokens = Vec::new();
        for piece in pieces(text) {
            self.join(piece.as_bytes(), &mut tokens);
        }
        tokens
    }

    fn join(&self, piece: &[u8], tokens: &mut Vec<i32>) {
        // Cuts between the parts, each with the number of the entry that the two parts behind it would make.
        let mut cuts: Vec<(usize, Option<i32>)> = (0..=piece.len()).map(|at| (at, None)).collect();
        let joined = |cuts: &[(usize, Option<i32>)], i: usize| {
            let end = cuts.get(i + 2)?.0;
            self.numbers.get(&piece[cuts[i].0..end]).copied()
        };
        for i in 0..cuts.len() {
            cuts[i].1 = joined(&cuts, i);
        }
        while let Some((_, at)) = cuts.iter().enumerate().filter_map(|(i, cut)| Some((cut.1?, i))).min() {
            cuts.remove(at + 1);
            cuts[at].1 = joined(&cuts, at);
            if let Some(before) = at.checked_sub(1) {
                cuts[before].1 = joined(&cuts, before);
            }
        }
        tokens.extend(cuts.windows(2).filter_map(|pair| self.numbers.get(&piece[pair[0].0..pair[1].0])));
    }
}

/// Letters, numbers and other characters apart; one space goes with what follows it.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut before: Option<Kind> = None;
    for (at, c) in text.char_indices() {
        let kind = Kind::of(c);
        let joins = match before {
            None => true,
            Some(Kind::Space) => kind == Kind::Space || &text[from..at] == " ",
            Some(before) => before == kind,
        };
        if !joins {
            pieces.push(&text[from..at]);
            from = at;
        }
        before = Some(kind);
    }
    if from < text.len() {
        pieces.push(&text[from..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All bytes, then these entries.
    fn vocabulary(entries: &[&str]) -> Vocabulary {
        let bytes = (0..=255_u8).map(|b| vec![b]);
        Vocabulary::new(bytes.chain(entries.iter().map(|e| e.as_bytes().to_vec())))
    }

    #[test]
    fn the_entry_with_the_lowest_number_is_joined_first() {
        // The longest entry from the left would be "ab".
        assert_eq!(vocabulary(&["bc", "ab"]).encode("abc"), [i32::from(b'a'), 256]);
    }

    #[test]
    fn letters_and_numbers_are_never_joined() {
        assert_eq!(vocabulary(&["a1"]).encode("a1"), [i32::from(b'a'), i32::from(b'1')]);
        assert_eq!(pieces("令和7年。a b  c"), ["令和", "7", "年", "。", "a", " b", "  ", "c"]);
    }

    #[test]
    fn every_text_leads_back_to_its_bytes() {
        let text = "本児は「2歳」、A棟 3号室…";
        let bytes: Vec<u8> = vocabulary(&[]).encode(text).into_iter().map(|t| t as u8).collect();
        assert_eq!(bytes, text.as_bytes());
    }
}
