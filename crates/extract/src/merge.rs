//! What proposals become beside the rules. The rules win; a proposal fills what they leave empty, adds sentences that no
//! rule took, and flags where it differs.

use std::ops::Range;

use record::template::{FieldSpec, FieldType, Fill};
use record::{Document, Field, Flag, Grounded, Origin, State};

use crate::scene::Scene;
use crate::words::trim;
use crate::{Error, Outcome, Proposal, rules};

/// A proposal at least this probable is worth a flag where a rule says something else, and may use words that a rule has
/// put into another field.
const SURE: f32 = 0.9;

/// Fields with the ranges that the rules cite for each.
pub(crate) struct Ruled {
    pub(crate) fields: Vec<Field>,
    /// By field, in the same order.
    pub(crate) ranges: Vec<Vec<Range<usize>>>,
}

impl Ruled {
    /// What the rules cite for other fields that hold one thing of the same kind: a name, an age.
    fn of_others(&self, scene: &Scene<'_>, own: usize) -> Vec<Range<usize>> {
        let kind = scene.template.fields[own].kind;
        if !matches!(kind, FieldType::Person | FieldType::Number) {
            return Vec::new();
        }
        let others = scene.template.fields.iter().zip(&self.ranges).enumerate();
        let alike = others.filter(|(at, (spec, _))| *at != own && spec.kind == kind);
        alike.flat_map(|(_, (_, ranges))| ranges.iter().cloned()).collect()
    }

    fn taken(&self) -> Vec<Range<usize>> {
        let mut taken: Vec<Range<usize>> = self.ranges.iter().flatten().cloned().collect();
        taken.sort_by_key(|r| r.start);
        taken
    }
}

/// Merges the proposals into the fields of the rules.
pub(crate) fn merge(scene: &Scene<'_>, ruled: &mut Ruled, proposals: &[Proposal]) -> Result<(), Error> {
    let taken = ruled.taken();
    let mut merged = Vec::new();
    for (index, spec) in scene.template.fields.iter().enumerate() {
        // Only what the program may fill by itself; the rest is literal, copied, computed or a person's.
        if spec.fill != Fill::Program {
            continue;
        }
        let (field, ranges) = (&ruled.fields[index], &ruled.ranges[index]);
        let alike = ruled.of_others(scene, index);
        let change = match value(spec, field, ranges, &alike, proposals) {
            None if is_text(spec) => sentences(scene, spec, field, ranges, &taken, proposals)?,
            change => change,
        };
        merged.extend(change.map(|(field, ranges)| (index, field, ranges)));
    }
    for (index, field, ranges) in merged {
        ruled.fields[index] = field;
        ruled.ranges[index] = ranges;
    }
    Ok(())
}

fn is_text(spec: &FieldSpec) -> bool {
    matches!(spec.kind, FieldType::Text | FieldType::Quote)
}

type Change = Option<(Field, Vec<Range<usize>>)>;

/// A value for a field that the rules leave empty; one that the field cannot hold, or of words that are `others`', is dropped.
/// Where a rule has taken other words than a sure proposal, a flag.
fn value(
    spec: &FieldSpec,
    field: &Field,
    own: &[Range<usize>],
    others: &[Range<usize>],
    proposals: &[Proposal],
) -> Change {
    proposals.iter().find_map(|proposal| {
        let Proposal::Value { field: id, outcome, probability } = proposal else { return None };
        let Outcome::Stated(grounded) = &**outcome else { return None };
        if *id != spec.id {
            return None;
        }
        let apart = |from: &[Range<usize>]| {
            let words = grounded.ranges();
            words.iter().all(|w| from.iter().all(|o| w.end <= o.start || o.end <= w.start))
        };
        match field.state {
            State::NotMentioned if apart(others) => {
                let made = Field::stated(spec, grounded.clone(), Origin::Model).ok()?;
                Some((made, grounded.ranges().to_vec()))
            }
            State::Stated if *probability >= SURE && apart(own) => {
                let mut field = field.clone();
                push(&mut field.flags, Flag::ModelDiffers);
                Some((field, own.to_vec()))
            }
            _ => None,
        }
    })
}

/// Whole sentences for a text field.
fn sentences(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    field: &Field,
    own: &[Range<usize>],
    taken: &[Range<usize>],
    proposals: &[Proposal],
) -> Result<Change, Error> {
    // Under a heading the speaker has said what belongs to the field; words for "unknown" or "none" stand as they are.
    let headed = scene.under(&spec.headings).next().is_some();
    if headed || matches!(field.state, State::Unknown | State::Denied) {
        return Ok(None);
    }
    let kept = kept(scene, spec, own, proposals);
    let mut ranges = kept.clone().unwrap_or_else(|| own.to_vec());
    let count = ranges.len();
    let mut flag = own.iter().any(|words| is_doubted(words, spec, proposals));
    for proposal in proposals {
        let Proposal::Sentence { field: id, range, probability } = proposal else { continue };
        if *id != spec.id || covered(scene.doc, own, range) {
            continue;
        }
        if !covered(scene.doc, taken, range) {
            ranges.push(range.clone());
        } else if own.is_empty() && spec.kind == FieldType::Quote && *probability >= SURE {
            ranges.push(range.clone());
            flag = true;
        }
    }
    if ranges.len() == count && kept.is_none() {
        let mut field = field.clone();
        push(&mut field.flags, Flag::ModelDiffers);
        return Ok(flag.then(|| (field, own.to_vec())));
    }
    let origin = if ranges.len() == count { Origin::Rule } else { Origin::Model };
    ranges.sort_by_key(|r| r.start);
    let ranges = joined(ranges);
    let mut changed = Field::stated(spec, Grounded::copied(scene.doc, &ranges), origin)?;
    field.flags.iter().for_each(|f| push(&mut changed.flags, *f));
    if flag {
        push(&mut changed.flags, Flag::ModelDiffers);
    }
    Ok(Some((changed, ranges)))
}

/// The sentences of a rule that takes what is left, without those that surely belong elsewhere. `None`: all of them stay.
fn kept(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    own: &[Range<usize>],
    proposals: &[Proposal],
) -> Option<Vec<Range<usize>>> {
    spec.rule.as_deref().filter(|name| rules::takes_rest(name))?;
    let mut elsewhere: Vec<Range<usize>> = proposals
        .iter()
        .filter_map(|proposal| match proposal {
            Proposal::Apart { range, probability } if *probability >= SURE => Some(range.clone()),
            Proposal::Sentence { field, range, probability } if *field != spec.id && *probability >= SURE => {
                Some(range.clone())
            }
            _ => None,
        })
        .collect();
    elsewhere.sort_by_key(|r| r.start);
    let told = scene.sentences.iter().map(|s| &s.range).filter(|s| covered(scene.doc, own, s));
    let (kept, dropped): (Vec<_>, Vec<_>) = told.cloned().partition(|s| !covered(scene.doc, &elsewhere, s));
    (!kept.is_empty() && !dropped.is_empty()).then_some(kept)
}

/// Whether the words of a rule are surely proposed for other fields, and not for this one.
fn is_doubted(words: &Range<usize>, spec: &FieldSpec, proposals: &[Proposal]) -> bool {
    let mut elsewhere = false;
    for proposal in proposals {
        let Proposal::Sentence { field, range, probability } = proposal else { continue };
        if range.start < words.end && words.start < range.end && *probability >= SURE {
            if *field == spec.id {
                return false;
            }
            elsewhere = true;
        }
    }
    elsewhere
}

/// Whether the ranges cover at least half of the words. `ranges` by start.
pub(crate) fn covered(doc: &Document, ranges: &[Range<usize>], words: &Range<usize>) -> bool {
    let (mut bytes, mut at) = (0, words.start);
    for range in ranges.iter().filter(|r| r.start < words.end && words.start < r.end) {
        let (start, end) = (range.start.max(at), range.end.min(words.end));
        bytes += end.saturating_sub(start);
        at = at.max(end);
    }
    bytes * 2 >= trim(doc.text(), words.clone()).len()
}

/// Neighbours become one citation.
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn push(flags: &mut Vec<Flag>, flag: Flag) {
    if !flags.contains(&flag) {
        flags.push(flag);
    }
}
