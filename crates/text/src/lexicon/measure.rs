//! What a recogniser really writes for the terms: spoken words beside heard ones.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Lexicon;
use super::aloud::{Aloud, choices};
use super::mora::{Mora, distance, moras};
use crate::error::Result;
use crate::morphology::{Morpheme, Morphology};

/// A stretch farther from its term than this share of the term's moras is another word, not a confusion.
const MAX_SHARE: f32 = 0.45;
/// Words by which the stretch may be wider or narrower than the alignment says.
const SLACK: usize = 2;

/// One term that was spoken, and what was written for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The term.
    pub term: String,
    /// What the recogniser wrote: the term itself, another form, or `None` where nothing in the text sounds like it.
    pub written: Option<String>,
}

/// Finds the terms of `lexicon` in `spoken`, and what stands for them in `heard`.
///
/// # Errors
/// [`ErrorKind::Dictionary`](crate::ErrorKind::Dictionary).
///
/// ```
/// use text::{Lexicon, lexicon::measure};
///
/// let heard = measure::heard(&Lexicon::shipped(), "昨日、虐待通告を受理した。", "昨日逆体通告を受理した")?;
/// assert_eq!(heard[0].term, "虐待通告");
/// assert_eq!(heard[0].written.as_deref(), Some("逆体通告"));
/// # Ok::<(), text::Error>(())
/// ```
pub fn heard(lexicon: &Lexicon, spoken: &str, heard: &str) -> Result<Vec<Heard>> {
    let morphology = Morphology::shared()?;
    let terms = &lexicon.terms;
    let found: Vec<_> = terms.written.iter().flat_map(|f| f.find_iter(spoken)).collect();
    // The spoken words as moras; a term reads as the lexicon says.
    let mut said: Vec<Mora> = Vec::new();
    let mut places: Vec<(usize, Range<usize>)> = Vec::new();
    let mut at = 0;
    for m in &found {
        said.extend(read_aloud(morphology, &spoken[at..m.start()]));
        let start = said.len();
        said.extend(&terms.readings[m.pattern().as_usize()]);
        places.push((m.pattern().as_usize(), start..said.len()));
        at = m.end();
    }
    said.extend(read_aloud(morphology, &spoken[at..]));

    let words = morphology.tokens(heard);
    let mut written: Vec<Mora> = Vec::new();
    let mut starts = Vec::with_capacity(words.len() + 1);
    for word in &words {
        starts.push(written.len());
        written.extend(moras(&word.reading));
    }
    starts.push(written.len());
    let path = align(&said, &written);
    Ok(places
        .into_iter()
        .map(|(term, range)| {
            let near = path[range.start]..path[range.end];
            let best = best_window(&words, &starts, &near, &terms.readings[term]);
            let term = &terms.list[term];
            let written =
                best.map(|w| heard[words[w.start].range.start..words[w.end - 1].range.end].to_owned());
            // Where the term itself stands at that place, it was heard right, however its words are cut.
            let around = near_by(&words, &starts, &near);
            let right = heard[around].contains(&term.written);
            Heard {
                term: term.written.clone(),
                written: if right { Some(term.written.clone()) } else { written },
            }
        })
        .collect())
}

/// Counts confusions: (term, what was written) with how often, the right ones left out.
#[must_use]
pub fn table(heard: impl IntoIterator<Item = Heard>) -> BTreeMap<(String, String), u32> {
    let mut table = BTreeMap::new();
    for h in heard {
        if let Some(written) = h.written.filter(|w| *w != h.term) {
            *table.entry((h.term, written)).or_default() += 1;
        }
    }
    table
}

fn read_aloud(morphology: &Morphology, text: &str) -> Vec<Mora> {
    morphology.tokens(text).iter().flat_map(|w| moras(&w.reading)).collect()
}

/// For each mora of `said`, and its end, where it is in `written`.
fn align(said: &[Mora], written: &[Mora]) -> Vec<usize> {
    let width = written.len() + 1;
    let mut cost = vec![0.0f32; (said.len() + 1) * width];
    let gap = |moras: &[Mora], i: usize| moras[i].gap(i.checked_sub(1).map(|i| moras[i]));
    for i in 0..=said.len() {
        for j in 0..width {
            let mut best = if i == 0 && j == 0 { 0.0 } else { f32::INFINITY };
            if i > 0 && j > 0 {
                best = best.min(cost[(i - 1) * width + j - 1] + said[i - 1].cost(written[j - 1]));
            }
            if i > 0 {
                best = best.min(cost[(i - 1) * width + j] + gap(said, i - 1));
            }
            if j > 0 {
                best = best.min(cost[i * width + j - 1] + gap(written, j - 1));
            }
            cost[i * width + j] = best;
        }
    }
    let mut path = vec![written.len(); said.len() + 1];
    let (mut i, mut j) = (said.len(), written.len());
    while i > 0 || j > 0 {
        let here = cost[i * width + j];
        let diagonal = i > 0
            && j > 0
            && (cost[(i - 1) * width + j - 1] + said[i - 1].cost(written[j - 1]) - here).abs() < 1e-4;
        if diagonal {
            (i, j) = (i - 1, j - 1);
        } else if i > 0 && (cost[(i - 1) * width + j] + gap(said, i - 1) - here).abs() < 1e-4 {
            i -= 1;
        } else {
            j -= 1;
        }
        path[i] = j;
    }
    path
}

/// Bytes of the words at `near` and a few more on each side.
fn near_by(words: &[Morpheme<'_>], starts: &[usize], near: &Range<usize>) -> Range<usize> {
    let first = starts.partition_point(|s| *s <= near.start).saturating_sub(1 + SLACK);
    let last = (starts.partition_point(|s| *s < near.end) + SLACK).min(words.len());
    match words.get(first..last) {
        Some([first, .., last]) => first.range.start..last.range.end,
        Some([only]) => only.range.clone(),
        _ => 0..0,
    }
}

/// The words around `near` that sound most like `term`.
fn best_window(
    words: &[Morpheme<'_>],
    starts: &[usize],
    near: &Range<usize>,
    term: &[Mora],
) -> Option<Range<usize>> {
    let first = starts.partition_point(|s| *s <= near.start).saturating_sub(1);
    let last = starts.partition_point(|s| *s < near.end);
    let mut best: Option<(f32, Range<usize>)> = None;
    for start in first.saturating_sub(SLACK)..=(first + SLACK).min(words.len()) {
        for end in last.saturating_sub(SLACK).max(start + 1)..=(last + SLACK).min(words.len()) {
            let window = &words[start..end];
            let silent = words[start].reading.is_empty() || words[end - 1].reading.is_empty();
            let apart = (0..choices(window))
                .map(|choice| distance(term, &Aloud::chosen(window, choice).moras))
                .fold(f32::INFINITY, f32::min);
            if !silent && best.as_ref().is_none_or(|(d, _)| apart < *d) {
                best = Some((apart, start..end));
            }
        }
    }
    best.filter(|(d, _)| *d <= MAX_SHARE * term.len() as f32).map(|(_, window)| window)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(spoken: &str, other: &str) -> Vec<(String, Option<String>)> {
        heard(&Lexicon::shipped(), spoken, other).unwrap().into_iter().map(|h| (h.term, h.written)).collect()
    }

    #[test]
    fn a_confusion_is_cut_out_of_the_sentence() {
        let found = written("自宅で児童福祉司と面会しました。", "自宅で自動複視と面会しました");
        assert!(found.contains(&("児童福祉司".into(), Some("自動複視".into()))), "{found:?}");
    }

    #[test]
    fn a_term_that_is_written_right_is_no_confusion() {
        let found = heard(&Lexicon::shipped(), "虐待通告です。", "虐待通告です").unwrap();
        assert!(table(found).is_empty());
    }

    #[test]
    fn words_that_sound_otherwise_are_no_confusion() {
        assert_eq!(written("虐待通告。", "今日は良い天気"), [("虐待通告".into(), None)]);
    }
}
