//! Whisper's vocabulary: GPT-2 byte-level BPE text back to bytes.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::Error;

/// The token that ends the text tokens and begins the special ones.
pub const END_OF_TEXT: &str = "<|endoftext|>";

/// Bytes of the text tokens of a `vocab.json`: texts with their numbers.
///
/// # Errors
/// Where numbers are missing, or a text is not in the byte-level alphabet.
pub fn from_vocab(json: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    in_order(serde_json::from_slice(json)?)
}

/// Bytes of the text tokens of a `tokenizer.json`, which replaces `vocab.json`.
///
/// # Errors
/// As [`from_vocab`].
pub fn from_tokenizer(json: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    #[derive(Deserialize)]
    struct Tokenizer {
        model: Model,
        #[serde(default)]
        added_tokens: Vec<Added>,
    }
    #[derive(Deserialize)]
    struct Model {
        vocab: HashMap<String, u32>,
    }
    #[derive(Deserialize)]
    struct Added {
        id: u32,
        content: String,
    }
    let tokenizer: Tokenizer = serde_json::from_slice(json)?;
    let mut vocab = tokenizer.model.vocab;
    vocab.extend(tokenizer.added_tokens.into_iter().map(|added| (added.content, added.id)));
    in_order(vocab)
}

fn in_order(vocab: HashMap<String, u32>) -> Result<Vec<Vec<u8>>, Error> {
    let by_id: BTreeMap<u32, String> = vocab.into_iter().map(|(token, id)| (id, token)).collect();
    if by_id.keys().zip(0..).any(|(&id, expected): (_, u32)| id != expected) {
        return Err(Error::Gaps);
    }
    decode(by_id.into_values())
}

/// Bytes of the tokens before [`END_OF_TEXT`], given in the order of their numbers.
///
/// # Errors
/// Where a text is not in the byte-level alphabet, or the end is missing.
pub fn decode(tokens: impl IntoIterator<Item = String>) -> Result<Vec<Vec<u8>>, Error> {
    let table = byte_of_char();
    let mut vocab = Vec::new();
    for token in tokens {
        if token == END_OF_TEXT {
            return Ok(vocab);
        }
        let bytes: Option<Vec<u8>> = token.chars().map(|c| table.get(&c).copied()).collect();
        vocab.push(bytes.ok_or(Error::NotBytes { token: vocab.len() })?);
    }
    Err(Error::NoEnd)
}

/// Inverse of GPT-2's `bytes_to_unicode` (openai/gpt-2, `src/encoder.py`): printable Latin-1 characters stand for their
/// own byte, the other bytes in order for the characters from U+0100.
fn byte_of_char() -> HashMap<char, u8> {
    let printable = |b: &u8| matches!(b, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let own = (0..=u8::MAX).filter(printable).map(|b| (char::from(b), b));
    let other = ('\u{100}'..).zip((0..=u8::MAX).filter(|b| !printable(b)));
    own.chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_character() {
        let table = byte_of_char();
        assert_eq!(table.len(), 256);
        let bytes: std::collections::BTreeSet<u8> = table.values().copied().collect();
        assert_eq!(bytes.len(), 256);
        assert_eq!(table[&'A'], b'A');
        assert_eq!(table[&'Ġ'], b' ');
        assert_eq!(table[&'Ċ'], b'\n');
    }

    #[test]
    fn text_tokens_become_bytes_and_special_tokens_end_the_list() {
        let tokens = ["!", "Ġthe", "ãģĤ", "", "<|endoftext|>", "<|ja|>"];
        let vocab = decode(tokens.map(str::to_owned)).unwrap();
        assert_eq!(vocab, [b"!".to_vec(), b" the".to_vec(), "あ".as_bytes().to_vec(), Vec::new()]);
    }

    #[test]
    fn a_token_that_is_not_byte_level_is_refused() {
        assert!(matches!(decode(["あ".to_owned()]), Err(Error::NotBytes { token: 0 })));
        assert!(matches!(decode(["a".to_owned()]), Err(Error::NoEnd)));
    }

    #[test]
    fn tokens_are_ordered_by_their_numbers() {
        let vocab = br#"{"b": 1, "<|endoftext|>": 2, "a": 0}"#;
        assert_eq!(from_vocab(vocab).unwrap(), [b"a", b"b"]);
        let gap = br#"{"b": 3, "<|endoftext|>": 2, "a": 0}"#;
        assert!(matches!(from_vocab(gap), Err(Error::Gaps)));
        let tokenizer =
            br#"{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1, "content": "<|endoftext|>"}]}"#;
        assert_eq!(from_tokenizer(tokenizer).unwrap(), [b"a"]);
    }
}
