//! A second look at a finished record: does every value stand on words of the transcript?

use crate::field::check_value;
use crate::template::{FieldType, Fill, Template};
use crate::{Citation, Field, Origin, Record, State, Transcript, Value};

/// A field that breaks a law of the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {law}")]
pub struct Violation {
    /// Field id.
    pub field: String,
    /// The law, in English.
    pub law: &'static str,
}

/// Checks a record against its template and its transcript. The constructors make these laws hold; this finds a record
/// that was changed by hand, by another program, or by a mistake of ours.
///
/// ```text
/// fields          are the template's, in its order
/// not_mentioned   has no value, no citation and no origin
/// unknown, denied have a reason, a citation and no value
/// stated          has a citation, unless a person entered it; person-only fields are never stated by the program
/// citation        quotes words that stand in the transcript's text of its recording
/// text, quote     are the cited words and nothing else
/// ```
#[must_use]
pub fn verify(record: &Record, template: &Template) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut wrong = |field: &str, law| violations.push(Violation { field: field.to_owned(), law });
    let ids = |r: &Record| r.fields.iter().map(|f| f.id.clone()).collect::<Vec<_>>();
    if ids(record) != template.fields.iter().map(|f| f.id.clone()).collect::<Vec<_>>() {
        wrong("", "the fields are not the template's");
        return violations;
    }
    for (field, spec) in record.fields.iter().zip(&template.fields) {
        let by_program = matches!(field.origin, Some(Origin::Rule | Origin::Model));
        if spec.fill == Fill::Human && field.origin.is_some_and(|o| o != Origin::Human) {
            wrong(&field.id, "only a person fills this field");
        }
        if let Some(law) = broken_state(field) {
            wrong(&field.id, law);
        }
        if let Some(value) = &field.value
            && check_value(spec, value).is_err()
        {
            wrong(&field.id, "the value does not fit the field");
        }
        if !all_citations(field).all(|c| is_spoken(c, &record.transcript)) {
            wrong(&field.id, "a quote is not in the transcript");
        }
        if let (FieldType::Text | FieldType::Quote, Some(Value::Text(text)), true) =
            (spec.kind, &field.value, by_program)
            && !is_made_of(text, &field.citations)
        {
            wrong(&field.id, "the text is not the cited words");
        }
    }
    violations
}

fn broken_state(field: &Field) -> Option<&'static str> {
    match field.state {
        State::NotMentioned
            if field.value.is_some() || !field.citations.is_empty() || field.origin.is_some() =>
        {
            Some("a field that was not mentioned has content")
        }
        State::Unknown | State::Denied if field.value.is_some() => {
            Some("an unknown or denied field has a value")
        }
        State::Unknown | State::Denied if field.reason.is_none_or(|r| r.state() != field.state) => {
            Some("the reason does not go with the state")
        }
        State::Stated | State::Unknown | State::Denied
            if field.citations.is_empty() && field.origin != Some(Origin::Human) =>
        {
            Some("a value without a citation")
        }
        _ => None,
    }
}

/// The citations of the field and of its rows.
fn all_citations(field: &Field) -> impl Iterator<Item = &Citation> {
    let rows = match &field.value {
        Some(Value::Rows(rows)) => rows.as_slice(),
        _ => &[],
    };
    field.citations.iter().chain(rows.iter().flat_map(|r| &r.citations))
}

/// Whether the quote stands in the recording's text, in segments that overlap its time.
fn is_spoken(citation: &Citation, transcript: &Transcript) -> bool {
    let text: String = transcript
        .segments
        .iter()
        .filter(|s| s.file == citation.file && s.is_mapped())
        .filter(|s| s.start_ms <= citation.end_ms && citation.start_ms <= s.end_ms)
        .map(|s| s.text.as_str())
        .collect();
    text.contains(&citation.quote)
}

/// Whether `text` is a sequence of the quotes. A telephone number is its normal form and counts as one.
fn is_made_of(text: &str, citations: &[Citation]) -> bool {
    let mut rest = text;
    for citation in citations {
        if let Some(after) = rest.strip_prefix(citation.quote.as_str()) {
            rest = after;
        }
    }
    rest.is_empty() || text.chars().all(|c| c.is_ascii_digit() || c == '-')
}
