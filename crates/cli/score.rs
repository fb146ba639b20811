//! How near a record is to the expected one.

use std::collections::BTreeMap;

use record::{Field, Reason, Record, State, Value};
use serde::{Deserialize, Serialize};

/// A text counts as right when at most this share of its characters differ.
const NEAR: f64 = 0.2;
/// Cells that are not compared: original words beside a normal form, and what the reference leaves open.
const FREE_CELLS: &[&str] = &["size_cm", "about", "citations", "flags", "trace"];

/// An expected record: every field that it does not name is expected to be `not_mentioned`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) template: String,
    pub(crate) recorded_at: String,
    fields: BTreeMap<String, ExpectedField>,
    gaps: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedField {
    state: State,
    #[serde(default)]
    value: Option<serde_json::Value>,
    #[serde(default)]
    reason: Option<Reason>,
    #[serde(default, rename = "detail")]
    _detail: Option<String>,
    #[serde(default, rename = "by")]
    _by: Option<String>,
    #[serde(default)]
    display: Option<String>,
    #[serde(default, rename = "flags")]
    _flags: Vec<String>,
}

/// Counts over one record or many.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Score {
    /// Fields that the reference fills: stated, unknown or denied.
    pub(crate) expected: usize,
    /// Of these, those with the right state, reason and value.
    pub(crate) correct: usize,
    /// Fields of the template in all.
    pub(crate) fields: usize,
    /// Of these, those in the right state.
    pub(crate) states: usize,
    /// Fields that are filled and must be empty.
    pub(crate) wrong_fills: usize,
    /// Gaps that the reference lists.
    pub(crate) gaps_expected: usize,
    /// Of these, those that are listed.
    pub(crate) gaps_found: usize,
    /// What differs, for `--details`.
    #[serde(skip)]
    pub(crate) differences: Vec<String>,
}

impl Score {
    pub(crate) fn add(&mut self, other: &Self) {
        self.expected += other.expected;
        self.correct += other.correct;
        self.fields += other.fields;
        self.states += other.states;
        self.wrong_fills += other.wrong_fills;
        self.gaps_expected += other.gaps_expected;
        self.gaps_found += other.gaps_found;
    }
}

/// Compares a record with the expected one.
pub(crate) fn score(record: &Record, expected: &Expected) -> Score {
    let mut score = Score { gaps_expected: expected.gaps.len(), ..Score::default() };
    for field in &record.fields {
        let want = expected.fields.get(&field.id);
        let state = want.map_or(State::NotMentioned, |w| w.state);
        score.fields += 1;
        score.states += usize::from(field.state == state);
        match want {
            None if field.state == State::NotMentioned => {}
            None => {
                score.wrong_fills += 1;
                score.differences.push(format!("{}: must be empty, is {}", field.id, show(field)));
            }
            Some(want) => {
                score.expected += 1;
                if is_right(field, want) {
                    score.correct += 1;
                } else {
                    let value =
                        want.value.as_ref().map_or_else(|| format!("{:?}", want.state), ToString::to_string);
                    score.differences.push(format!("{}: expected {value}, is {}", field.id, show(field)));
                }
            }
        }
    }
    for gap in &expected.gaps {
        if record.gaps.iter().any(|g| g.field == *gap) {
            score.gaps_found += 1;
        } else {
            score.differences.push(format!("gap not listed: {gap}"));
        }
    }
    score
}

fn show(field: &Field) -> String {
    let value = field.value.as_ref().map(|v| serde_json::to_string(v).unwrap_or_default());
    match (value, field.reason) {
        (Some(value), _) => value,
        (None, Some(reason)) => format!("{:?} {reason:?}", field.state),
        (None, None) => format!("{:?} 「{}」", field.state, field.display),
    }
}

fn is_right(field: &Field, want: &ExpectedField) -> bool {
    if field.state != want.state || (want.reason.is_some() && field.reason != want.reason) {
        return false;
    }
    // A moment or number that the speech leaves open has no value.
    let open = |v: &serde_json::Value| v.is_null() || v.as_object().is_some_and(serde_json::Map::is_empty);
    match (&field.value, &want.value) {
        (None, None) => true,
        (None, Some(value)) => open(value),
        // Only words are expected.
        (Some(_), None) => want.display.is_none(),
        (Some(value), Some(want)) => same(value, want),
    }
}

fn same(value: &Value, want: &serde_json::Value) -> bool {
    let Ok(value) = serde_json::to_value(value) else { return false };
    same_json(&value, want)
}

fn same_json(value: &serde_json::Value, want: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (value, want) {
        (Json::String(a), Json::String(b)) => near(a, b),
        (Json::Array(a), Json::Array(b)) => {
            let mut left: Vec<&Json> = a.iter().collect();
            a.len() == b.len()
                && b.iter().all(|want| {
                    let found = left.iter().position(|value| same_json(value, want));
                    found.map(|i| left.swap_remove(i)).is_some()
                })
        }
        (Json::Object(a), Json::Object(b)) => {
            let counted = |key: &str| {
                !FREE_CELLS.contains(&key) && !key.ends_with("_words") && !key.ends_with("_detail")
            };
            let keys = a.keys().chain(b.keys()).filter(|k| counted(k));
            keys.into_iter().all(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => same_json(a, b),
                _ => false,
            })
        }
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        _ => value == want,
    }
}

/// Equal but for punctuation, brackets and at most a fifth of the characters; dates and labels must be equal.
fn near(a: &str, b: &str) -> bool {
    let (a, b) = (letters(a), letters(b));
    let structured = b.iter().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T'));
    if a == b || structured || b.len() < 5 {
        return a == b;
    }
    distance(&a, &b) as f64 <= NEAR * b.len() as f64
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| !"、。，．,.!?！？「」『』・… 　\n".contains(*c)).collect()
}

/// Levenshtein distance.
pub(crate) fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
