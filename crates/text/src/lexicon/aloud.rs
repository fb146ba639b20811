//! Words read aloud, single kanji in every way that the dictionary knows.

use super::mora::{Mora, moras};
use crate::cursor::is_kanji;
use crate::morphology::Morpheme;

/// Readings of single kanji that are tried beside the most likely ones.
const OTHER_READINGS: usize = 2;
/// Words that are read in all ways together; longer terms are certain enough without it.
pub(super) const LOCAL_WORDS: usize = 5;
/// Ways of reading them that are tried.
const MAX_CHOICES: usize = 12;

/// How many readings of a word are tried: of one kanji all, of longer words the most likely one.
fn readings(word: &Morpheme<'_>) -> usize {
    let single = word.surface.chars().count() == 1 && word.surface.chars().all(is_kanji);
    if single { 1 + word.other_readings.len().min(OTHER_READINGS) } else { 1 }
}

/// How many ways there are to read the first words.
pub(super) fn choices(words: &[Morpheme<'_>]) -> usize {
    words.iter().take(LOCAL_WORDS).map(readings).product::<usize>().min(MAX_CHOICES)
}

/// Words read aloud: all moras, and where each word starts; the last entry is the end.
pub(super) struct Aloud {
    pub(super) moras: Vec<Mora>,
    pub(super) starts: Vec<usize>,
}

impl Aloud {
    /// The words read in one of their [`choices`]; 0 is the most likely one.
    pub(super) fn chosen(words: &[Morpheme<'_>], choice: usize) -> Self {
        let mut rest = choice;
        Self::new(words, |word| {
            if rest == 0 {
                return 0;
            }
            let reading = rest % readings(word);
            rest /= readings(word);
            reading
        })
    }

    /// `choose` tells which reading of a word is taken, from 0 for the most likely one.
    fn new(words: &[Morpheme<'_>], mut choose: impl FnMut(&Morpheme<'_>) -> usize) -> Self {
        let mut aloud =
            Self { moras: Vec::with_capacity(words.len() * 3), starts: Vec::with_capacity(words.len() + 1) };
        for word in words {
            let other = choose(word).checked_sub(1).and_then(|i| word.other_readings.get(i));
            aloud.starts.push(aloud.moras.len());
            aloud.moras.extend(moras(other.unwrap_or(&word.reading)));
        }
        aloud.starts.push(aloud.moras.len());
        aloud
    }
}
