//! From what was said to a day.

use jiff::Span;
use jiff::civil::Date;
use record::Flag;

use super::grammar::{Expression, Said, Year};

/// A month and day this many days away from the anchor lie in the year before or after it.
const OTHER_YEAR_DAYS: i32 = 240;

/// An account goes on into the next month at most so many days later.
const GOES_ON_DAYS: i32 = 10;

/// A day this many days away from the anchor is of another matter.
const NEAR_DAYS: i32 = 200;

/// What dates count from.
pub(crate) struct Context {
    /// Day of the dictation.
    pub(crate) anchor: Option<Date>,
    /// The last day that was resolved.
    last: Option<Date>,
    /// The last one near the dictation: a lone day is no day of the month of a birth.
    near: Option<Date>,
}

impl Context {
    pub(crate) fn new(anchor: Option<Date>) -> Self {
        Self { anchor, last: None, near: None }
    }

    /// The day of an expression, and what is wrong with it.
    pub(crate) fn resolve(&mut self, text: &str, expression: &Expression) -> (Option<Date>, Vec<Flag>) {
        let mut flags = Vec::new();
        let day = self.day(expression, &mut flags);
        let day = match (&expression.said, day, self.anchor) {
            // 「…は3日に訪問します」 after the 28th, or after a day of last month was told, is a day to come.
            (&Said::DayOnly { day: number, inherits: false }, Some(found), Some(anchor))
                if found < anchor
                    && expression.weekday.is_none()
                    && is_to_come(text, expression.range.end) =>
            {
                to_come(anchor, number).or(day)
            }
            // Without a date before it, a day that is not yet there is of another month, and nobody says which.
            (&Said::DayOnly { inherits: false, .. }, Some(found), Some(anchor))
                if found > anchor
                    && self.near.is_none()
                    && expression.weekday.is_none()
                    && !is_to_come(text, expression.range.end) =>
            {
                None
            }
            _ => day,
        };
        if let (Some(day), Some(weekday)) = (day, expression.weekday)
            && day.weekday() != weekday
        {
            flags.push(Flag::WeekdayMismatch);
        }
        if expression.about {
            flags.push(Flag::Uncertain);
            return (None, flags);
        }
        if let Some(found) = day {
            self.last = day;
            let far = |anchor: Date| (found - anchor).get_days().abs() > NEAR_DAYS;
            if !self.anchor.is_some_and(far) {
                self.near = day;
            }
        }
        (day, flags)
    }

    fn day(&self, expression: &Expression, flags: &mut Vec<Flag>) -> Option<Date> {
        match expression.said {
            Said::Vague | Said::Calendar { day: None, .. } | Said::Calendar { month: None, .. } => {
                if let Said::Calendar { year: Some(Year::Era(era, n)), .. } = expression.said
                    && era.year(n).is_none_or(|year| !era.has_year(year))
                {
                    flags.push(Flag::EraOutOfRange);
                }
                None
            }
            Said::Calendar { year, month: Some(month), day: Some(day) } => {
                self.calendar(year, month, day, flags)
            }
            Said::DayOnly { day, inherits } => {
                let base = if inherits { self.last } else { self.near.or(self.anchor) };
                let base = known(base, flags)?;
                let found = Date::new(base.year(), base.month(), day as i8).ok();
                // 「8月31日の晩から…。2日になって…」: the account goes on into the next month.
                let next = self
                    .anchor
                    .filter(|_| !inherits)
                    .and_then(|anchor| to_come(base, day).filter(|d| *d <= anchor));
                let found = match (found, next) {
                    (Some(found), Some(next)) if found < base && (next - base).get_days() <= GOES_ON_DAYS => {
                        Some(next)
                    }
                    _ => found,
                };
                // A lone day with its weekday is this month's only if the weekday agrees.
                if !inherits && expression.weekday.is_some_and(|w| found.is_some_and(|d| d.weekday() != w)) {
                    flags.push(Flag::WeekdayMismatch);
                    return None;
                }
                real(found, flags)
            }
            Said::DayOfMonth { months, day } => {
                let anchor = known(self.anchor, flags)?;
                let month = shift(anchor.first_of_month(), Span::new().try_months(months).ok()?)?;
                real(Date::new(month.year(), month.month(), day as i8).ok(), flags)
            }
            Said::Days(days) => shift(known(self.anchor, flags)?, Span::new().try_days(days).ok()?),
            Said::DaysFromLast(days) => shift(known(self.last, flags)?, Span::new().try_days(days).ok()?),
            Said::WeekdayOf { weeks, weekday } => {
                let anchor = known(self.anchor, flags)?;
                let offset = i32::from(weekday.to_monday_zero_offset());
                let monday = i32::from(anchor.weekday().to_monday_zero_offset());
                shift(anchor, Span::new().try_days(weeks.checked_mul(7)? + offset - monday).ok()?)
            }
        }
    }

    fn calendar(&self, year: Option<Year>, month: u8, day: u8, flags: &mut Vec<Flag>) -> Option<Date> {
        let (month, day) = (month as i8, day as i8);
        match year {
            Some(Year::Western(year)) => real(Date::new(year, month, day).ok(), flags),
            Some(Year::Era(era, n)) => {
                let Some(year) = era.year(n) else {
                    flags.push(Flag::EraOutOfRange);
                    return None;
                };
                let found = real(Date::new(year, month, day).ok(), flags)?;
                if !era.has(found) {
                    flags.push(Flag::EraOutOfRange);
                    return None;
                }
                Some(found)
            }
            Some(Year::Relative(years)) => {
                let anchor = known(self.anchor, flags)?;
                real(Date::new(anchor.year().checked_add(years)?, month, day).ok(), flags)
            }
            None => {
                let anchor = known(self.anchor, flags)?;
                real(near(anchor, month, day), flags)
            }
        }
    }
}

/// The verb of a plan stands at most this many characters behind its day.
const SENTENCE_CHARS: usize = 100;

/// Whether the sentence that goes on at `at` ends in a verb of what is to come.
fn is_to_come(text: &str, at: usize) -> bool {
    let near = text[at..].char_indices().take(SENTENCE_CHARS).find(|(_, c)| matches!(c, '。' | '\n'));
    let near = near.map(|(i, _)| &text[at..at + i]);
    let Some(words) = near.or_else(|| (text.len() - at < SENTENCE_CHARS).then(|| &text[at..])) else {
        return false;
    };
    let state = [
        "です",
        "でした",
        "いる",
        "ある",
        "ています",
        "あります",
        "という",
        "そう",
        "よう",
        "ません",
        "おります",
        "言う",
        "話す",
        "思います",
    ];
    !state.iter().any(|e| words.ends_with(e))
        && !words.contains('「')
        && (words.ends_with("ます")
            || words.ends_with("予定")
            || words.ends_with("予定です")
            || words.ends_with(['る', 'う', 'く', 'す', 'つ', 'む', 'ぶ', 'ぐ']))
}

/// The next day with this number, from the anchor on.
fn to_come(anchor: Date, day: u8) -> Option<Date> {
    let day = i8::try_from(day).ok()?;
    let here = Date::new(anchor.year(), anchor.month(), day).ok().filter(|d| *d >= anchor);
    here.or_else(|| {
        let next = shift(anchor.first_of_month(), Span::new().try_months(1).ok()?)?;
        Date::new(next.year(), next.month(), day).ok()
    })
}

/// The month and day in the anchor's year; around New Year in the one that is nearer.
fn near(anchor: Date, month: i8, day: i8) -> Option<Date> {
    let same = Date::new(anchor.year(), month, day).ok();
    let away = same.map_or(0, |d| (d - anchor).get_days());
    let year = match away {
        d if d > OTHER_YEAR_DAYS => anchor.year() - 1,
        d if d < -OTHER_YEAR_DAYS => anchor.year() + 1,
        _ => return same,
    };
    Date::new(year, month, day).ok().or(same)
}

fn known(day: Option<Date>, flags: &mut Vec<Flag>) -> Option<Date> {
    if day.is_none() {
        flags.push(Flag::NoAnchor);
    }
    day
}

/// A day that the calendar does not have was misheard.
fn real(day: Option<Date>, flags: &mut Vec<Flag>) -> Option<Date> {
    if day.is_none() {
        flags.push(Flag::ReplayNeeded);
    }
    day
}

fn shift(day: Date, by: Span) -> Option<Date> {
    day.checked_add(by).ok()
}
