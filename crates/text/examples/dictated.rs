//! Builds `data/dictated.tsv` from the expected sentences: nouns that dictations are made of, with their readings.
//!
//! ```text
//! cargo run -p text --release --example dictated -- models/dictation.txt.gz crates/text/data/dictated.tsv
//! ```
//!
//! Words of the dictionary with kanji, names left out, and two of them in a row; the most frequent first. Of words with
//! one reading the most frequent is kept.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use text::{Morpheme, Morphology, Pos};

/// Occurrences of a word that counts as usual.
const USUAL: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(sentences), Some(target)) = (args.next(), args.next()) else {
        return Err("usage: dictated SENTENCES TARGET".into());
    };
    let mut list = String::new();
    GzDecoder::new(fs::File::open(sentences)?).read_to_string(&mut list)?;
    let morphology = Morphology::shared()?;
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    for line in list.lines() {
        let words = morphology.tokens(line);
        for (i, word) in words.iter().enumerate().filter(|(_, word)| is_usual(word)) {
            *counts.entry((word.surface.to_owned(), word.reading.clone())).or_default() += 1;
            if let Some(next) = words.get(i + 1).filter(|next| is_usual(next)) {
                let pair = (
                    format!("{}{}", word.surface, next.surface),
                    format!("{}{}", word.reading, next.reading),
                );
                *counts.entry(pair).or_default() += 1;
            }
        }
    }
    let mut words: Vec<_> = counts.into_iter().filter(|(_, count)| *count >= USUAL).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut read: HashSet<String> = HashSet::new();
    words.retain(|((_, reading), _)| read.insert(reading.clone()));
    let lines: Vec<String> =
        words.iter().map(|((word, reading), _)| format!("{word}\t{reading}\n")).collect();
    let head = "# word, reading; made by `cargo run -p text --example dictated`, the most frequent first\n";
    fs::write(target, format!("{head}{}", lines.concat()))?;
    Ok(())
}

/// A noun of the dictionary in kanji that is no name and no number.
fn is_usual(word: &Morpheme<'_>) -> bool {
    let noun = matches!(word.pos, Pos::Noun | Pos::VerbalNoun | Pos::AdjectivalNoun | Pos::AdverbialNoun);
    noun && word.known
        && word.surface.chars().count() > 1
        && word.surface.chars().all(|c| ('一'..='鿿').contains(&c))
}
