//! Ordinary words of dictations by their sounds.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::index::MIN_MORAS;
use super::mora::{Mora, moras};
use super::terms::Term;
use crate::words::lines;

/// Word, reading; `examples/dictated.rs` makes it from the expected sentences.
const WORDS: &str = include_str!("../../data/dictated.tsv");

/// The word that is read exactly so.
pub(super) fn word(reading: &[Mora]) -> Option<&'static Term> {
    static WORDS_BY_READING: LazyLock<HashMap<Vec<Mora>, Term>> = LazyLock::new(|| {
        let mut words = HashMap::new();
        for (written, reading) in lines(WORDS).filter_map(|line| line.split_once('\t')) {
            let sounds = moras(reading);
            if sounds.len() >= MIN_MORAS {
                words.entry(sounds).or_insert_with(|| Term {
                    written: written.to_owned(),
                    reading: reading.to_owned(),
                    category: String::new(),
                    office: false,
                });
            }
        }
        words
    });
    WORDS_BY_READING.get(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_whole_reading() {
        assert_eq!(word(&moras("せいけつ")).map(|t| t.written.as_str()), Some("清潔"));
        assert!(word(&moras("せいけ")).is_none());
    }
}
