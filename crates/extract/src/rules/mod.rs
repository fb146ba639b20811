//! The rules by name. A new rule is a function in one of these modules and a line in [`RULES`].
#![expect(clippy::unnecessary_wraps, reason = "all rules have one signature, whether or not they can fail")]

mod abuse;
mod account;
mod actions;
mod belongings;
mod call;
mod child;
mod choice;
mod contact;
mod custody;
mod diagnosis;
mod entry;
mod evidence;
pub(crate) mod family;
mod injury;
mod item;
mod meeting;
mod moment;
mod reporter;
mod safety;
pub(crate) mod section;
mod sheet;
mod source;
mod speech;
mod staff;
mod steps;
mod topic;
mod whereabouts;

pub(crate) use topic::of_reporter;

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use record::template::FieldSpec;
use record::{Annotation, Grounded, GroundingError, Kept, NormalForm, Reason, RowBuilder};

use crate::Error;
use crate::scene::{Scene, Sentence};
use crate::status::{Status, status};

/// What a rule makes of the dictation for one field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// A value.
    Stated(Grounded),
    /// Words that say that it is unknown, denied or absent.
    Without {
        /// Which.
        reason: Reason,
        /// Who denied it.
        by: Option<String>,
        /// The words.
        words: Grounded,
    },
}

impl Outcome {
    /// The cited ranges of the document.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        match self {
            Self::Stated(grounded) | Self::Without { words: grounded, .. } => grounded.ranges(),
        }
    }
}

/// `None` where the dictation says nothing about the field.
pub(crate) type Filled = Result<Option<Outcome>, Error>;
type Fill = fn(&Scene<'_>, &FieldSpec) -> Filled;

/// A rule: its name in a template and what it does.
pub(crate) struct Rule {
    name: &'static str,
    fill: Fill,
}

impl Rule {
    pub(crate) fn fill(&self, scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
        (self.fill)(scene, spec)
    }
}

static RULES: &[Rule] = &[
    Rule { name: "abuser", fill: abuse::abuser },
    Rule { name: "account", fill: entry::account },
    Rule { name: "acts", fill: account::acts },
    Rule { name: "age_or_birth", fill: sheet::age_or_birth },
    Rule { name: "agencies", fill: sheet::agencies },
    Rule { name: "agreements", fill: actions::agreements },
    Rule { name: "attitude", fill: steps::attitude },
    Rule { name: "authority", fill: sheet::authority },
    Rule { name: "belongings", fill: belongings::belongings },
    Rule { name: "birth", fill: child::birth },
    Rule { name: "body_check", fill: safety::body_check },
    Rule { name: "caller_age", fill: call::age },
    Rule { name: "caller_name", fill: call::name },
    Rule { name: "caller_relation", fill: call::relation },
    Rule { name: "certificates", fill: sheet::certificates },
    Rule { name: "check_deadline", fill: moment::check_deadline },
    Rule { name: "check_method", fill: safety::check_method },
    Rule { name: "child_address", fill: child::address },
    Rule { name: "child_age", fill: child::age },
    Rule { name: "child_condition", fill: account::child_condition },
    Rule { name: "child_facts", fill: sheet::child_facts },
    Rule { name: "child_name", fill: child::name },
    Rule { name: "child_school", fill: child::school },
    Rule { name: "child_sex", fill: child::sex },
    Rule { name: "child_statements", fill: safety::child_statements },
    Rule { name: "choice", fill: choice::choice },
    Rule { name: "closed_on", fill: moment::closed_on },
    Rule { name: "confirmed_at", fill: moment::confirmed_at },
    Rule { name: "consents", fill: custody::consents },
    Rule { name: "consultation", fill: call::consultation },
    Rule { name: "contact_direction", fill: entry::direction },
    Rule { name: "contact_form", fill: contact::form },
    Rule { name: "contact_means", fill: entry::means },
    Rule { name: "contact_partner", fill: entry::partner },
    Rule { name: "contact_result", fill: entry::results },
    Rule { name: "cooperation", fill: reporter::cooperation },
    Rule { name: "course", fill: meeting::course },
    Rule { name: "court_deadline", fill: moment::court_deadline },
    Rule { name: "custody_limit", fill: moment::custody_limit },
    Rule { name: "custody_place", fill: custody::place },
    Rule { name: "day_about", fill: moment::day_about },
    Rule { name: "diagnosis", fill: diagnosis::diagnosis },
    Rule { name: "duration", fill: call::duration },
    Rule { name: "elapsed", fill: moment::elapsed },
    Rule { name: "evidence", fill: evidence::evidence },
    Rule { name: "explanations", fill: speech::explanations },
    Rule { name: "facts", fill: sheet::facts },
    Rule { name: "failure_reason", fill: steps::failure_reason },
    Rule { name: "frequency", fill: abuse::frequency },
    Rule { name: "genogram", fill: sheet::genogram },
    Rule { name: "goals", fill: meeting::goals },
    Rule { name: "guardians", fill: family::guardians },
    Rule { name: "guardians_know", fill: source::guardians_know },
    Rule { name: "handover_to", fill: call::handover_to },
    Rule { name: "household", fill: family::household },
    Rule { name: "injuries", fill: injury::injuries },
    Rule { name: "injury_present", fill: safety::injury_present },
    Rule { name: "interviewed_alone", fill: safety::interviewed_alone },
    Rule { name: "interviewees", fill: contact::interviewees },
    Rule { name: "item", fill: item::item },
    Rule { name: "kana", fill: item::kana },
    Rule { name: "kin", fill: sheet::kin },
    Rule { name: "languages", fill: item::languages },
    Rule { name: "listener", fill: staff::listener },
    Rule { name: "literal_presence", fill: call::literal_presence },
    Rule { name: "meeting_day", fill: moment::meeting_day },
    Rule { name: "moment_about", fill: moment::about },
    Rule { name: "needs", fill: custody::needs },
    Rule { name: "next_actions", fill: actions::next_actions },
    Rule { name: "notice", fill: section::notice },
    Rule { name: "notices", fill: custody::notices },
    Rule { name: "observation", fill: section::observation },
    Rule { name: "occasion", fill: contact::occasion },
    Rule { name: "opinion", fill: speech::opinion },
    Rule { name: "parent_views", fill: custody::parent_views },
    Rule { name: "past_contacts", fill: sheet::past_contacts },
    Rule { name: "place", fill: contact::place },
    Rule { name: "planned_steps", fill: steps::planned_steps },
    Rule { name: "policy", fill: meeting::policy },
    Rule { name: "presence", fill: choice::presence },
    Rule { name: "purpose", fill: section::purpose },
    Rule { name: "received_at", fill: moment::received_at },
    Rule { name: "reception_method", fill: choice::reception_method },
    Rule { name: "reporter_address", fill: reporter::address },
    Rule { name: "reporter_name", fill: reporter::name },
    Rule { name: "reporter_phone", fill: reporter::phone },
    Rule { name: "reporter_relation", fill: reporter::relation },
    Rule { name: "response", fill: choice::response },
    Rule { name: "roles", fill: meeting::roles },
    Rule { name: "route", fill: reporter::route },
    Rule { name: "section", fill: section::section },
    Rule { name: "siblings", fill: family::siblings },
    Rule { name: "siblings_checked", fill: safety::siblings_checked },
    Rule { name: "siblings_known", fill: family::siblings_known },
    Rule { name: "since", fill: abuse::since },
    Rule { name: "source_basis", fill: source::source_basis },
    Rule { name: "staff", fill: staff::staff },
    Rule { name: "statements", fill: speech::statements },
    Rule { name: "supervisor_checks", fill: actions::supervisor_checks },
    Rule { name: "telephone", fill: sheet::telephone },
    Rule { name: "whereabouts", fill: whereabouts::whereabouts },
    Rule { name: "wish", fill: speech::wish },
    Rule { name: "worker_words", fill: staff::worker_words },
    Rule { name: "workers", fill: staff::workers },
    Rule { name: "written_on", fill: moment::written_on },
];

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| RULES.iter().map(|r| r.name).collect());

/// The names that a template may use, in alphabetical order.
#[must_use]
pub fn names() -> &'static [&'static str] {
    &NAMES
}

/// Whether the rule takes the sentences that nothing assigns to another field.
pub(crate) fn takes_rest(name: &str) -> bool {
    ["account", "consultation"].contains(&name)
}

/// The rule of this name.
pub(crate) fn by_name(name: &str) -> Result<&'static Rule, Error> {
    RULES.iter().find(|r| r.name == name).ok_or_else(|| Error::unknown_rule(name, names()))
}

/// The ages that are told of the child.
pub(crate) fn child_ages(scene: &Scene<'_>) -> Vec<(record::Age, Range<usize>)> {
    child::ages(scene)
}

/// The words of the sentences as a text value. `None` where there are none.
pub(crate) fn copied<'s>(
    scene: &Scene<'_>,
    sentences: impl IntoIterator<Item = &'s Sentence>,
) -> Option<Outcome> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for sentence in sentences {
        match ranges.last_mut() {
            // Neighbours become one citation.
            Some(last) if last.end == sentence.range.start => last.end = sentence.range.end,
            _ => ranges.push(sentence.range.clone()),
        }
    }
    (!ranges.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &ranges)))
}

/// What the sentence says instead of a value: 不明, 未聴取, なし …
pub(crate) fn without(scene: &Scene<'_>, sentence: &Sentence) -> Option<Outcome> {
    let Status { reason, .. } = status(scene.text(), sentence.range.clone())?;
    Some(without_as(scene, sentence, reason, None))
}

/// An outcome without a value whose words are the sentence, heading included.
pub(crate) fn without_as(
    scene: &Scene<'_>,
    sentence: &Sentence,
    reason: Reason,
    by: Option<String>,
) -> Outcome {
    let words = Grounded::words(scene.doc, std::slice::from_ref(&sentence.full));
    Outcome::Without { reason, by, words }
}

/// The choice `label` of the field, by its words.
fn stated(scene: &Scene<'_>, spec: &FieldSpec, label: &str, words: Range<usize>) -> Filled {
    Ok(Some(Outcome::Stated(Grounded::choice(scene.doc, &spec.choices, label, words)?)))
}

/// The day of `words` into a column, and the words; these alone where they fix no day.
fn fill_day(
    row: &mut RowBuilder<'_>,
    column: &str,
    day: Option<Date>,
    words: &Annotation,
) -> Result<(), GroundingError> {
    if let Some(day) = day {
        row.normal(column, &NormalForm::Date(day), words.range.clone())?;
    }
    row.keep(column, Kept::Words, words.range.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(names().is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_unknown_rule_names_the_known_ones() {
        let message = by_name("magic").err().map(|e| e.to_string()).unwrap_or_default();
        assert!(message.starts_with("unknown rule: magic (known: abuser, "), "{message}");
    }
}
