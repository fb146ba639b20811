//! Words read aloud, single kanji in every way that the dictionary knows.

use super::mora::{Mora, moras};
use crate::cursor::is_kanji;
use crate::morphology::{Morpheme, kanji_readings};

/// Readings of a single kanji that are tried beside the most likely one.
const OTHER_READINGS: usize = 4;
/// Words that are read in all ways together; longer terms are certain enough without it.
pub(super) const LOCAL_WORDS: usize = 5;
/// Ways of reading them that are tried.
const MAX_CHOICES: usize = 48;

/// The readings of a word that are tried: of one kanji those of the dictionary and those that it has inside words, of longer
/// words the most likely one.
fn readings<'w>(word: &'w Morpheme<'_>) -> Vec<&'w str> {
    let mut readings = vec![word.reading.as_str()];
    let mut chars = word.surface.chars();
    if let (Some(kanji), None) = (chars.next(), chars.next())
        && is_kanji(kanji)
    {
        for other in word.other_readings.iter().chain(kanji_readings(kanji)) {
            if readings.len() <= OTHER_READINGS && !readings.contains(&other.as_str()) {
                readings.push(other);
            }
        }
    }
    readings
}

fn rarity(word: &Morpheme<'_>, reading: &str) -> usize {
    let inside = word.surface.chars().next().map_or(&[][..], kanji_readings);
    inside.iter().position(|r| r == reading).unwrap_or(inside.len())
}

/// How many ways there are to read the first words.
pub(super) fn choices(words: &[Morpheme<'_>]) -> usize {
    words.iter().take(LOCAL_WORDS).map(|word| readings(word).len()).product::<usize>().min(MAX_CHOICES)
}

/// Words read aloud: all moras, and where each word starts; the last entry is the end.
pub(super) struct Aloud {
    pub(super) moras: Vec<Mora>,
    pub(super) starts: Vec<usize>,
    /// By word, how many readings of its kanji are more frequent inside words.
    pub(super) rarity: Vec<usize>,
    /// By word, whether the dictionary reads it so.
    pub(super) listed: Vec<bool>,
}

impl Aloud {
    /// The words read in one of their [`choices`]; 0 is the most likely one.
    pub(super) fn chosen(words: &[Morpheme<'_>], choice: usize) -> Self {
        let mut rest = choice;
        let mut aloud = Self {
            moras: Vec::with_capacity(words.len() * 3),
            starts: Vec::with_capacity(words.len() + 1),
            rarity: Vec::with_capacity(words.len()),
            listed: Vec::with_capacity(words.len()),
        };
        for word in words {
            aloud.starts.push(aloud.moras.len());
            let reading = if rest == 0 {
                &word.reading
            } else {
                let readings = readings(word);
                let reading = readings[rest % readings.len()];
                rest /= readings.len();
                reading
            };
            aloud.moras.extend(moras(reading));
            aloud.rarity.push(rarity(word, reading));
            aloud.listed.push(reading == word.reading || word.other_readings.iter().any(|r| r == reading));
        }
        aloud.starts.push(aloud.moras.len());
        aloud
    }
}
