//! Documents for tests, and annotations in a readable form.

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use record::{Document, Entity, Segment, Token, Transcript};

use crate::Chain;

/// The anchor of the examples in language.md: 2025-06-03, a Tuesday.
pub(crate) fn anchor() -> Date {
    date(2025, 6, 3)
}

pub(crate) fn document(text: &str, anchor: Option<Date>) -> Document {
    let segment = Segment { raw: text.to_owned(), ..Segment::default() };
    Document::new(&Transcript { segments: vec![segment], edits: vec![] }, anchor)
}

/// Words with the times at which they start and end, in milliseconds.
pub(crate) fn timed(words: &[(&str, u64, u64)]) -> Document {
    let tokens: Vec<Token> = words
        .iter()
        .map(|&(text, start_ms, end_ms)| Token { text: text.into(), start_ms, end_ms, logprob: -0.1 })
        .collect();
    let segment = Segment {
        raw: words.iter().map(|w| w.0).collect(),
        start_ms: words.first().map_or(0, |w| w.1),
        end_ms: words.last().map_or(0, |w| w.2),
        tokens,
        ..Segment::default()
    };
    Document::new(&Transcript { segments: vec![segment], edits: vec![] }, Some(anchor()))
}

/// Runs the whole chain with the anchor of language.md.
pub(crate) fn run(text: &str) -> Document {
    run_with(text, Some(anchor()))
}

pub(crate) fn run_with(text: &str, anchor: Option<Date>) -> Document {
    let mut doc = document(text, anchor);
    Chain::default().run(&mut doc).unwrap();
    doc
}

/// The text after the whole chain.
pub(crate) fn clean(text: &str) -> String {
    run(text).text().to_owned()
}

/// One annotation a line: its words, what it is, its flags.
pub(crate) fn show(doc: &Document) -> String {
    let mut out = String::new();
    for a in doc.annotations() {
        let words = &doc.text()[a.range.clone()];
        let entity = match &a.entity {
            Entity::Date(day) => format!("date {}", day.map_or("-".into(), |d| d.to_string())),
            Entity::Time(t) => format!("time {}", clock(*t)),
            Entity::TimeRange(a, b) => format!("times {}..{}", clock(*a), clock(*b)),
            Entity::Duration(minutes) => format!("duration {minutes} min"),
            Entity::Age(age) => {
                let high =
                    if age.years_high == age.years { String::new() } else { format!("..{}", age.years_high) };
                let months = age.months.map_or(String::new(), |m| format!(" {m} months"));
                let corrected = age.corrected_months.map_or(String::new(), |m| format!(" (corrected {m})"));
                format!("age {}{high}{months}{corrected}", age.years)
            }
            Entity::Quantity { low, high, unit } if low >= high => format!("quantity {low} {unit}"),
            Entity::Quantity { low, high, unit } => format!("quantity {low}..{high} {unit}"),
            Entity::Phone(number) => format!("phone {number}"),
            Entity::Heading(canonical) => format!("heading {canonical}"),
            Entity::Quote(quote) => {
                let speaker = quote.speaker.clone().map_or("-", |r| &doc.text()[r]);
                format!("quote by {speaker}, {}", &doc.text()[quote.verb.clone()])
            }
            Entity::Correction(c) => {
                format!("correction of {} ({})", c.first, &doc.mapped().original()[c.first_original.clone()])
            }
            other => format!("{other:?}"),
        };
        let _ = write!(out, "{words} | {entity}");
        if !a.flags.is_empty() {
            let _ = write!(out, " {:?}", a.flags);
        }
        out.push('\n');
    }
    out
}

fn clock(t: record::ClockTime) -> String {
    let day = if t.next_day { "+1 " } else { "" };
    let certain = if t.certain { "" } else { "?" };
    format!("{day}{:02}:{:02}{certain}", t.hour, t.minute)
}

/// The lines of [`show`] for one kind of entity (`date`, `age` …), after the whole chain.
pub(crate) fn found(kind: &str, text: &str) -> Vec<String> {
    shown(kind, &run(text))
}

pub(crate) fn shown(kind: &str, doc: &Document) -> Vec<String> {
    let mark = format!("| {kind} ");
    show(doc).lines().filter(|l| l.contains(&mark)).map(ToOwned::to_owned).collect()
}
