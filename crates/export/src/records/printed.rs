//! What the form prints for a field, in parts that text and pages lay out in their own way.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use record::display::{clock, wareki};
use record::template::{ColumnSpec, FieldSpec, FieldType, Fill, Template};
use record::{ClockTime, Edit, Field, Reason, Record, Row, State, Value};

use crate::label::{clean, one_line};

/// The content of a field.
#[derive(Debug, PartialEq)]
pub(super) enum Content<'r> {
    /// A value, or the word for why there is none.
    Words(String),
    /// The rows of a table.
    Rows(Vec<PrintedRow<'r>>),
    /// Nothing was said.
    NotMentioned,
    /// A person fills it.
    ForAPerson,
}

/// A row: the columns that have something, with what they print.
#[derive(Debug, PartialEq)]
pub(super) struct PrintedRow<'r> {
    pub(super) row: &'r Row,
    pub(super) cells: Vec<Cell<'r>>,
}

/// A cell under its column's name.
#[derive(Debug, PartialEq)]
pub(super) struct Cell<'r> {
    pub(super) label: Cow<'r, str>,
    pub(super) text: String,
}

/// The record's fields with their items of the form, in the form's order. Items without a field are left out, and so
/// are fields without an item: both say that the record was made with another version of the form.
pub(super) fn fields<'r>(record: &'r Record, template: &'r Template) -> Vec<(&'r Field, &'r FieldSpec)> {
    let field = |spec: &'r FieldSpec| record.fields.iter().find(|f| f.id == spec.id).map(|f| (f, spec));
    template.fields.iter().filter_map(field).collect()
}

pub(super) fn content<'r>(field: &'r Field, spec: &'r FieldSpec) -> Content<'r> {
    match (field.state, &field.value) {
        (State::NotMentioned, _) if spec.fill == Fill::Human => Content::ForAPerson,
        (State::NotMentioned, _) => Content::NotMentioned,
        (State::Stated, Some(Value::Rows(rows))) => Content::Rows(
            rows.iter().map(|row| PrintedRow { row, cells: cells(row, &spec.columns) }).collect(),
        ),
        (State::Stated, _) => Content::Words(stated(field, spec)),
        (State::Unknown, _) => {
            let reason = field.reason.unwrap_or(Reason::SaidUnknown).label();
            Content::Words(clean(or(&field.display, reason)))
        }
        (State::Denied, _) => Content::Words(denied(field)),
    }
}

fn or<'a>(words: &'a str, fallback: &'a str) -> &'a str {
    if words.trim().is_empty() { fallback } else { words }
}

fn stated(field: &Field, spec: &FieldSpec) -> String {
    let plain;
    let words = if field.display.trim().is_empty() {
        plain =
            field.value.as_ref().map(|value| value_words(value, spec.unit.as_deref())).unwrap_or_default();
        &plain
    } else {
        &field.display
    };
    match &field.detail {
        Some(detail) if !words.contains(detail.as_str()) => clean(&format!("{words}({detail})")),
        _ => clean(words),
    }
}

/// 「なし」 is what the speaker reports, 「否認」 what a person says of himself; they are never merged.
fn denied(field: &Field) -> String {
    if field.reason != Some(Reason::Denial) {
        return clean(or(&field.display, Reason::None.label()));
    }
    let who = field.by.as_ref().map_or_else(|| "否認".to_owned(), |by| format!("{by}は否認"));
    clean(&match field.display.trim() {
        "" => who,
        words if words.contains(Reason::Denial.label()) => words.to_owned(),
        words => format!("{words}〔{who}〕"),
    })
}

/// A value for which nobody has made a display, such as one that was typed in.
fn value_words(value: &Value, unit: Option<&str>) -> String {
    match value {
        Value::Number(number) => format!("{number}{}", unit.unwrap_or_default()),
        Value::Text(text) => moment_words(text),
        Value::Labels(labels) => labels.join("・"),
        Value::Range(range) => {
            let end = |part: &Option<String>| part.as_deref().map(moment_words).unwrap_or_default();
            format!("{}〜{}", end(&range.start), end(&range.end))
        }
        Value::Person(p) => {
            let age = p.age.map(|age| format!("{age}歳"));
            let parts = [&p.relation, &p.org, &p.name, &p.kana, &age, &p.role];
            parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
        }
        Value::Rows(_) => String::new(),
    }
}

/// A day or moment as the form prints it; other words as they are.
fn moment_words(text: &str) -> String {
    let time = |time: Time| {
        let (hour, minute) = (time.hour().unsigned_abs(), time.minute().unsigned_abs());
        clock(ClockTime { hour, minute, certain: true, next_day: false })
    };
    match text.len() {
        10 => text.parse::<Date>().map_or_else(|_| text.to_owned(), wareki),
        16 => text.parse::<DateTime>().map_or_else(
            |_| text.to_owned(),
            |moment| format!("{}{}", wareki(moment.date()), time(moment.time())),
        ),
        _ => text.to_owned(),
    }
}

/// When the recording was made, as the form prints it.
pub(super) fn recorded_at(record: &Record) -> Option<String> {
    let text = record.recorded_at.as_deref()?;
    Some(clean(&text.get(..16).map_or_else(|| text.to_owned(), moment_words)))
}

fn cells<'r>(row: &'r Row, columns: &'r [ColumnSpec]) -> Vec<Cell<'r>> {
    let mut cells: Vec<Cell<'r>> = columns
        .iter()
        .filter_map(|column| {
            let text = cell(row, column);
            (!text.is_empty()).then_some(Cell { label: Cow::Borrowed(&column.label), text })
        })
        .collect();
    // Cells of a form that has changed since: shown under their key rather than lost.
    let known = |key: &str| {
        let base = key.strip_suffix("_detail").or(key.strip_suffix("_words")).unwrap_or(key);
        columns.iter().any(|column| column.id == key || column.id == base)
    };
    let others = row.cells.iter().filter(|(key, _)| !known(key));
    cells.extend(others.map(|(key, value)| Cell { label: one_line(key).into(), text: clean(&plain(value)) }));
    cells
}

/// A cell with the words that belong to it: 「令和7年9月12日(金)(明日)」, 「その他(叔母)」.
fn cell(row: &Row, column: &ColumnSpec) -> String {
    let beside = |suffix: &str| {
        let words = row.cells.get(&format!("{}_{suffix}", column.id)).and_then(|v| v.as_str());
        words.filter(|w| !w.is_empty())
    };
    let mut text = match row.cells.get(&column.id) {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text))
            if matches!(column.kind, FieldType::Date | FieldType::Datetime) =>
        {
            moment_words(text)
        }
        Some(serde_json::Value::Number(number)) => {
            format!("{number}{}", column.unit.as_deref().unwrap_or_default())
        }
        Some(value) => plain(value),
    };
    for words in [beside("words"), beside("detail")].into_iter().flatten() {
        if text.is_empty() {
            words.clone_into(&mut text);
        } else if !text.contains(words) {
            text = format!("{text}({words})");
        }
    }
    clean(&text)
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(labels) => labels.iter().map(plain).collect::<Vec<_>>().join("・"),
        other => other.to_string(),
    }
}

/// Edits that say the same, counted, in the order of their first place.
#[derive(Debug, PartialEq)]
pub(super) struct CountedEdit<'r> {
    pub(super) edit: &'r Edit,
    pub(super) count: usize,
}

pub(super) fn counted_edits(record: &Record) -> Vec<CountedEdit<'_>> {
    let mut counted: Vec<CountedEdit<'_>> = Vec::new();
    let key = |e: &Edit| (e.pass.clone(), e.from.clone(), e.to.clone(), e.reason.clone());
    let mut places = std::collections::HashMap::new();
    for edit in &record.transcript.edits {
        let place = *places.entry(key(edit)).or_insert(counted.len());
        match counted.get_mut(place) {
            Some(same) => same.count += 1,
            None => counted.push(CountedEdit { edit, count: 1 }),
        }
    }
    counted
}
