//! Where a term is written in the place of what stands there.
//!
//! 1. What the recogniser is known to write for a term and what is no word (measured before predicted) is replaced.
//! 2. A real word that is known to be written for a term is replaced, or asked about, where its cues stand beside it.
//! 3. Any other run of words is replaced when a term sounds like the whole of it, the nearer the more natural the words
//!    look: see [`limit`]. A single word of the dictionary is never replaced this way.
//! 4. Characters that make no word are replaced by an ordinary word of dictations that sounds exactly like them
//!    (`dictated.rs`): 「性血」 reads 「清潔」.
//!
//! Nothing happens in quotations, across the border of a segment or a clause, in the middle of a word, in what an earlier
//! pass has recognised, in names with a title, or where a term already stands. The longest term wins, then the nearest.

use std::ops::Range;

use record::{Document, Replacement};

use super::aloud::{Aloud, LOCAL_WORDS, choices};
use super::cues::{self, Action};
use super::dictated;
use super::index::reach;
use super::terms::{Source, Term, Terms};
use super::window::{
    Standing, can_end, can_start, is_another_phrase, is_named, is_spelled_out, is_spelling, letters_fit,
    standing,
};
use crate::cursor::{after, before, is_kanji};
use crate::layout::Layout;
use crate::morphology::{Morpheme, Morphology, Pos};

/// Below this probability of its tokens a stretch is doubtful, above the other one it is certain.
const DOUBTFUL: f32 = 0.5;
const CERTAIN: f32 = 0.92;

/// Prefixes that any noun takes: 同市, 当園. A short term that starts so by chance is no term.
const DEFINITE: &[&str] = &["同", "各", "当", "両", "諸", "某", "旧", "現", "全"];

/// What a document needs.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In order, not overlapping.
    pub(super) replacements: Vec<Replacement>,
    pub(super) questions: Vec<Question>,
}

/// A word that may be another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) range: Range<usize>,
    pub(super) intended: String,
}

/// One possible replacement.
struct Candidate {
    range: Range<usize>,
    new: String,
    reason: String,
    /// 0 for what was measured or cued, 1 for predicted, 2 for a term found by its reading, 3 for an ordinary word.
    rank: u8,
    distance: f32,
    /// How many readings of the kanji are more frequent than those that it takes.
    rarity: usize,
}

/// What a run of words sounds like.
#[derive(Clone, Copy)]
struct Sound<'t> {
    term: &'t Term,
    /// Moras of the term.
    length: usize,
    distance: f32,
    /// These two are those of the [`Candidate`].
    rank: u8,
    rarity: usize,
}

/// Everything to do in one round.
pub(super) fn plan(terms: &Terms, morphology: &Morphology, doc: &Document) -> Plan {
    let text = doc.text();
    let scene = Scene::new(terms, morphology, doc);
    let mut candidates = Vec::new();
    scene.listed(&mut candidates);
    let questions = scene.cued(&mut candidates);
    scene.by_reading(&mut candidates);

    candidates.sort_by(|a, b| {
        (a.rank.cmp(&b.rank).then(b.range.len().cmp(&a.range.len())))
            .then(a.distance.total_cmp(&b.distance))
            .then(a.rarity.cmp(&b.rarity))
            .then(a.range.start.cmp(&b.range.start))
    });
    // The longest first, but a listed form before any reading that starts or ends inside it.
    candidates.sort_by_key(|c| std::cmp::Reverse(c.range.len()));
    let mut taken: std::collections::BTreeMap<usize, Candidate> = std::collections::BTreeMap::new();
    for c in candidates {
        let free_before =
            taken.range(..c.range.end).next_back().is_none_or(|(_, t)| t.range.end <= c.range.start);
        if free_before && text[c.range.clone()] != c.new {
            taken.insert(c.range.start, c);
        }
    }
    let replacements = taken.into_values().map(|c| Replacement::new(c.range, c.new, c.reason)).collect();
    Plan { replacements, questions }
}

/// A document read aloud.
struct Scene<'d> {
    terms: &'d Terms,
    doc: &'d Document,
    text: &'d str,
    words: Vec<Morpheme<'d>>,
    layout: Layout,
    /// Starts of segments.
    borders: Vec<usize>,
    /// Terms that stand where they should, by start.
    right: Vec<Range<usize>>,
    /// What earlier passes have recognised, by start.
    settled: Vec<Range<usize>>,
}

impl<'d> Scene<'d> {
    fn new(terms: &'d Terms, morphology: &Morphology, doc: &'d Document) -> Self {
        let text = doc.text();
        let words = morphology.tokens(text);
        let right = terms
            .written
            .iter()
            .flat_map(|found| found.find_iter(text))
            .filter(|m| terms.readings[m.pattern().as_usize()].len() > 1)
            .map(|m| m.range())
            .collect();
        let mut settled: Vec<_> =
            doc.annotations().iter().filter(|a| a.entity.is_expression()).map(|a| a.range.clone()).collect();
        settled.sort_by_key(|r| r.start);
        let mut borders: Vec<usize> = doc.segment_starts().collect();
        borders.sort_unstable();
        Self { terms, doc, text, words, layout: Layout::new(doc), borders, right, settled }
    }

    /// Forms that are known to be written for terms.
    fn listed(&self, candidates: &mut Vec<Candidate>) {
        for found in self.terms.heard.iter().flat_map(|forms| forms.find_overlapping_iter(self.text)) {
            let (term, source) = self.terms.meant[found.pattern().as_usize()];
            let Some(window) = self.window_at(&found.range()) else { continue };
            let term = &self.terms.list[term as usize];
            if self.standing(&window) == Standing::Word
                || !self.is_open(&found.range())
                || self.is_glued(&window, 8)
                || is_named(&self.text[found.end()..])
            {
                continue;
            }
            let (rank, source) = match source {
                Source::Measured(times) => (0, format!("measured {times} times")),
                Source::Predicted => (1, "predicted from the sound".to_owned()),
            };
            let reason = format!("term {} ({}), {source}", term.written, term.reading);
            candidates.push(Candidate {
                range: found.range(),
                new: term.written.clone(),
                reason,
                rank,
                distance: 0.0,
                rarity: 0,
            });
        }
    }

    /// Real words with their cues.
    fn cued(&self, candidates: &mut Vec<Candidate>) -> Vec<Question> {
        let mut questions = Vec::new();
        let border = |at: usize| self.is_border(at);
        for first in 0..self.words.len() {
            let start = self.words[first].range.start;
            for (heard, rules) in cues::table().all_at(self.text, start) {
                let range = start..start + heard.len();
                let Some(window) = self.window_at(&range) else { continue };
                let Some(cued) = cues::holding(rules, self.text, &range, border) else { continue };
                let beside = cued.cue.split(' ').any(|c| {
                    !c.is_empty()
                        && (self.text[..start].ends_with(c) || self.text[range.end..].starts_with(c))
                });
                if !self.is_open(&range)
                    || (!beside && self.is_glued(&window, 8))
                    || is_named(&self.text[range.end..])
                {
                    continue;
                }
                match cued.action {
                    Action::Ask => questions.push(Question { range, intended: cued.intended.to_owned() }),
                    Action::Replace => candidates.push(Candidate {
                        range,
                        new: cued.intended.to_owned(),
                        reason: format!(
                            "term {}, cue {}",
                            cued.intended,
                            if cued.cue.is_empty() { "none needed" } else { &cued.cue }
                        ),
                        rank: 0,
                        distance: 0.0,
                        rarity: 0,
                    }),
                }
                break;
            }
        }
        questions
    }

    /// Runs of words that sound like a term.
    fn by_reading(&self, candidates: &mut Vec<Candidate>) {
        for run in self.runs() {
            let words = &self.words[run.clone()];
            let likely = Aloud::chosen(words, 0);
            for first in (0..run.len()).filter(|first| can_start(&words[*first])) {
                self.search(run.start, &likely, first, candidates);
                let near = &words[first..words.len().min(first + LOCAL_WORDS)];
                for choice in 1..choices(near) {
                    self.search(run.start + first, &Aloud::chosen(near, choice), 0, candidates);
                }
            }
        }
    }

    /// Terms that the words from `first` on sound like; word 0 of `aloud` is word `offset` of the document.
    fn search(&self, offset: usize, aloud: &Aloud, first: usize, candidates: &mut Vec<Candidate>) {
        let from = aloud.starts[first];
        let mut hits = Vec::new();
        self.terms.index.search(
            &aloud.moras[from..],
            |len| aloud.starts.binary_search(&(from + len)).is_ok(),
            |hit| hits.push(hit),
        );
        for hit in hits {
            // The first word that ends there: words that are not read aloud stay outside.
            let Some(end) = aloud.starts[first..].iter().position(|&s| s == from + hit.len) else { continue };
            let window = offset + first..offset + first + end;
            // A reading that the dictionary does not give must fit exactly.
            if hit.distance > 0.0 && !aloud.listed[first..first + end].iter().all(|listed| *listed) {
                continue;
            }
            let term = &self.terms.list[hit.term as usize];
            let length = self.terms.readings[hit.term as usize].len();
            candidates.extend(
                self.judge(&window, Sound { term, length, distance: hit.distance, rank: 2, rarity: 0 }),
            );
        }
        for end in first + 1..=(first + LOCAL_WORDS).min(aloud.starts.len() - 1) {
            let moras = &aloud.moras[from..aloud.starts[end]];
            let window = offset + first..offset + end;
            if let Some(term) = dictated::word(moras)
                && self.standing(&window) == Standing::Broken
            {
                let rarity = aloud.rarity[first..end].iter().sum();
                let sound = Sound { term, length: moras.len(), distance: 0.0, rank: 3, rarity };
                candidates.extend(self.judge(&window, sound));
            }
        }
    }

    /// Whether the term is written over the words of `window`.
    fn judge(&self, window: &Range<usize>, sound: Sound<'_>) -> Option<Candidate> {
        let Sound { term, length, distance, rank, rarity } = sound;
        let words = &self.words[window.clone()];
        let range = words.first()?.range.start..words.last()?.range.end;
        let written = &self.text[range.clone()];
        let standing = self.standing(window);
        if standing == Standing::Word
            || written == term.written
            || !can_end(words.last()?)
            || !self.is_free(&range, &term.written)
            || term.written.contains(written)
            || written.contains(term.written.as_str())
            || (distance < 0.3 && is_spelling(words, &term.written, standing))
            || !letters_fit(written, &term.written)
            || cues::table().get(written).is_some()
            || (distance > 0.0 && is_another_phrase(words, &term.written))
            || self.is_glued(window, length)
            || is_named(&self.text[range.end..])
            || (length <= 4 && DEFINITE.contains(&words.first()?.surface))
        {
            return None;
        }
        let has_grammar = words.iter().any(|w| w.pos.is_grammar() || w.pos == Pos::Verb);
        let keeps_grammar = words.iter().any(|w| w.pos == Pos::Particle && term.written.contains(w.surface));
        let spelled = length >= 5 && distance == 0.0 && is_spelled_out(written, &term.written);
        let long_and_broken = length >= 7 && standing == Standing::Broken;
        if has_grammar && !(keeps_grammar || spelled || long_and_broken) {
            return None;
        }
        let natural = limit(length, standing);
        let limit = match self.doc.confidence(range.clone()) {
            Some(p) if p < DOUBTFUL && length >= 5 => natural * 2.0 + 0.3,
            Some(p) if p > CERTAIN => natural * 0.7,
            _ => natural,
        };
        if distance > limit || distance > reach(length) {
            return None;
        }
        let how = if standing == Standing::Broken { "no words" } else { "words that do not go together" };
        let reason = format!("term {} ({}), distance {distance:.2}, {how}", term.written, term.reading);
        Some(Candidate { range, new: term.written.clone(), reason, rank, distance, rarity })
    }

    fn standing(&self, window: &Range<usize>) -> Standing {
        let words = &self.words[window.clone()];
        let (start, end) = (words[0].range.start, words[words.len() - 1].range.end);
        standing(words, before(self.text, start), after(self.text, end))
    }

    /// The words that are exactly `range`; `None` where it cuts a word.
    fn window_at(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let first = self.words.binary_search_by_key(&range.start, |w| w.range.start).ok()?;
        let last = self.words.binary_search_by_key(&range.end, |w| w.range.end).ok()?;
        (first <= last).then_some(first..last + 1)
    }

    /// Whether `range` touches no quotation, no border, nothing that a pass has recognised and that `new` would lose, and
    /// no term that stands there already.
    fn is_free(&self, range: &Range<usize>, new: &str) -> bool {
        let lost = overlapping(&self.settled, range)
            .any(|r| !(range.start <= r.start && r.end <= range.end && new.contains(&self.text[r.clone()])));
        !lost && self.is_open(range)
    }

    /// The same without a look at what a pass has recognised: in 「本日の以降」 for 本児の意向 there is no date.
    fn is_open(&self, range: &Range<usize>) -> bool {
        let quoted = self.layout.is_quoted(range.start)
            || self.layout.is_quoted(range.end - 1)
            || (self.text[range.clone()].contains(['「', '『', '」', '』']));
        let first = self.borders.partition_point(|b| *b <= range.start);
        let crossed = self.borders.get(first).is_some_and(|b| *b < range.end);
        let right = overlapping(&self.right, range)
            .any(|r| !(range.start <= r.start && r.end <= range.end) || r == range);
        !quoted && !crossed && !right
    }

    /// Whether kanji touch the window that belong to the same word as far as anybody can tell. A long term is certain
    /// enough to stand beside any word of its own, a short one only beside what a term or a suffix starts.
    fn is_glued(&self, window: &Range<usize>, length: usize) -> bool {
        let kanji = |c: Option<char>| c.is_some_and(is_kanji);
        let (start, end) = (self.words[window.start].range.start, self.words[window.end - 1].range.end);
        let next = self.words.get(window.end).filter(|_| {
            kanji(before(self.text, end)) && kanji(after(self.text, end)) && !self.is_border(end)
        });
        let behind = next.is_some_and(|w| {
            let suffix = length >= 5 && matches!(w.pos, Pos::Suffix | Pos::Counter | Pos::Bound);
            !suffix && w.pos != Pos::Number && self.right.binary_search_by_key(&end, |r| r.start).is_err()
        });
        let previous = window.start.checked_sub(1).map(|i| &self.words[i]);
        let previous = previous.filter(|_| {
            kanji(before(self.text, start)) && kanji(after(self.text, start)) && !self.is_border(start)
        });
        let ahead = previous.is_some_and(|w| {
            let complete = w.surface.chars().count() > 1 && w.known;
            length < 5 || !(complete || matches!(w.pos, Pos::Suffix | Pos::Prefix | Pos::Counter))
        });
        behind || ahead
    }

    fn is_border(&self, at: usize) -> bool {
        self.borders.binary_search(&at).is_ok()
    }

    /// Runs of words without punctuation, quotations and borders of segments between them.
    fn runs(&self) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut start = 0;
        for (i, word) in self.words.iter().enumerate() {
            let silent = word.reading.is_empty() && word.pos != Pos::Number;
            let stop = silent || self.layout.is_quoted(word.range.start);
            if stop || self.is_border(word.range.start) {
                if i > start {
                    runs.push(start..i);
                }
                start = if stop { i + 1 } else { i };
            }
        }
        if self.words.len() > start {
            runs.push(start..self.words.len());
        }
        runs
    }
}

/// The ranges of a sorted list that overlap `range`.
fn overlapping<'r>(
    sorted: &'r [Range<usize>],
    range: &'r Range<usize>,
) -> impl Iterator<Item = &'r Range<usize>> {
    // Lists of terms and of recognised stretches overlap each other by little: a few entries back are enough.
    let end = sorted.partition_point(|r| r.start < range.end);
    sorted[end.saturating_sub(8)..end].iter().filter(|r| r.end > range.start)
}

/// The largest distance at which a term of `length` moras is written over words of this standing.
///
/// Two words that sound like a long term by chance are rare, two moras of broken characters are not.
fn limit(length: usize, standing: Standing) -> f32 {
    match (standing, length) {
        (Standing::Word, _) | (_, 0..=2) | (Standing::Compound, 3 | 4) => -1.0,
        (Standing::Broken, 3 | 4) | (Standing::Compound, 5) => 0.0,
        (Standing::Broken, 5) | (Standing::Compound, 6 | 7) => 0.25,
        (Standing::Broken, 6) => 0.5,
        (Standing::Broken, n) => (0.12 * n as f32).min(1.5),
        (Standing::Compound, n) => (0.08 * n as f32).min(1.0),
    }
}
