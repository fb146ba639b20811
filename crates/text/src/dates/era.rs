//! The Japanese eras, by exact day.

use jiff::civil::{Date, date};

/// An era and its days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Era {
    first: Date,
    last: Option<Date>,
}

impl Era {
    /// The era with this name or initial.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (first, last) = match name {
            "明治" | "M" => (date(1868, 10, 23), Some(date(1912, 7, 29))),
            "大正" | "T" => (date(1912, 7, 30), Some(date(1926, 12, 24))),
            "昭和" | "S" => (date(1926, 12, 25), Some(date(1989, 1, 7))),
            "平成" | "H" => (date(1989, 1, 8), Some(date(2019, 4, 30))),
            "令和" | "R" => (date(2019, 5, 1), None),
            _ => return None,
        };
        Some(Self { first, last })
    }

    /// The western year of year `n` of the era; the first is 1.
    pub(crate) fn year(self, n: u16) -> Option<i16> {
        let n = i16::try_from(n).ok().filter(|n| *n > 0)?;
        self.first.year().checked_add(n - 1)
    }

    /// Whether the era has this day.
    pub(crate) fn has(self, day: Date) -> bool {
        day >= self.first && self.last.is_none_or(|last| day <= last)
    }

    /// Whether the era has any day of this year.
    pub(crate) fn has_year(self, year: i16) -> bool {
        year >= self.first.year() && self.last.is_none_or(|last| year <= last.year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_lie_on_exact_days() {
        let heisei = Era::named("平成").unwrap();
        assert_eq!(heisei.year(1), Some(1989));
        assert!(heisei.has(date(1989, 1, 8)) && !heisei.has(date(1989, 1, 7)));
        assert!(heisei.has(date(2019, 4, 30)) && !heisei.has(date(2019, 5, 1)));
        assert!(Era::named("昭和").unwrap().has(date(1989, 1, 7)));
        assert!(Era::named("R").unwrap().has(date(2019, 5, 1)));
        assert_eq!(heisei.year(0), None);
    }
}
