//! Counters and units of measure.

use std::sync::LazyLock;

use crate::words::{Words, lines};

/// What a counter makes of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A counted number.
    Count,
    /// Part of a date, a time or an age.
    Calendar,
    /// A unit of measure.
    Measure,
    /// A unit of length.
    Length,
}

/// The normal form of a counter.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    pub(crate) unit: String,
    pub(crate) kind: Kind,
}

static COUNTERS: LazyLock<Words<Counter>> =
    LazyLock::new(|| Words::new(entries(include_str!("../../data/counters.tsv"))));

fn entries(data: &str) -> impl Iterator<Item = (String, Counter)> {
    lines(data).filter_map(|line| {
        let mut columns = line.split('\t');
        let (word, unit, kind) = (columns.next()?, columns.next()?, columns.next()?);
        let kind = match kind {
            "n" => Kind::Count,
            "d" => Kind::Calendar,
            "m" => Kind::Measure,
            "l" => Kind::Length,
            _ => return None,
        };
        Some((word.to_owned(), Counter { unit: unit.to_owned(), kind }))
    })
}

/// The longest counter at `at`, as it stands there.
pub(crate) fn at(text: &str, at: usize) -> Option<(&'static str, &'static Counter)> {
    let counters: &'static Words<Counter> = &COUNTERS;
    let (word, counter) = counters.all_at(text, at).find(|(word, _)| {
        // 「g」 in a longer Latin word is no unit.
        let next = text[at + word.len()..].chars().next();
        !word.ends_with(|c: char| c.is_ascii_alphabetic()) || !next.is_some_and(|c| c.is_ascii_alphanumeric())
    })?;
    Some((word, counter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let data = include_str!("../../data/counters.tsv");
        assert_eq!(entries(data).count(), lines(data).count());
    }

    #[test]
    fn the_longest_counter_counts() {
        assert_eq!(at("人家族", 0).unwrap().0, "人家族");
        assert_eq!(at("グラムの", 0).unwrap().1.unit, "g");
        assert!(at("good", 0).is_none());
    }
}
