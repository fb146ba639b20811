//! Sentences as they are dictated and as a recogniser writes them: what the speech engine is told to expect.

use fastrand::Rng;

use super::document::{Patterns, read_out};
use super::grammar::Grammar;
use crate::Error;

/// Sentences of each frame that every dictation has, of each other frame, and of each pattern of the tagger. Not of its
/// scripts: with them more is misheard (character error rate 0.232 → 0.242 on thirteen recordings).
const OF_COMMON_FRAME: usize = 60;
const OF_FRAME: usize = 10;
const OF_PATTERN: usize = 4;

/// Sentences of the grammar in `data/train`, each ending with 。, in the order of their characters; all follow from the seed.
///
/// # Errors
/// [`Error`] for a grammar that cannot be read.
pub fn sentences(seed: u64) -> Result<Vec<String>, Error> {
    let mut rng = Rng::with_seed(seed);
    let mut sentences = Vec::new();
    for (grammar, times) in [
        (Grammar::shipped()?, OF_PATTERN),
        (Grammar::frames(true)?, OF_COMMON_FRAME),
        (Grammar::frames(false)?, OF_FRAME),
    ] {
        for pattern in &grammar.patterns {
            for _ in 0..times {
                let words = grammar.sentence(pattern, &mut rng);
                let text: String = words.iter().map(|t| t.c).filter(|c| !"「」『』".contains(*c)).collect();
                sentences.push(format!("{}。", text.trim_end_matches('。')));
            }
        }
    }
    // Repeats stay: what has few wordings is said in them more often.
    sentences.sort_unstable();
    Ok(sentences)
}

/// Whole dictations after each script of `data/train`, `of_script` of each, for reading aloud; all follow from the seed.
///
/// # Errors
/// [`Error`] for a grammar that cannot be read.
pub fn dictations(seed: u64, of_script: usize) -> Result<Vec<String>, Error> {
    let mut rng = Rng::with_seed(seed);
    let grammar = Grammar::shipped()?;
    let scripts = [Patterns::Trained, Patterns::HeldOut].map(|patterns| patterns.scripts(&grammar)).concat();
    Ok(scripts
        .iter()
        .flat_map(|s| std::iter::repeat_n(s, of_script))
        .map(|s| read_out(&grammar, s, &mut rng))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_is_read_out_as_often_as_asked() {
        let made = dictations(1, 2).unwrap();
        assert_eq!(made.len(), 2 * Grammar::shipped().unwrap().scripts.len());
        assert!(made.iter().all(|d| d.ends_with('。') && !d.contains(['「', '」', '{', '}', '|', '\n'])));
    }

    #[test]
    fn the_same_seed_gives_the_same_sentences() {
        let made = sentences(1).unwrap();
        assert!(made.len() > 5_000);
        assert_eq!(made, sentences(1).unwrap());
        assert!(made.iter().all(|s| s.ends_with('。') && !s.contains(['{', '}', '|', '\n'])));
    }
}
