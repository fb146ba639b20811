//! From an annotated document to the fields of a form: the rule pass.
//!
//! A template names, for each field, the rule that fills it. A rule looks at the [`Scene`](scene) and returns an
//! [`Outcome`]: a value with its words, or words that say that there is none. What no rule takes is listed, never lost.
//! The model pass ([`model`], feature `model`) proposes through a door of its own: [`Proposer`].

mod conflicts;
mod error;
mod gaps;
mod identity;
mod merge;
#[cfg(feature = "model")]
pub mod model;
mod people;
mod rules;
mod scene;
mod status;
#[cfg(feature = "train")]
pub mod train;
mod vocabulary;
mod words;

use std::ops::Range;

use record::template::{Fill, Template};
use record::{Conflict, Document, Field, Flag, Gap, Origin, State, Unassigned};

pub use error::{Error, ErrorKind};
pub use rules::{Outcome, names as rule_names};

use merge::{Ruled, merge};
use people::Relations;
use scene::Scene;

/// Below this mean token probability a value asks for a second look.
const LOW_CONFIDENCE: f32 = 0.5;

/// What a second source says about a document.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Proposal {
    /// A sentence belongs to a text or quote field.
    Sentence {
        /// Id of the field.
        field: String,
        /// Byte range of the document.
        range: Range<usize>,
        /// How sure the source is, 0..=1.
        probability: f32,
    },
    /// A sentence tells what has fields of its own (who called, who was there, when) or nothing at all, and belongs into no
    /// field that takes what is left.
    Apart {
        /// Byte range of the document.
        range: Range<usize>,
        /// How sure the source is, 0..=1.
        probability: f32,
    },
    /// A value of another field.
    Value {
        /// Id of the field.
        field: String,
        /// The value with its words.
        outcome: Box<Outcome>,
        /// How sure the source is, 0..=1.
        probability: f32,
    },
}

/// A second source beside the rules: the model pass.
///
/// # For implementations
///
/// * A proposal names words of the document, or holds an outcome built from them like a rule's; nothing else can be said
///   with the type.
/// * The caller decides: where a rule has spoken, the rule wins, and a sure proposal that differs flags the field. A
///   field that a person fills, that takes only its own label, or that is copied or computed takes no proposal.
/// * Same document, same proposals.
pub trait Proposer: Send + Sync {
    /// Proposals for the fields of a template.
    fn propose(&self, document: &Document, template: &Template) -> Result<Vec<Proposal>, Error>;
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
    let relations = relations(template)?;
    let scene = Scene::new(document, template, &relations);
    let mut ruled = Ruled { fields: Vec::new(), ranges: Vec::new() };
    for spec in &template.fields {
        let outcome = match &spec.rule {
            Some(name) if spec.fill != Fill::Human => rules::by_name(name)?.fill(&scene, spec)?,
            _ => None,
        };
        ruled.ranges.push(outcome.as_ref().map_or_else(Vec::new, |o| o.ranges().to_vec()));
        ruled.fields.push(match outcome {
            None => Field::not_mentioned(spec),
            Some(Outcome::Stated(grounded)) => {
                let origin = if grounded.is_computed() { Origin::Computed } else { Origin::Rule };
                Field::stated(spec, grounded, origin)?
            }
            Some(Outcome::Without { reason, by, words }) => Field::without_value(spec, reason, by, words)?,
        });
    }
    for proposer in proposers {
        merge(&scene, &mut ruled, &proposer.propose(document, template)?)?;
    }
    let Ruled { mut fields, ranges } = ruled;
    for field in fields.iter_mut().filter(|f| f.confidence.is_some_and(|c| c < LOW_CONFIDENCE)) {
        field.flags.push(Flag::LowConfidence);
    }
    for (field, spec) in fields.iter_mut().zip(&template.fields) {
        field.sealed |= words::has_any(document.text(), 0..document.text().len(), &spec.sealed_when);
    }
    identity::guard(&scene, &mut fields);
    let taken = ranges.into_iter().flatten().collect();
    let conflicts = conflicts::list(&scene, &mut fields);
    Ok(Extraction {
        gaps: gaps::list(&scene, &fields),
        conflicts,
        unassigned: unassigned(&scene, taken),
        fields,
    })
}

/// The form's words for people.
pub(crate) fn relations(template: &Template) -> Result<Relations, Error> {
    Relations::new(template.codes.get("relation").unwrap_or_default()).map_err(Error::from_matcher)
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
