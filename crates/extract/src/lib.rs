//! From an annotated document to the fields of a form: the rule pass.
//!
//! A template names, for each field, the rule that fills it. A rule looks at the [`Scene`](scene) and returns an
//! [`Outcome`]: a value with its words, or words that say that there is none. What no rule takes is listed, never lost.
//! The model pass will propose outcomes through the same door: [`Proposer`].

mod conflicts;
mod error;
mod gaps;
mod identity;
mod people;
mod rules;
mod scene;
mod status;
mod words;

use std::ops::Range;

use record::template::{Fill, Template};
use record::{Conflict, Document, Field, Flag, Gap, Origin, State, Unassigned};

pub use error::{Error, ErrorKind};
pub use rules::{Outcome, names as rule_names};

use people::Relations;
use scene::Scene;

/// Below this mean token probability a value asks for a second look.
const LOW_CONFIDENCE: f32 = 0.5;

/// A second source of outcomes beside the rules: the model pass.
///
/// # For implementations
///
/// * An outcome is built from spans of the document, like a rule's; nothing else can be said with the type.
/// * Where a rule has spoken, the rule wins; a proposal that differs flags the field.
/// * Same document, same proposals.
pub trait Proposer: Send + Sync {
    /// Proposals by field id, for a template.
    fn propose(&self, document: &Document, template: &Template) -> Vec<(String, Outcome)>;
}

/// What the passes make of a document for one form.
#[derive(Clone, Debug, PartialEq)]
pub struct Extraction {
    /// Every field of the template, in its order.
    pub fields: Vec<Field>,
    /// Required fields about which nothing was said.
    pub gaps: Vec<Gap>,
    /// Statements side by side that differ.
    pub conflicts: Vec<Conflict>,
    /// Sentences that no field took.
    pub unassigned: Vec<Unassigned>,
}

/// Fills the fields of `template` from `document`. `proposers` speak after the rules.
pub fn extract(
    document: &Document,
    template: &Template,
    proposers: &[&dyn Proposer],
) -> Result<Extraction, Error> {
    let relations =
        Relations::new(template.codes.get("relation").unwrap_or_default()).map_err(Error::from_matcher)?;
    let scene = Scene::new(document, template, &relations);
    let mut proposals: Vec<(String, Outcome)> =
        proposers.iter().flat_map(|p| p.propose(document, template)).collect();

    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut fields = Vec::with_capacity(template.fields.len());
    for spec in &template.fields {
        let ruled = match &spec.rule {
            Some(name) if spec.fill != Fill::Human => rules::by_name(name)?.fill(&scene, spec)?,
            _ => None,
        };
        let proposed =
            proposals.iter().position(|(id, _)| *id == spec.id).map(|i| proposals.swap_remove(i).1);
        let (outcome, origin) = match (ruled, proposed) {
            (Some(ruled), _) => (Some(ruled), Origin::Rule),
            (None, proposed) => (proposed, Origin::Model),
        };
        let Some(outcome) = outcome else {
            fields.push(Field::not_mentioned(spec));
            continue;
        };
        taken.extend(outcome.ranges().iter().cloned());
        let mut field = match outcome {
            Outcome::Stated(grounded) => {
                let origin = if grounded.is_computed() { Origin::Computed } else { origin };
                Field::stated(spec, grounded, origin)?
            }
            Outcome::Without { reason, by, words } => Field::without_value(spec, reason, by, words)?,
        };
        if field.confidence.is_some_and(|c| c < LOW_CONFIDENCE) {
            field.flags.push(Flag::LowConfidence);
        }
        fields.push(field);
    }
    for (field, spec) in fields.iter_mut().zip(&template.fields) {
        field.sealed |= words::has_any(document.text(), 0..document.text().len(), &spec.sealed_when);
    }
    identity::guard(&scene, &mut fields);
    let conflicts = conflicts::list(&scene, &mut fields);
    Ok(Extraction {
        gaps: gaps::list(&scene, &fields),
        conflicts,
        unassigned: unassigned(&scene, taken),
        fields,
    })
}

/// Sentences of which the fields cite less than half.
fn unassigned(scene: &Scene<'_>, mut taken: Vec<Range<usize>>) -> Vec<Unassigned> {
    taken.sort_by_key(|r| r.start);
    let mut cited: Vec<Range<usize>> = Vec::new();
    for range in taken {
        match cited.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => cited.push(range),
        }
    }
    let mut unassigned = Vec::new();
    for sentence in &scene.sentences {
        let first = cited.partition_point(|r| r.end <= sentence.range.start);
        let covered: usize = cited[first..]
            .iter()
            .take_while(|r| r.start < sentence.range.end)
            .map(|r| r.end.min(sentence.range.end) - r.start.max(sentence.range.start))
            .sum();
        if covered * 2 < words::trim(scene.text(), sentence.range.clone()).len() {
            let citation = scene.doc.citation(sentence.range.clone());
            unassigned.push(Unassigned { text: citation.quote.clone(), citation });
        }
    }
    unassigned
}

/// Whether a field counts as answered.
pub(crate) fn is_answered(field: &Field) -> bool {
    field.state != State::NotMentioned
}
