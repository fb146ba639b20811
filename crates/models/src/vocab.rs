//! The vocabularies beside a model's weights.

use std::{fs, io::Read, path::Path};

use layout::vocabulary::{decode, from_tokenizer, from_vocab};
use serde::Deserialize;

use crate::{Result, digest::open_regular, error::Error};

/// More than ten times the largest vocabulary file.
const MAX_FILE: u64 = 64 << 20;

/// Bytes of the text tokens in a `CTranslate2` directory: `vocabulary.json`, or `vocabulary.txt` of older converters.
pub(crate) fn from_ctranslate2(dir: &Path) -> Result<Vec<Vec<u8>>> {
    let path = dir.join("vocabulary.json");
    if path.exists() {
        let tokens: Vec<String> = read_json(&path)?;
        return decode(tokens).map_err(|e| bad(&path, &e));
    }
    let path = dir.join("vocabulary.txt");
    let text = String::from_utf8(read(&path)?).map_err(|_| Error::format(&path, "not UTF-8"))?;
    decode(text.lines().map(str::to_owned)).map_err(|e| bad(&path, &e))
}

/// Bytes of the text tokens in a Hugging Face directory: `vocab.json`, or the `tokenizer.json` that replaces it.
pub(crate) fn from_hugging_face(dir: &Path) -> Result<Vec<Vec<u8>>> {
    let path = dir.join("vocab.json");
    if path.exists() {
        return from_vocab(&read(&path)?).map_err(|e| bad(&path, &e));
    }
    let path = dir.join("tokenizer.json");
    from_tokenizer(&read(&path)?).map_err(|e| bad(&path, &e))
}

/// What is wrong with a file, in one message.
pub(crate) fn bad(path: &Path, error: &layout::Error) -> Error {
    match error {
        layout::Error::Json(json) => Error::format(path, json),
        other => Error::format(path, other),
    }
}

/// A file of at most [`MAX_FILE`] bytes.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hugging_face_vocabularies_are_in_either_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("vocab.json"), r#"{"b": 1, "<|endoftext|>": 2, "a": 0}"#).unwrap();
        assert_eq!(from_hugging_face(dir.path()).unwrap(), [b"a", b"b"]);
        fs::write(dir.path().join("vocab.json"), r#"{"あ": 0, "<|endoftext|>": 1}"#).unwrap();
        assert_eq!(from_hugging_face(dir.path()).unwrap_err().kind(), crate::ErrorKind::Unsupported);
        fs::remove_file(dir.path().join("vocab.json")).unwrap();
        let tokenizer =
            r#"{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1, "content": "<|endoftext|>"}]}"#;
        fs::write(dir.path().join("tokenizer.json"), tokenizer).unwrap();
        assert_eq!(from_hugging_face(dir.path()).unwrap(), [b"a"]);
    }
}
