//! Days: 和暦, 西暦, month and day, and words that count from an anchor (language.md pass 2).

mod era;
mod grammar;
mod relative;
mod resolve;
#[cfg(test)]
mod tests;

use std::ops::Range;

use jiff::civil::{Date, Weekday};
use record::{Annotation, Document, Entity, Flag};

use crate::chain::Pass;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::layout::{Layout, ends_sentence};
use crate::number;
use grammar::Expression;
pub(crate) use grammar::{era_name, expression, weekday};
use resolve::Context;

const NAME: &str = "dates";
/// The date of the dictation is among its first characters.
const HEAD_CHARS: usize = 80;
/// A date with one of these behind it is not the day that the dictation is about.
const OTHER_DAYS: &[&str] = &[
    "生",
    "付",
    "から",
    "まで",
    "以降",
    "以来",
    "以前",
    "時点",
    "に通告",
    "の通告",
    "に相談",
    "に受理",
    "に転",
];

/// Pass 2: annotates days.
///
/// The range takes in the weekday (「6月3日火曜」). Words that fix no day (今月頭, 先週あたり) are annotated without a value, so
/// that a field can keep them. Relative words count from the date that the dictation starts with, else from the
/// recording's day; without either they carry [`Flag::NoAnchor`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Dates;

impl Pass for Dates {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let annotations = annotations(doc);
        doc.retain_annotations(|a| !matches!(a.entity, Entity::Date(_)));
        doc.annotate(annotations);
        Ok(())
    }
}

/// The day that relative dates of `doc` count from: the complete date that the dictation starts with, else the
/// recording's.
///
/// A month with a day is complete where the recording's day gives its year. Birthdays and days that something began or
/// ended are not taken.
#[must_use]
pub fn anchor(doc: &Document) -> Option<Date> {
    let expressions = expressions(doc);
    spoken_anchor(doc, &expressions).map(|(_, day)| day).or(doc.anchor())
}

/// Range and day of the calendar days that are said without a weekday.
pub(crate) fn days_without_weekday(doc: &Document) -> Vec<(Range<usize>, Date)> {
    let text = doc.text();
    let expressions = expressions(doc);
    let mut context = Context::new(doc.anchor());
    let spoken = spoken_anchor(doc, &expressions).map(|(_, day)| day);
    let mut days = Vec::new();
    for expression in expressions {
        context.anchor = spoken.or(context.anchor);
        let (day, _) = context.resolve(text, &expression);
        if let Some(day) = day.filter(|_| expression.is_calendar_day() && expression.weekday.is_none()) {
            days.push((expression.range, day));
        }
    }
    days
}

/// Days that are said with another weekday than theirs.
pub(crate) fn contradicted_days(doc: &Document) -> Vec<Contradicted> {
    let text = doc.text();
    let expressions = expressions(doc);
    let mut context = Context::new(doc.anchor());
    let spoken = spoken_anchor(doc, &expressions).map(|(_, day)| day);
    let mut days = Vec::new();
    for expression in expressions.iter().filter(|e| e.is_calendar_day()) {
        context.anchor = spoken.or(context.anchor);
        let (Some(day), Some(weekday)) = (context.resolve(text, expression).0, expression.weekday) else {
            continue;
        };
        let head = text[expression.range.clone()].find('日').map(|at| &text[..expression.range.start + at]);
        if let Some(head) = head.filter(|_| day.weekday() != weekday) {
            let number = head.trim_end_matches(number::starts_number).len()..head.len();
            days.push(Contradicted { number, day, weekday });
        }
    }
    days
}

/// A day that is said with another weekday than its own.
pub(crate) struct Contradicted {
    /// The number of the day in the text.
    pub(crate) number: Range<usize>,
    pub(crate) day: Date,
    /// The weekday that is said.
    pub(crate) weekday: Weekday,
}

fn annotations(doc: &Document) -> Vec<Annotation> {
    let text = doc.text();
    let expressions = expressions(doc);
    let spoken = spoken_anchor(doc, &expressions);
    let mut context = Context::new(doc.anchor());
    let mut annotations: Vec<Annotation> = Vec::with_capacity(expressions.len());
    for (i, expression) in expressions.iter().enumerate() {
        if let Some((first, day)) = spoken
            && i > first
        {
            context.anchor = Some(day);
        }
        let (day, flags) = context.resolve(text, expression);
        // 「あした13日」 is one day, said twice.
        if let Some(last) = annotations.last_mut()
            && last.range.end == expression.range.start
            && day.is_some()
            && last.entity == Entity::Date(day)
        {
            last.range.end = expression.range.end;
            last.flags.extend(flags);
            continue;
        }
        annotations.push(Annotation { range: expression.range.clone(), entity: Entity::Date(day), flags });
    }
    annotations
}

fn expressions(doc: &Document) -> Vec<Expression> {
    let text = doc.text();
    let layout = Layout::new(doc);
    let mut found: Vec<Expression> = Vec::new();
    let mut at = 0;
    let mut known = false;
    while let Some(c) = text[at..].chars().next() {
        if let Some(quote) = layout.quote_at(at) {
            at = quote.end;
            continue;
        }
        match expression(text, at, found.last(), known) {
            Some(expression) => {
                at = expression.range.end;
                known |= expression.is_of_this_case();
                found.push(expression);
            }
            None => at += c.len_utf8(),
        }
    }
    found
}

/// Index and value of the date that the dictation starts with.
fn spoken_anchor(doc: &Document, expressions: &[Expression]) -> Option<(usize, Date)> {
    let text = doc.text();
    let head = text.char_indices().nth(HEAD_CHARS).map_or(text.len(), |(at, _)| at);
    let mut said_before: Option<usize> = None;
    for (i, expression) in expressions.iter().enumerate() {
        let range = &expression.range;
        if range.start > head {
            return None;
        }
        if !expression.is_calendar_day() {
            said_before = Some(range.end);
            continue;
        }
        // 「昨日、6月2日」: the date explains the relative word, it is not the day of the dictation.
        let explains = said_before.is_some_and(|end| !text[end..range.start].contains(ends_sentence));
        let other = Cursor::new(text, range.end).sees(OTHER_DAYS);
        let (day, flags) = Context::new(doc.anchor()).resolve(text, expression);
        // 「今朝、1月9日金曜の8時20分に」: it is the day of the dictation, whatever days are told behind it.
        if explains && day.is_some() && day == doc.anchor() {
            return Some((i, doc.anchor()?));
        }
        match day.filter(|_| !explains && !other && !flags.contains(&Flag::EraOutOfRange)) {
            Some(day) => return Some((i, day)),
            None => said_before = Some(range.end),
        }
    }
    None
}
