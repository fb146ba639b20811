//! What a new entry would wrongly hit.

use super::index::reach;
use super::mora::{distance, moras};
use super::terms::{Term, Terms};
use crate::error::Result;
use crate::morphology::ordinary_words;

/// A word that a new entry could be written over, or be mistaken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    /// The word.
    pub word: String,
    /// Its reading in hiragana.
    pub reading: String,
    /// What kind of clash it is.
    pub kind: ClashKind,
    /// How far the readings are apart; 0 is the same sound.
    pub distance: f32,
}

/// What an entry clashes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClashKind {
    /// Another term that sounds the same or nearly so.
    Term,
    /// The same term with another reading.
    SameTerm,
    /// An ordinary word of the dictionary; also the entry itself, where it is one.
    Word,
    /// Too short to be found by its sound: only its own spelling is recognised.
    TooShort,
}

/// Ordinary words this near are told: a voicing, a long vowel, a ん.
const WORD_REACH: f32 = 0.4;

pub(super) fn clashes(terms: &Terms, term: &Term) -> Result<Vec<Clash>> {
    let reading = moras(&term.reading);
    let mut clashes = Vec::new();
    if reading.len() < super::index::MIN_MORAS {
        clashes.push(Clash {
            word: term.written.clone(),
            reading: term.reading.clone(),
            kind: ClashKind::TooShort,
            distance: 0.0,
        });
    }
    for (other, moras) in terms.list.iter().zip(&terms.readings) {
        if other == term {
            continue;
        }
        let same = other.written == term.written;
        let near = moras.len().abs_diff(reading.len()) <= 3;
        let apart = if near { distance(&reading, moras) } else { f32::INFINITY };
        let within = apart <= reach(reading.len()).max(reach(moras.len()));
        if same && other.reading != term.reading || !same && within {
            let kind = if same { ClashKind::SameTerm } else { ClashKind::Term };
            let (word, reading) = (other.written.clone(), other.reading.clone());
            clashes.push(Clash {
                word,
                reading,
                kind,
                distance: if apart.is_finite() { apart } else { 0.0 },
            });
        }
    }
    for (word, read) in ordinary_words()? {
        let sound = moras(&read);
        if sound.len().abs_diff(reading.len()) <= 2 {
            let apart = distance(&reading, &sound);
            if apart <= WORD_REACH {
                clashes.push(Clash { word, reading: read, kind: ClashKind::Word, distance: apart });
            }
        }
    }
    clashes.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    Ok(clashes)
}
