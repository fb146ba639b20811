//! What words mean alike: vectors that were learned elsewhere from much text, so that the tagger understands words which
//! its own training never used.

use std::collections::HashMap;
use std::sync::LazyLock;

use candle_core::{Device, Tensor};
use safetensors::{Dtype, SafeTensors};

use crate::Error;

/// Made by `data/train/word_vectors.py`: `words` (lines of UTF-8), `rows` (u16, the vector of each word), `vectors`
/// (i8, rows × [`WORD_WIDTH`]).
const SHIPPED: &[u8] = include_bytes!("../../../../models/word_vectors.safetensors");
/// Numbers of a vector.
pub(crate) const WORD_WIDTH: usize = 64;
/// Characters of the longest word.
const LONGEST: usize = 8;

/// The words and their vectors.
#[derive(Debug)]
pub(crate) struct WordVectors {
    rows: HashMap<Vec<char>, u32>,
    /// (rows + 1, [`WORD_WIDTH`]); row 0 is no word.
    pub(crate) vectors: Tensor,
}

impl WordVectors {
    /// The vectors that come with the program, read once.
    pub(crate) fn shipped() -> Result<&'static Self, Error> {
        static READ: LazyLock<Option<WordVectors>> = LazyLock::new(|| WordVectors::read(SHIPPED));
        READ.as_ref().ok_or_else(|| Error::weights("damaged word vectors", None))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let file = SafeTensors::deserialize(bytes).ok()?;
        let (words, rows, vectors) =
            (file.tensor("words").ok()?, file.tensor("rows").ok()?, file.tensor("vectors").ok()?);
        let [count, WORD_WIDTH] = *vectors.shape() else { return None };
        if vectors.dtype() != Dtype::I8 || rows.dtype() != Dtype::U16 {
            return None;
        }
        let rows = rows.data().chunks_exact(2).map(|b| 1 + u32::from(u16::from_le_bytes([b[0], b[1]])));
        let words = std::str::from_utf8(words.data()).ok()?.lines().map(|word| word.chars().collect());
        let rows: HashMap<Vec<char>, u32> = words.zip(rows).collect();
        if rows.values().any(|&row| row as usize > count) {
            return None;
        }
        let numbers = std::iter::repeat_n(0.0, WORD_WIDTH)
            .chain(vectors.data().iter().map(|byte| f32::from(byte.cast_signed()) / 127.0))
            .collect();
        let vectors = Tensor::from_vec(numbers, (count + 1, WORD_WIDTH), &Device::Cpu).ok()?;
        Some(Self { rows, vectors })
    }

    /// The row of the word that each character belongs to, and 0 outside words. From the left the longest word is taken.
    pub(crate) fn ids(&self, text: &[char]) -> Vec<u32> {
        let mut ids = vec![0; text.len()];
        let mut at = 0;
        while at < text.len() {
            let longest = LONGEST.min(text.len() - at);
            let found = (1..=longest).rev().find_map(|len| Some((len, *self.rows.get(&text[at..at + len])?)));
            let (len, row) = found.unwrap_or((1, 0));
            ids[at..at + len].fill(row);
            at += len;
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(word: &str) -> Vec<f32> {
        let words = WordVectors::shipped().unwrap();
        let ids = words.ids(&word.chars().collect::<Vec<_>>());
        assert!(ids[0] > 0 && ids.iter().all(|id| *id == ids[0]), "{word} {ids:?}");
        words.vectors.get(ids[0] as usize).unwrap().to_vec1().unwrap()
    }

    fn likeness(a: &str, b: &str) -> f32 {
        let (a, b) = (vector(a), vector(b));
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    }

    #[test]
    fn words_of_one_matter_are_near_each_other() {
        assert!(likeness("小学校", "中学校") > likeness("小学校", "台所") + 0.3);
        assert!(likeness("寝室", "台所") > likeness("寝室", "叱る") + 0.3);
    }

    #[test]
    fn the_longest_word_is_taken_and_what_is_no_word_is_0() {
        let words = WordVectors::shipped().unwrap();
        let ids = words.ids(&"小学校。".chars().collect::<Vec<_>>());
        assert!(ids[0] == ids[2] && ids[3] == 0, "{ids:?}");
    }

    #[test]
    fn a_damaged_file_is_none() {
        assert!(WordVectors::read(&SHIPPED[..SHIPPED.len() / 2]).is_none());
        assert!(WordVectors::read(b"{}").is_none());
    }
}
