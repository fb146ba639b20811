//! Whisper's vocabulary: GPT-2 byte-level BPE text back to bytes.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::Read,
    path::Path,
};

use serde::Deserialize;

use crate::{Result, digest::open_regular, error::Error};

/// The token that ends the text tokens and begins the special ones.
const END_OF_TEXT: &str = "<|endoftext|>";
/// More than ten times the largest vocabulary file.
const MAX_FILE: u64 = 64 << 20;

/// Bytes of the text tokens in a `CTranslate2` directory: `vocabulary.json`, or `vocabulary.txt` of older converters.
pub(crate) fn from_ctranslate2(dir: &Path) -> Result<Vec<Vec<u8>>> {
    let path = dir.join("vocabulary.json");
    if path.exists() {
        let tokens: Vec<String> = read_json(&path)?;
        return decode(&path, tokens.into_iter());
    }
    let path = dir.join("vocabulary.txt");
    let text = String::from_utf8(read(&path)?).map_err(|_| Error::format(&path, "not UTF-8"))?;
    decode(&path, text.lines().map(str::to_owned))
}

/// Bytes of the text tokens in a Hugging Face directory: `vocab.json`, or the `tokenizer.json` that replaces it.
pub(crate) fn from_hugging_face(dir: &Path) -> Result<Vec<Vec<u8>>> {
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

    let path = dir.join("vocab.json");
    let (path, vocab) = if path.exists() {
        let vocab: HashMap<String, u32> = read_json(&path)?;
        (path, vocab)
    } else {
        let path = dir.join("tokenizer.json");
        let tokenizer: Tokenizer = read_json(&path)?;
        let mut vocab = tokenizer.model.vocab;
        vocab.extend(tokenizer.added_tokens.into_iter().map(|a| (a.content, a.id)));
        (path, vocab)
    };
    let by_id: BTreeMap<u32, String> = vocab.into_iter().map(|(token, id)| (id, token)).collect();
    if by_id.keys().zip(0..).any(|(&id, expected): (_, u32)| id != expected) {
        return Err(Error::format(path, "token ids have gaps or repeat"));
    }
    decode(&path, by_id.into_values())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let (file, meta) = open_regular(path)?;
    if meta.len() > MAX_FILE {
        return Err(Error::format(path, "too large for a vocabulary"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    Ok(bytes)
}

/// Reads a JSON file of at most [`MAX_FILE`] bytes.
pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    serde_json::from_slice(&read(path)?).map_err(|e| Error::format(path, e))
}

/// Whether `dir` has a vocabulary of a `CTranslate2` model.
pub(crate) fn in_ctranslate2(dir: &Path) -> bool {
    ["vocabulary.json", "vocabulary.txt"].iter().any(|name| fs::exists(dir.join(name)).unwrap_or(false))
}

fn decode(path: &Path, tokens: impl Iterator<Item = String>) -> Result<Vec<Vec<u8>>> {
    let table = byte_of_char();
    let mut vocab = Vec::new();
    for token in tokens {
        if token == END_OF_TEXT {
            return Ok(vocab);
        }
        let bytes: Option<Vec<u8>> = token.chars().map(|c| table.get(&c).copied()).collect();
        let id = vocab.len();
        vocab.push(
            bytes.ok_or_else(|| Error::format(path, format_args!("token {id} is not byte-level BPE")))?,
        );
    }
    Err(Error::format(path, format_args!("no {END_OF_TEXT} token")))
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
        let vocab = decode(Path::new("v"), tokens.iter().map(|t| (*t).to_owned())).unwrap();
        assert_eq!(vocab, [b"!".to_vec(), b" the".to_vec(), "あ".as_bytes().to_vec(), Vec::new()]);
    }

    #[test]
    fn a_token_that_is_not_byte_level_is_refused() {
        let error = decode(Path::new("v"), ["あ".to_owned()].into_iter()).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
    }

    #[test]
    fn hugging_face_vocabularies_are_ordered_by_id() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("vocab.json"), r#"{"b": 1, "<|endoftext|>": 2, "a": 0}"#).unwrap();
        assert_eq!(from_hugging_face(dir.path()).unwrap(), [b"a", b"b"]);
        fs::write(dir.path().join("vocab.json"), r#"{"b": 3, "<|endoftext|>": 2, "a": 0}"#).unwrap();
        assert!(from_hugging_face(dir.path()).is_err());
        fs::remove_file(dir.path().join("vocab.json")).unwrap();
        let tokenizer =
            r#"{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1, "content": "<|endoftext|>"}]}"#;
        fs::write(dir.path().join("tokenizer.json"), tokenizer).unwrap();
        assert_eq!(from_hugging_face(dir.path()).unwrap(), [b"a"]);
    }
}
