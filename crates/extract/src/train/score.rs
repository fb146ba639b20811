//! How well a tagger does on dictations whose answers are known.

use std::collections::BTreeMap;
use std::ops::Range;

use super::document::Dictation;
use crate::Error;
use crate::model::{Party, Section, SpanKind, Tagger, best, tag_of};

/// Right, said and wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Said and wanted.
    pub right: usize,
    /// Said by the tagger.
    pub said: usize,
    /// In the answers.
    pub wanted: usize,
}

impl Counts {
    /// Harmonic mean of precision and recall, 0..=1.
    #[must_use]
    pub fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.said + self.wanted).max(1) as f64
    }

    /// Share of what was said that is right, 0..=1.
    #[must_use]
    pub fn precision(&self) -> f64 {
        self.right as f64 / self.said.max(1) as f64
    }

    /// Share of what was wanted that was said, 0..=1.
    #[must_use]
    pub fn recall(&self) -> f64 {
        self.right as f64 / self.wanted.max(1) as f64
    }
}

/// Scores of a tagger.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Sections of sentences whose boundaries are given.
    pub sections: BTreeMap<Section, Counts>,
    /// By the least probability: sections said with it, those of them that are right, all sentences.
    pub confident: BTreeMap<u32, Counts>,
    /// Ends of sentences, at the probability 0.5.
    pub ends: Counts,
    /// Spans, right only with both edges.
    pub spans: BTreeMap<SpanKind, Counts>,
    /// Of whom the marked spans tell, their edges given.
    pub parties: BTreeMap<Party, Counts>,
}

impl Score {
    /// Share of the sentences in the right section.
    #[must_use]
    pub fn section_accuracy(&self) -> f64 {
        let right: usize = self.sections.values().map(|c| c.right).sum();
        right as f64 / self.sections.values().map(|c| c.wanted).sum::<usize>().max(1) as f64
    }
}

/// Least probabilities that are scored, in hundredths.
const LEAST: [u32; 6] = [50, 60, 70, 80, 90, 95];

pub(super) fn score(tagger: &Tagger, dictations: &[Dictation]) -> Result<Score, Error> {
    let mut score = Score::default();
    for dictation in dictations {
        let text: String = dictation.chars.iter().collect();
        let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let bytes = |range: &Range<usize>| offsets[range.start]..offsets[range.end];
        let reading = tagger.read(&text)?;

        let ranges: Vec<_> = dictation.sentences.iter().map(|(range, _)| bytes(range)).collect();
        for ((_, wanted), p) in dictation.sentences.iter().zip(tagger.sections(&reading, &ranges)?) {
            let (said, p) = best(&p);
            let right = usize::from(said == *wanted);
            score.sections.entry(said).or_default().said += 1;
            let counts = score.sections.entry(*wanted).or_default();
            (counts.wanted, counts.right) = (counts.wanted + 1, counts.right + right);
            for least in LEAST {
                let counts = score.confident.entry(least).or_default();
                counts.wanted += 1;
                if p * 100.0 >= least as f32 {
                    (counts.said, counts.right) = (counts.said + 1, counts.right + right);
                }
            }
        }

        let said = reading.ends(0.5);
        let wanted: Vec<usize> = ranges.iter().map(|r| r.end).collect();
        score.ends.said += said.len();
        score.ends.wanted += wanted.len();
        score.ends.right += said.iter().filter(|s| wanted.binary_search(s).is_ok()).count();

        for (wanted, range) in wanted_parties(dictation) {
            let (said, _) = reading.party(&bytes(&range));
            if let Some(said) = said {
                score.parties.entry(said).or_default().said += 1;
            }
            let counts = score.parties.entry(wanted).or_default();
            (counts.wanted, counts.right) =
                (counts.wanted + 1, counts.right + usize::from(said == Some(wanted)));
        }

        let wanted = wanted_spans(dictation);
        for (kind, _) in &wanted {
            score.spans.entry(*kind).or_default().wanted += 1;
        }
        for span in reading.spans() {
            let counts = score.spans.entry(span.kind).or_default();
            counts.said += 1;
            let right = wanted.iter().any(|(kind, range)| *kind == span.kind && bytes(range) == span.range);
            counts.right += usize::from(right);
        }
    }
    Ok(score)
}

fn wanted_parties(dictation: &Dictation) -> Vec<(Party, Range<usize>)> {
    let mut at = 0;
    let runs = dictation.marks.chunk_by(|a, b| a == b).filter_map(|run| {
        let range = at..at + run.len();
        at = range.end;
        Some((run[0]?.party?, range))
    });
    runs.collect()
}

fn wanted_spans(dictation: &Dictation) -> Vec<(SpanKind, Range<usize>)> {
    let mut spans: Vec<(SpanKind, Range<usize>)> = Vec::new();
    let mut open = false;
    for (at, class) in dictation.tags.iter().enumerate() {
        match tag_of(*class as usize) {
            Some((_, false)) if open => {
                if let Some((_, last)) = spans.last_mut() {
                    last.end = at + 1;
                }
            }
            Some((kind, _)) => {
                spans.push((kind, at..at + 1));
                open = true;
            }
            None => open = false,
        }
    }
    spans
}
