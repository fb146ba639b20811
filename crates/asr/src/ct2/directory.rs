//! What is read from a model directory beside the weights: the vocabulary.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::fault::Fault;
use crate::error::Cause;
use crate::vocabulary::Vocabulary;

/// The token that ends the text tokens and begins the special ones.
const END_OF_TEXT: &str = "<|endoftext|>";
/// More than ten times the largest vocabulary file.
const MAX_FILE: u64 = 64 << 20;
/// Tokens of a model that knows more than English, at least.
const MULTILINGUAL: usize = 51_865;

/// The vocabulary of a model.
#[derive(Debug)]
pub(super) struct Tokens {
    /// Every entry as the file writes it, in the order of the numbers.
    names: Vec<String>,
    /// Bytes of the text entries, in the order of the numbers.
    texts: Vec<Vec<u8>>,
    /// How text is cut.
    pub(super) vocabulary: Vocabulary,
    pub(super) start_of_transcript: usize,
    pub(super) start_of_previous: usize,
    pub(super) transcribe: usize,
    pub(super) translate: usize,
    pub(super) start_of_lm: usize,
    pub(super) no_timestamps: usize,
}

impl Tokens {
    /// Reads `vocabulary.json`, or the `vocabulary.txt` of older converters.
    pub(super) fn read(directory: &Path) -> Result<Self, Cause> {
        let json = directory.join("vocabulary.json");
        let path = if json.exists() { json } else { directory.join("vocabulary.txt") };
        let bytes = read(&path).map_err(|source| Cause::OpenModel { path: path.clone(), source })?;
        let names: Option<Vec<String>> = if path.extension().is_some_and(|e| e == "json") {
            serde_json::from_slice(&bytes).ok()
        } else {
            String::from_utf8(bytes).ok().map(|text| text.lines().map(str::to_owned).collect())
        };
        names.and_then(Self::new).ok_or_else(|| Fault::Vocabulary { path }.into())
    }

    /// `None` where it is no vocabulary of Whisper.
    fn new(names: Vec<String>) -> Option<Self> {
        let number = |name: &str| names.iter().position(|entry| entry == name);
        let texts: Vec<Vec<u8>> =
            names[..number(END_OF_TEXT)?].iter().map(|n| bytes(n)).collect::<Option<_>>()?;
        Some(Self {
            vocabulary: Vocabulary::new(texts.iter().cloned()),
            start_of_transcript: number("<|startoftranscript|>")?,
            start_of_previous: number("<|startofprev|>")?,
            transcribe: number("<|transcribe|>")?,
            translate: number("<|translate|>")?,
            start_of_lm: number("<|startoflm|>")?,
            no_timestamps: number("<|notimestamps|>")?,
            texts,
            names,
        })
    }

    /// Whether the model was trained on more than English.
    pub(super) fn is_multilingual(&self) -> bool {
        self.names.len() >= MULTILINGUAL
    }

    /// Number of a language's token.
    pub(super) fn language(&self, code: &str) -> Option<usize> {
        self.number(&format!("<|{code}|>"))
    }

    /// Number of an entry.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|entry| entry == name)
    }

    /// The entry as the file writes it; empty for a number that is none.
    pub(super) fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    /// Bytes of a text token; `None` for special tokens and timestamps.
    pub(super) fn text(&self, number: usize) -> Option<&[u8]> {
        self.texts.get(number).map(Vec::as_slice)
    }

    /// Milliseconds of the window that a timestamp token stands for.
    pub(super) fn timestamp_ms(&self, number: usize) -> Option<u64> {
        number.checked_sub(self.no_timestamps + 1).map(|steps| steps as u64 * 20)
    }

    /// A small vocabulary: the bytes of ASCII, special tokens, timestamps to 30 s.
    #[cfg(test)]
    pub(super) fn sample() -> Self {
        let special = ["endoftext", "startoftranscript", "ja", "translate", "transcribe", "startoflm"];
        let names = (0..=255_u8)
            .map(|byte| char_of(byte).to_string())
            .chain(
                special
                    .iter()
                    .chain(&["startofprev", "nospeech", "notimestamps"])
                    .map(|n| format!("<|{n}|>")),
            )
            .chain((0..=1_500).map(|step| format!("<|{:.2}|>", f64::from(step) / 50.0)));
        Self::new(names.collect()).unwrap_or_else(|| unreachable!())
    }
}

/// At most [`MAX_FILE`] bytes of a regular file.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a vocabulary file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes that a byte-level entry stands for.
fn bytes(name: &str) -> Option<Vec<u8>> {
    name.chars().map(byte_of).collect()
}

/// Whether a byte stands for itself in GPT-2's `bytes_to_unicode` (openai/gpt-2, `src/encoder.py`): the printable ones
/// of Latin-1 do, the others in their order are the characters from U+0100.
fn is_own(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}

fn byte_of(c: char) -> Option<u8> {
    match u8::try_from(c) {
        Ok(byte) => is_own(byte).then_some(byte),
        Err(_) => (0..=u8::MAX).filter(|b| !is_own(*b)).nth((c as usize).checked_sub(0x100)?),
    }
}

#[cfg(test)]
fn char_of(byte: u8) -> char {
    (0..0x200).filter_map(char::from_u32).find(|c| byte_of(*c) == Some(byte)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_bytes_in_disguise() {
        assert_eq!(bytes("Ġthe").as_deref(), Some(b" the".as_slice()));
        assert_eq!(bytes("ãģĤ").as_deref(), Some("あ".as_bytes()));
        assert_eq!(bytes("あ"), None);
        let all: Vec<u8> = (0..=u8::MAX).filter_map(|b| byte_of(char_of(b))).collect();
        assert_eq!(all, (0..=u8::MAX).collect::<Vec<_>>());
    }

    #[test]
    fn special_tokens_have_no_text_and_timestamps_have_times() {
        let tokens = Tokens::sample();
        assert_eq!(tokens.text(usize::from(b'a')), Some(b"a".as_slice()));
        assert_eq!(tokens.text(tokens.start_of_transcript), None);
        assert_eq!(tokens.timestamp_ms(tokens.no_timestamps), None);
        assert_eq!(tokens.timestamp_ms(tokens.no_timestamps + 51), Some(1_000));
        assert_eq!(tokens.name(tokens.language("ja").unwrap()), "<|ja|>");
        assert_eq!(tokens.language("jp"), None);
    }

    #[test]
    fn what_is_no_vocabulary_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vocabulary.json");
        assert!(matches!(Tokens::read(directory.path()), Err(Cause::OpenModel { .. })));
        for content in ["", "{}", "[]", r#"["a", "<|endoftext|>"]"#, r#"["あ", "<|endoftext|>"]"#] {
            std::fs::write(&path, content).unwrap();
            assert!(
                matches!(Tokens::read(directory.path()), Err(Cause::Ct2(Fault::Vocabulary { .. }))),
                "{content}"
            );
        }
    }
}
