//! How near a record is to the expected one.

use std::collections::{BTreeMap, BTreeSet};

use record::template::{FieldSpec, FieldType, Fill, Template};
use record::{Field, Record, State, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::compare::{self, cells, is_exact, is_open, same};
use super::expected::{Expected, ExpectedField};
use super::grounding::{self, Citations};
use super::names::Names;
use super::polarity;
use super::tally::{Part, Tally};
use super::wording::Wording;

/// What became of a field, seen from the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// State, reason and value are right; an empty field that must be empty is not listed at all.
    Right,
    /// Another value.
    WrongValue,
    /// Some rows or cells of a table differ.
    WrongRows,
    /// A value although the field must be empty, unknown or denied.
    WrongFill,
    /// No value although one was said.
    Missing,
    /// Another state or reason, without any value on either side.
    WrongState,
}

impl Verdict {
    /// Every kind of error with its name in reports, worst first.
    pub(crate) const ERRORS: [(Self, &'static str); 5] = [
        (Self::WrongFill, "wrong fill"),
        (Self::WrongValue, "wrong value"),
        (Self::WrongRows, "wrong rows"),
        (Self::WrongState, "wrong state"),
        (Self::Missing, "missing"),
    ];
}

/// A field that differs, for `--details`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Counts over one record or many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Score {
    /// Records.
    pub(crate) records: usize,
    /// Fields that the reference fills: stated, unknown or denied.
    pub(crate) expected: usize,
    /// Of these, those with the right state, reason and value.
    pub(crate) correct: usize,
    /// Fields of the template in all.
    pub(crate) fields: usize,
    /// Of these, those in the right state.
    pub(crate) states: usize,
    /// Fields with a value where the form must stay empty.
    pub(crate) wrong_fills: usize,
    /// Fields that must have no value.
    pub(crate) must_be_empty: usize,
    /// Gaps that the reference lists.
    pub(crate) gaps_expected: usize,
    /// Of these, those that are listed.
    pub(crate) gaps_found: usize,
    /// Gaps that are listed and are none.
    pub(crate) gaps_extra: usize,
    /// Values: one for a field, one for each cell of a table.
    pub(crate) values: Tally,
    /// Values by the type of their field.
    pub(crate) by_type: BTreeMap<String, Tally>,
    /// Dates, times and numbers, those in cells included.
    pub(crate) exact: Tally,
    /// Fields that only a person may fill and that are filled.
    pub(crate) person_only_filled: usize,
    /// Characters of copied words that their quotes do not hold.
    pub(crate) unsupported_characters: usize,
    /// A denial taken for a statement, or the other way round.
    pub(crate) polarity_errors: usize,
    /// Quotes and times of the citations.
    pub(crate) citations: Citations,
    /// What was heard.
    pub(crate) wording: Wording,
    /// Time of the text passes and the rules, in milliseconds.
    pub(crate) mapping_ms: f64,
    /// Longest of these times over the records.
    pub(crate) mapping_ms_max: f64,
    /// What became of each field that is filled or must be; for one record.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) verdicts: BTreeMap<String, Verdict>,
    /// How often each error occurred, by its name.
    pub(crate) errors: BTreeMap<String, usize>,
    /// What differs; for one record.
    #[serde(skip)]
    pub(crate) differences: Vec<Difference>,
}

impl Score {
    /// Adds the counts of another score; what belongs to one record alone stays out.
    pub(crate) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.expected += other.expected;
        self.correct += other.correct;
        self.fields += other.fields;
        self.states += other.states;
        self.wrong_fills += other.wrong_fills;
        self.must_be_empty += other.must_be_empty;
        self.gaps_expected += other.gaps_expected;
        self.gaps_found += other.gaps_found;
        self.gaps_extra += other.gaps_extra;
        self.values.add(&other.values);
        for (kind, tally) in &other.by_type {
            self.by_type.entry(kind.clone()).or_default().add(tally);
        }
        self.exact.add(&other.exact);
        self.person_only_filled += other.person_only_filled;
        self.unsupported_characters += other.unsupported_characters;
        self.polarity_errors += other.polarity_errors;
        self.citations.add(&other.citations);
        self.wording.add(&other.wording);
        self.mapping_ms += other.mapping_ms;
        self.mapping_ms_max = self.mapping_ms_max.max(other.mapping_ms_max);
        for (error, count) in &other.errors {
            *self.errors.entry(error.clone()).or_default() += count;
        }
    }

    /// States that are right.
    pub(crate) fn state_part(&self) -> Part {
        Part { count: self.states, of: self.fields }
    }

    /// Values where the form must stay empty.
    pub(crate) fn wrong_fill_part(&self) -> Part {
        Part { count: self.wrong_fills, of: self.must_be_empty }
    }

    /// Gaps that were found.
    pub(crate) fn gap_part(&self) -> Part {
        Part { count: self.gaps_found, of: self.gaps_expected }
    }

    fn note(&mut self, field: &str, verdict: Verdict, expected: String, found: String) {
        self.verdicts.insert(field.to_owned(), verdict);
        if let Some((_, name)) = Verdict::ERRORS.iter().find(|(v, _)| *v == verdict) {
            *self.errors.entry((*name).to_owned()).or_default() += 1;
            self.differences.push(Difference { field: field.to_owned(), expected, found });
        }
    }

    fn count(&mut self, kind: FieldType, values: Tally) {
        self.values.add(&values);
        self.by_type.entry(kind.name().to_owned()).or_default().add(&values);
    }
}

/// Compares a record with the expected one. Words, citations and times are counted by other modules.
pub(crate) fn score(record: &Record, expected: &Expected, template: &Template, names: Names) -> Score {
    let mut score = Score { records: 1, gaps_expected: expected.gaps.len(), ..Score::default() };
    let empty = ExpectedField::default();
    for (field, spec) in record.fields.iter().zip(&template.fields) {
        score.unsupported_characters += grounding::unsupported(field, spec);
        let by_program = field.state != State::NotMentioned && field.origin != Some(record::Origin::Human);
        score.person_only_filled += usize::from(spec.fill == Fill::Human && by_program);
        if !expected.open.contains(&field.id) {
            let want = expected.fields.get(&field.id).unwrap_or(&empty);
            compare_field(&mut score, field, spec, want, names);
        }
    }
    let listed: BTreeSet<&str> = record.gaps.iter().map(|g| g.field.as_str()).collect();
    for gap in &expected.gaps {
        if listed.contains(gap.as_str()) {
            score.gaps_found += 1;
        } else {
            let (expected, found) = ("listed as a gap".to_owned(), "not listed".to_owned());
            score.differences.push(Difference { field: gap.clone(), expected, found });
        }
    }
    let extra =
        |gap: &&&str| !expected.gaps.iter().any(|g| g == **gap) && !expected.open.iter().any(|o| o == **gap);
    score.gaps_extra = listed.iter().filter(extra).count();
    score
}

fn compare_field(score: &mut Score, field: &Field, spec: &FieldSpec, want: &ExpectedField, names: Names) {
    let compared = |value: Option<Json>| {
        value.map(|mut value| {
            names.put(&field.id, &mut value);
            value
        })
    };
    let value = compared(field.value.as_ref().and_then(|v| serde_json::to_value(v).ok()));
    let wanted = compared(want.value.clone());
    score.fields += 1;
    score.states += usize::from(field.state == want.state);
    let must_be_filled = want.state != State::NotMentioned;
    let is_right = is_right_state(field, want) && is_right_value(value.as_ref(), wanted.as_ref(), want);
    score.expected += usize::from(must_be_filled);
    score.correct += usize::from(must_be_filled && is_right);

    let (has, wants) = (field.state == State::Stated, want.has_value());
    let filled_wrongly =
        if wants { false } else { has || (!must_be_filled && field.state != State::NotMentioned) };
    score.must_be_empty += usize::from(!wants);
    score.wrong_fills += usize::from(filled_wrongly);
    score.polarity_errors += polarity::errors(field, want);

    if spec.kind == FieldType::Rows {
        let (found, wanted) = (rows(value.as_ref()), rows(wanted.as_ref()));
        let cells = cells(spec, &found, &wanted);
        score.polarity_errors +=
            cells.pairs.iter().map(|&(i, j)| polarity::row_errors(&found[i], &wanted[j])).sum::<usize>();
        score.count(spec.kind, cells.all);
        score.exact.add(&cells.exact);
    } else {
        // A moment or a number that the words leave open is a value too: its words.
        let tally = Tally::one(has, wants, has && wants && is_right);
        score.count(spec.kind, tally);
        if is_exact(spec.kind) {
            score.exact.add(&tally);
        }
    }
    if is_right {
        if must_be_filled {
            score.note(&field.id, Verdict::Right, String::new(), String::new());
        }
        return;
    }
    let verdict = match (has, wants) {
        _ if filled_wrongly => Verdict::WrongFill,
        (true, true) if spec.kind == FieldType::Rows => Verdict::WrongRows,
        (true, true) => Verdict::WrongValue,
        (false, true) => Verdict::Missing,
        _ => Verdict::WrongState,
    };
    score.note(&field.id, verdict, show_expected(want), show(field));
}

/// Whether state and reason are right. Reasons count only where the reference gives one.
fn is_right_state(field: &Field, want: &ExpectedField) -> bool {
    field.state == want.state && (want.reason.is_none() || field.reason == want.reason)
}

/// Whether a value is the wanted one; one that the words leave open has its words alone.
fn is_right_value(value: Option<&Json>, wanted: Option<&Json>, want: &ExpectedField) -> bool {
    match (value.filter(|v| !is_open(v)), wanted.filter(|v| !is_open(v))) {
        (Some(value), Some(wanted)) => same(value, wanted),
        (None, None) => true,
        (Some(_), None) => want.display.is_none(),
        (None, Some(_)) => false,
    }
}

fn rows(value: Option<&Json>) -> Vec<Map<String, Json>> {
    let rows = value.and_then(Json::as_array).into_iter().flatten();
    rows.filter_map(Json::as_object).cloned().collect()
}

fn show_expected(want: &ExpectedField) -> String {
    match (&want.value, &want.display, want.reason) {
        (Some(value), _, _) if !is_open(value) => value.to_string(),
        (_, Some(display), _) => format!("words 「{display}」"),
        (_, _, Some(reason)) => format!("{:?} {reason:?}", want.state),
        _ => format!("{:?}", want.state),
    }
}

fn show(field: &Field) -> String {
    let bare = |value: &Value| {
        let mut json = serde_json::to_value(value).unwrap_or_default();
        for row in json.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
            row.retain(|key, _| compare::is_counted(key));
        }
        json.to_string()
    };
    match (&field.value, field.reason) {
        (Some(value), _) => bare(value),
        (None, Some(reason)) => format!("{:?} {reason:?}", field.state),
        (None, None) if field.state == State::NotMentioned => "NotMentioned".to_owned(),
        (None, None) => format!("words 「{}」", field.display),
    }
}

#[cfg(test)]
mod tests;
