//! What proposals become beside the rules. The rules win; a proposal fills what they leave empty, adds sentences that no
//! rule took, and flags where it differs.

use std::ops::Range;

use record::template::{FieldSpec, FieldType, Fill};
use record::{Document, Field, Flag, Grounded, Origin, State};

use crate::scene::Scene;
use crate::words::trim;
use crate::{Error, Outcome, Proposal};

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
        let change = if is_text(spec) {
            sentences(scene, spec, &ruled.fields[index], &ruled.ranges[index], &taken, proposals)?
        } else {
            value(spec, &ruled.fields[index], proposals)
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

/// A value for a field that the rules leave empty. One that the field cannot hold is dropped.
fn value(spec: &FieldSpec, field: &Field, proposals: &[Proposal]) -> Change {
    if field.state != State::NotMentioned {
        return None;
    }
    proposals.iter().find_map(|proposal| {
        let Proposal::Value { field, outcome, .. } = proposal else { return None };
        let Outcome::Stated(grounded) = &**outcome else { return None };
        if *field != spec.id {
            return None;
        }
        let made = Field::stated(spec, grounded.clone(), Origin::Model).ok()?;
        Some((made, grounded.ranges().to_vec()))
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
    let mut ranges = own.to_vec();
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
    if ranges.len() == own.len() {
        let mut field = field.clone();
        push(&mut field.flags, Flag::ModelDiffers);
        return Ok(flag.then(|| (field, own.to_vec())));
    }
    ranges.sort_by_key(|r| r.start);
    let ranges = joined(ranges);
    let mut changed = Field::stated(spec, Grounded::copied(scene.doc, &ranges), Origin::Model)?;
    field.flags.iter().for_each(|f| push(&mut changed.flags, *f));
    if flag {
        push(&mut changed.flags, Flag::ModelDiffers);
    }
    Ok(Some((changed, ranges)))
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
