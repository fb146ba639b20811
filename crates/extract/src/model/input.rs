//! Characters as numbers: a hashed character, a hashed pair of neighbours, the kind of character, and the word around it.

use super::words::WordVectors;

/// Buckets of single characters; bucket 0 is a character that is hidden or missing.
pub(crate) const CHAR_BUCKETS: usize = 3072;
/// Buckets of pairs; bucket 0 as above.
pub(crate) const PAIR_BUCKETS: usize = 8192;
/// Kinds of character; 0 is padding.
pub(crate) const CHAR_KINDS: usize = 10;

/// The numbers of each character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CharIds {
    /// Below [`CHAR_BUCKETS`].
    pub(crate) chars: Vec<u32>,
    /// Below [`PAIR_BUCKETS`]: the character with the one after it.
    pub(crate) pairs: Vec<u32>,
    /// Below [`CHAR_KINDS`].
    pub(crate) kinds: Vec<u32>,
    /// Rows of the word vectors.
    pub(crate) words: Vec<u32>,
}

impl CharIds {
    /// The numbers of a text. Digits are alike, whatever their value.
    pub(crate) fn new(text: &[char], words: &WordVectors) -> Self {
        let alike: Vec<char> = text.iter().map(|c| fold(*c)).collect();
        let chars = alike.iter().map(|c| bucket(&[*c], CHAR_BUCKETS)).collect();
        let next = alike.iter().skip(1).copied().chain(std::iter::once('\0'));
        let pairs = alike.iter().zip(next).map(|(a, b)| bucket(&[*a, b], PAIR_BUCKETS)).collect();
        Self { chars, pairs, kinds: text.iter().map(|c| kind(*c)).collect(), words: words.ids(text) }
    }
}

fn fold(c: char) -> char {
    match c {
        '0'..='9' | '０'..='９' => '0',
        '　' | '\n' | '\r' | '\t' => ' ',
        '，' | ',' => '、',
        '．' => '。',
        _ => c.to_ascii_lowercase(),
    }
}

/// FNV-1a over the code points, spread over buckets 1..buckets.
fn bucket(chars: &[char], buckets: usize) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for byte in chars.iter().flat_map(|c| (*c as u32).to_le_bytes()) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash ^= hash >> 15;
    1 + hash % (buckets as u32 - 1)
}

fn kind(c: char) -> u32 {
    match c {
        'ぁ'..='ゖ' => 1,
        'ァ'..='ヴ' | 'ー' => 2,
        '0'..='9' | '０'..='９' => 3,
        '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '千' => 4,
        '\u{4e00}'..='\u{9fff}' | '々' => 5,
        'a'..='z' | 'A'..='Z' => 6,
        '。' | '、' | ' ' | '　' | '\n' => 7,
        '「' | '」' | '『' | '』' => 8,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_alike_and_letters_differ() {
        let ids =
            |text: &str| CharIds::new(&text.chars().collect::<Vec<_>>(), WordVectors::shipped().unwrap());
        assert_eq!(ids("3日"), ids("7日"));
        assert_ne!(ids("父").chars, ids("母").chars);
    }

    #[test]
    fn every_number_is_below_its_limit() {
        let text: Vec<char> = ('\u{20}'..'\u{ffff}').collect();
        let ids = CharIds::new(&text, WordVectors::shipped().unwrap());
        assert!(ids.chars.iter().all(|i| (1..CHAR_BUCKETS as u32).contains(i)));
        assert!(ids.pairs.iter().all(|i| (1..PAIR_BUCKETS as u32).contains(i)));
        assert!(ids.kinds.iter().all(|i| (1..CHAR_KINDS as u32).contains(i)));
    }
}
