//! Values that carry the words they come from. There is no other way to a value.

mod person;
mod rows;

use std::ops::Range;

use jiff::civil::Date;

use crate::field::GroundingError;
use crate::template::Choice;
use crate::{
    Annotation, Citation, ClockTime, Document, Entity, Flag, Person, Trace, Value, ValueRange, display,
};

pub use person::PersonBuilder;
pub use rows::{Kept, RowBuilder};

/// A rule's normal form of some words. The set is closed: a rule cannot put free text here.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NormalForm {
    /// A day.
    Date(Date),
    /// A day with a time, as far as it is certain.
    Datetime(Date, Option<ClockTime>),
    /// From a moment to a moment of the same or the next day.
    DatetimeRange(Date, Option<ClockTime>, Option<ClockTime>),
    /// From a day to a day.
    DateRange(Option<Date>, Option<Date>),
    /// A time of day, as far as it is certain.
    Time(ClockTime),
    /// From a time to a time.
    TimeRange(ClockTime, Option<ClockTime>),
    /// A length of time in minutes.
    Minutes(i64),
    /// What cannot be calculated from the words, and why.
    Incalculable(Missing),
    /// A number in the field's unit.
    Number(f64),
    /// A telephone number, digits and hyphens.
    Phone(String),
    /// 「10円玉大」; the coin's face value.
    CoinSize(u32),
    /// 有
    Present,
    /// A reporter who gives no name.
    Anonymous,
}

/// What a calculation lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// No day that is certain.
    Day,
    /// No time of day.
    Time,
    /// 午前 or 午後.
    HalfOfDay,
    /// The end lies before the start.
    Order,
}

/// A value, its words and its review items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grounded {
    pub(crate) value: Option<Value>,
    pub(crate) display: String,
    pub(crate) detail: Option<String>,
    pub(crate) confidence: Option<f32>,
    pub(crate) citations: Vec<Citation>,
    pub(crate) trace: Vec<Trace>,
    pub(crate) flags: Vec<Flag>,
    /// The cited ranges of the document.
    pub(crate) ranges: Vec<Range<usize>>,
    /// Calculated from the words and not one of them.
    pub(crate) computed: bool,
}

impl Grounded {
    /// The words of `ranges`, joined without anything between.
    #[must_use]
    pub fn copied(doc: &Document, ranges: &[Range<usize>]) -> Self {
        let mut grounded = Self::words(doc, ranges);
        grounded.value = Some(Value::Text(grounded.display.clone()));
        grounded
    }

    /// The words of `ranges` without a value: for unknown and denied fields, and for moments that the speech leaves open.
    #[must_use]
    pub fn words(doc: &Document, ranges: &[Range<usize>]) -> Self {
        let mut grounded = Self::default();
        for range in ranges {
            grounded.cite(doc, range.clone());
            grounded.display.push_str(&doc.text()[range.clone()]);
        }
        grounded
    }

    /// A choice with the words that triggered it.
    pub fn choice(
        doc: &Document,
        choices: &[Choice],
        label: &str,
        trigger: Range<usize>,
    ) -> Result<Self, GroundingError> {
        if !choices.iter().any(|c| c.label == label) {
            return Err(GroundingError::NotAChoice(label.to_owned()));
        }
        let mut grounded = Self::words(doc, &[trigger]);
        grounded.value = Some(Value::Text(label.to_owned()));
        label.clone_into(&mut grounded.display);
        Ok(grounded)
    }

    /// The normal form of the words of `ranges`.
    #[must_use]
    pub fn normal(doc: &Document, ranges: &[Range<usize>], form: &NormalForm) -> Self {
        let mut grounded = Self::words(doc, ranges);
        let words = std::mem::take(&mut grounded.display);
        grounded.display = display::normal_form(form).unwrap_or(words);
        grounded.value = value_of(form);
        grounded
    }

    /// A value calculated from the words of `ranges`.
    #[must_use]
    pub fn computed(doc: &Document, ranges: &[Range<usize>], form: &NormalForm) -> Self {
        Self { computed: true, ..Self::normal(doc, ranges, form) }
    }

    /// Labels of a `multi` field, each with the words that triggered it. `None` where there is no label.
    pub fn labels(
        doc: &Document,
        choices: &[Choice],
        spoken: &[(&str, Range<usize>)],
    ) -> Result<Option<Self>, GroundingError> {
        let mut grounded = Self::default();
        let mut labels: Vec<String> = Vec::new();
        for (label, trigger) in spoken {
            if !choices.iter().any(|c| c.label == *label) {
                return Err(GroundingError::NotAChoice((*label).to_owned()));
            }
            push_once(&mut labels, (*label).to_owned());
            grounded.cite(doc, trigger.clone());
        }
        grounded.display = labels.join("・");
        let any = !labels.is_empty();
        grounded.value = Some(Value::Labels(labels));
        Ok(any.then_some(grounded))
    }

    /// A family as one line of relations and ages, calculated from the words: 実父(35)・実母(34)・本児(8).
    pub fn family(
        doc: &Document,
        choices: &[Choice],
        members: &[(&str, Option<u16>, Range<usize>)],
    ) -> Result<Option<Self>, GroundingError> {
        let mut grounded = Self { computed: true, ..Self::default() };
        let mut parts = Vec::new();
        for (label, age, words) in members {
            if !choices.iter().any(|c| c.label == *label) {
                return Err(GroundingError::NotAChoice((*label).to_owned()));
            }
            parts.push(age.map_or_else(|| (*label).to_owned(), |age| format!("{label}({age}歳)")));
            grounded.cite(doc, words.clone());
        }
        let line = parts.join("・");
        grounded.display.clone_from(&line);
        grounded.value = Some(Value::Text(line));
        Ok((!parts.is_empty()).then_some(grounded))
    }

    /// Whether the value was calculated.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.computed
    }

    /// The words as they are printed.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// A person whose parts the builder has grounded.
    #[must_use]
    pub fn person(person: PersonBuilder<'_>) -> Self {
        let mut grounded = person.grounded;
        let p = &person.person;
        let name =
            [&p.relation, &p.org, &p.name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        grounded.display = match &p.role {
            Some(role) if name.is_empty() => role.clone(),
            Some(role) => format!("{name}({role})"),
            None => name,
        };
        grounded.value = Some(Value::Person(person.person));
        grounded
    }

    /// A table. `None` where there is no row.
    #[must_use]
    pub fn rows(rows: Vec<RowBuilder<'_>>) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        let mut grounded = Self::default();
        let mut done = Vec::new();
        for row in rows {
            grounded.confidence = lower(grounded.confidence, row.confidence);
            grounded.citations.extend(row.row.citations.iter().cloned());
            grounded.trace.extend(row.row.trace.iter().cloned());
            grounded.ranges.extend(row.ranges);
            for flag in &row.row.flags {
                push_once(&mut grounded.flags, *flag);
            }
            done.push(row.row);
        }
        grounded.display = done.iter().map(display::row).collect::<Vec<_>>().join("\n");
        grounded.value = Some(Value::Rows(done));
        Some(grounded)
    }

    /// Adds the words beside a label.
    #[must_use]
    pub fn with_detail(mut self, doc: &Document, range: Range<usize>) -> Self {
        self.detail = Some(doc.text()[range.clone()].to_owned());
        self.cite(doc, range);
        self
    }

    /// Prints the words of `range` instead of the normal form: for values with a margin (「3、4歳くらい」).
    #[must_use]
    pub fn showing(mut self, doc: &Document, range: Range<usize>) -> Self {
        doc.text()[range].clone_into(&mut self.display);
        self
    }

    /// Drops the value and keeps the words, where the speech leaves the value open.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.value = None;
        self
    }

    /// Adds review items.
    #[must_use]
    pub fn with_flags(mut self, flags: impl IntoIterator<Item = Flag>) -> Self {
        for flag in flags {
            push_once(&mut self.flags, flag);
        }
        self
    }

    /// The cited ranges of the document.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// The words.
    #[must_use]
    pub fn citations(&self) -> &[Citation] {
        &self.citations
    }

    fn cite(&mut self, doc: &Document, range: Range<usize>) {
        if self.ranges.contains(&range) {
            return;
        }
        let evidence = evidence(doc, range.clone());
        self.ranges.push(range);
        self.citations.push(evidence.citation);
        self.confidence = lower(self.confidence, evidence.confidence);
        if !evidence.trace.is_empty() {
            push_once(&mut self.flags, Flag::SelfCorrected);
        }
        self.trace.extend(evidence.trace);
    }
}

/// Longest words that a correction leaves.
const CORRECTION_BYTES: usize = 300;

struct Evidence {
    citation: Citation,
    confidence: Option<f32>,
    trace: Vec<Trace>,
}

fn evidence(doc: &Document, range: Range<usize>) -> Evidence {
    // Corrections are short: those that reach into the range start at most their length before it.
    let nearby = doc.annotations_from(range.start.saturating_sub(CORRECTION_BYTES));
    let trace = nearby
        .take_while(|a| a.range.start < range.end)
        .filter(|a| range.start < a.range.end)
        .filter_map(|a: &Annotation| {
            let Entity::Correction(correction) = &a.entity else { return None };
            let (file, start_ms, end_ms) = doc.time_of_original(correction.first_original.clone());
            Some(Trace {
                first: correction.first.clone(),
                last: correction.last.clone(),
                reason: "self_correction".to_owned(),
                citation: Citation { file, start_ms, end_ms, quote: doc.text()[a.range.clone()].to_owned() },
            })
        })
        .collect();
    Evidence { confidence: doc.confidence(range.clone()), citation: doc.citation(range), trace }
}

fn value_of(form: &NormalForm) -> Option<Value> {
    let text = |s: String| Some(Value::Text(s));
    match form {
        NormalForm::Date(date) => text(date.to_string()),
        NormalForm::Datetime(date, time) => text(display::iso(*date, *time)),
        NormalForm::DatetimeRange(date, start, end) => Some(Value::Range(ValueRange {
            start: Some(display::iso(*date, *start)),
            end: end.filter(|t| t.certain).map(|t| display::iso(*date, Some(t))),
        })),
        NormalForm::DateRange(start, end) => {
            let day = |d: &Option<Date>| d.map(|d| d.to_string());
            Some(Value::Range(ValueRange { start: day(start), end: day(end) }))
        }
        NormalForm::Number(number) => {
            let whole = *number as i64;
            let number = if (whole as f64 - number).abs() < f64::EPSILON {
                Some(whole.into())
            } else {
                serde_json::Number::from_f64(*number)
            };
            number.map(Value::Number)
        }
        NormalForm::Time(time) => display::iso_time(*time).and_then(text),
        NormalForm::TimeRange(start, end) => Some(Value::Range(ValueRange {
            start: display::iso_time(*start),
            end: end.and_then(display::iso_time),
        })),
        NormalForm::Minutes(minutes) => Some(Value::Number((*minutes).into())),
        NormalForm::Incalculable(_) => None,
        NormalForm::Phone(phone) => text(phone.clone()),
        NormalForm::CoinSize(coin) => text(display::coin_size(*coin)),
        NormalForm::Present => text("有".to_owned()),
        NormalForm::Anonymous => {
            Some(Value::Person(Person { name: Some(display::ANONYMOUS.to_owned()), ..Person::default() }))
        }
    }
}

fn lower(a: Option<f32>, b: Option<f32>) -> Option<f32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
