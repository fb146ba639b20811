//! Whether values stand on spoken words, and citations on the time of these words.

use record::template::{FieldSpec, FieldType};
use record::{Citation, Field, Origin, Record, Value};
use serde::{Deserialize, Serialize};

use super::compare::letters;
use super::tally::Part;

/// Farthest that a citation may leave the sentences in which its words are spoken, in milliseconds.
const TOLERANCE_MS: u64 = 300;
/// At least this share of a quote's characters must be found in the script, or its time is not checked.
const ALIGNED: f64 = 0.5;

/// When a sentence of the script was spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) text: String,
}

/// Counts about citations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Citations {
    /// Quotes that stand in the transcript.
    pub(crate) quotes: Part,
    /// Citations whose time is that of their words.
    pub(crate) times: Part,
    /// Citations whose words were heard too wrongly to tell when they are spoken.
    pub(crate) unchecked: usize,
}

impl Citations {
    pub(crate) fn add(&mut self, other: &Self) {
        self.quotes.add(&other.quotes);
        self.times.add(&other.times);
        self.unchecked += other.unchecked;
    }
}

/// Reads the table of sentences: start, end and text, divided by tabs.
pub(crate) fn sentences(table: &str) -> Option<Vec<Sentence>> {
    table
        .lines()
        .map(|line| {
            let mut cells = line.splitn(3, '\t');
            let (start_ms, end_ms) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
            Some(Sentence { start_ms, end_ms, text: cells.next()?.to_owned() })
        })
        .collect()
}

/// Characters of the field's copied words that no quote of the field holds.
pub(crate) fn unsupported(field: &Field, spec: &FieldSpec) -> usize {
    if !matches!(field.origin, Some(Origin::Rule | Origin::Model)) {
        return 0;
    }
    match &field.value {
        Some(Value::Text(text)) if is_copied(spec.kind) => missing(text, &field.citations),
        Some(Value::Person(person)) => {
            let parts = [&person.name, &person.kana, &person.org];
            // 匿名 is the form's own word for 「名前は言いたくない」.
            let copied = parts.into_iter().flatten().filter(|part| *part != "匿名");
            copied.map(|part| missing(part, &field.citations)).sum()
        }
        Some(Value::Rows(rows)) => rows
            .iter()
            .flat_map(|row| row.cells.iter().map(move |(key, cell)| (row, key, cell)))
            .filter(|(_, key, _)| {
                key.ends_with("_detail")
                    || key.ends_with("_words")
                    || spec.column(key).is_some_and(|c| is_copied(c.kind))
            })
            .filter_map(|(row, key, cell)| Some((row, key, cell.as_str()?)))
            .map(|(row, key, cell)| missing(&spoken_part(key, cell, &row.citations), &row.citations))
            .sum(),
        _ => 0,
    }
}

fn is_copied(kind: FieldType) -> bool {
    matches!(kind, FieldType::Text | FieldType::Quote)
}

/// The copied words of a cell: the labels of an explanation and the 大 of 「10円玉くらい」 are normal forms.
fn spoken_part(key: &str, cell: &str, citations: &[Citation]) -> String {
    match key {
        "explanation" => cell
            .split_inclusive('」')
            .filter_map(|part| part.split_once('「').map(|(_, words)| words))
            .collect(),
        "size" if !citations.iter().any(|c| c.quote.contains(cell)) => cell.trim_end_matches('大').to_owned(),
        _ => cell.to_owned(),
    }
}

/// Characters of `text` that are left when the quotes' characters are taken away in order.
fn missing(text: &str, citations: &[Citation]) -> usize {
    let text = letters(text);
    let quotes: Vec<char> = citations.iter().flat_map(|c| letters(&c.quote)).collect();
    text.len() - common(&text, &quotes)
}

/// Length of the longest common subsequence.
fn common(a: &[char], b: &[char]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for ca in a {
        let mut diagonal = 0;
        for (j, cb) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if ca == cb { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Checks every citation of the record: its words against the transcript and, where sentences are given, its time.
pub(crate) fn citations(record: &Record, spoken: Option<&[Sentence]>) -> Citations {
    let text: String =
        record.transcript.segments.iter().filter(|s| s.is_mapped()).map(|s| s.text.as_str()).collect();
    let clock = spoken.map(|sentences| Clock::new(&text, sentences));
    let mut counts = Citations::default();
    for citation in record.fields.iter().flat_map(all) {
        counts.quotes.note(text.contains(&citation.quote));
        let timed = citation.end_ms > 0;
        match clock.as_ref().filter(|_| timed).map(|clock| clock.agrees(citation, &text)) {
            None => {}
            Some(None) => counts.unchecked += 1,
            Some(Some(agrees)) => counts.times.note(agrees),
        }
    }
    counts
}

fn all(field: &Field) -> impl Iterator<Item = &Citation> {
    let rows = match &field.value {
        Some(Value::Rows(rows)) => rows.as_slice(),
        _ => &[],
    };
    field.citations.iter().chain(rows.iter().flat_map(|r| &r.citations))
}

/// The sentence of the script in which each character of a transcript was spoken.
struct Clock<'a> {
    sentences: &'a [Sentence],
    /// Byte position in the transcript, and the sentence of the script's equal character.
    at: Vec<(usize, Option<usize>)>,
}

impl<'a> Clock<'a> {
    fn new(text: &str, sentences: &'a [Sentence]) -> Self {
        let heard: Vec<(usize, char)> = text.char_indices().collect();
        let script: Vec<(usize, char)> =
            sentences.iter().enumerate().flat_map(|(i, s)| s.text.chars().map(move |c| (i, c))).collect();
        let matched = aligned(
            &heard.iter().map(|(_, c)| *c).collect::<Vec<_>>(),
            &script.iter().map(|(_, c)| *c).collect::<Vec<_>>(),
        );
        let at = heard.iter().zip(matched).map(|((at, _), m)| (*at, m.map(|j| script[j].0))).collect();
        Self { sentences, at }
    }

    /// Whether the citation's time is inside the sentences of its words. `None` where too few of them were heard right.
    fn agrees(&self, citation: &Citation, text: &str) -> Option<bool> {
        let mut checked = None;
        for (start, _) in text.match_indices(&citation.quote) {
            let end = start + citation.quote.len();
            let inside: Vec<Option<usize>> =
                self.at.iter().filter(|(at, _)| (start..end).contains(at)).map(|(_, s)| *s).collect();
            let known: Vec<usize> = inside.iter().flatten().copied().collect();
            let (Some(first), Some(last)) = (known.iter().min(), known.iter().max()) else { continue };
            if (known.len() as f64) < ALIGNED * inside.len() as f64 {
                continue;
            }
            let from = self.sentences[*first].start_ms.saturating_sub(TOLERANCE_MS);
            let until = self.sentences[*last].end_ms + TOLERANCE_MS;
            let agrees = from <= citation.start_ms && citation.end_ms <= until;
            // Words that are spoken twice may be cited at either place.
            checked = Some(checked.unwrap_or(false) || agrees);
        }
        checked
    }
}

/// For each character of `a` the position of the equal character of `b` in a cheapest alignment.
fn aligned(a: &[char], b: &[char]) -> Vec<Option<usize>> {
    let width = b.len() + 1;
    let mut costs: Vec<u32> = (0..width as u32).collect();
    costs.resize(width * (a.len() + 1), 0);
    for i in 1..=a.len() {
        costs[i * width] = i as u32;
        for j in 1..width {
            let replace = costs[(i - 1) * width + j - 1] + u32::from(a[i - 1] != b[j - 1]);
            let drop = costs[(i - 1) * width + j].min(costs[i * width + j - 1]) + 1;
            costs[i * width + j] = replace.min(drop);
        }
    }
    let mut matched = vec![None; a.len()];
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        let here = costs[i * width + j];
        let equal = a[i - 1] == b[j - 1];
        if here == costs[(i - 1) * width + j - 1] + u32::from(!equal) {
            if equal {
                matched[i - 1] = Some(j - 1);
            }
            (i, j) = (i - 1, j - 1);
        } else if here == costs[(i - 1) * width + j] + 1 {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    matched
}

#[cfg(test)]
mod tests;
