//! Counts, and the shares made of them.

use serde::{Deserialize, Serialize};

/// Right, found and expected: precision and recall in the making.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Found and as expected.
    pub(crate) right: usize,
    /// Found.
    pub(crate) found: usize,
    /// Expected.
    pub(crate) expected: usize,
}

impl Tally {
    /// One value: whether it was found, expected, and right.
    pub(crate) fn one(found: bool, expected: bool, right: bool) -> Self {
        Self { right: right.into(), found: found.into(), expected: expected.into() }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.right += other.right;
        self.found += other.found;
        self.expected += other.expected;
    }

    /// Share of what was found that is right; 1 where nothing was found.
    pub(crate) fn precision(&self) -> f64 {
        share(self.right, self.found)
    }

    /// Share of what was expected that was found; 1 where nothing was expected.
    pub(crate) fn recall(&self) -> f64 {
        share(self.right, self.expected)
    }

    /// Harmonic mean of precision and recall.
    pub(crate) fn f1(&self) -> f64 {
        share(2 * self.right, self.found + self.expected)
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) count: usize,
    pub(crate) of: usize,
}

impl Part {
    pub(crate) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.of += other.of;
    }

    pub(crate) fn note(&mut self, counts: bool) {
        self.count += usize::from(counts);
        self.of += 1;
    }

    /// The share; 1 of nothing.
    pub(crate) fn share(&self) -> f64 {
        share(self.count, self.of)
    }

    /// The share of errors; 0 of nothing.
    pub(crate) fn rate(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.count as f64 / self.of as f64 }
    }
}

fn share(count: usize, of: usize) -> f64 {
    if of == 0 { 1.0 } else { count as f64 / of as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_counts_what_was_found_and_recall_what_was_expected() {
        let tally = Tally { right: 3, found: 4, expected: 6 };
        assert!((tally.precision() - 0.75).abs() < 1e-9);
        assert!((tally.recall() - 0.5).abs() < 1e-9);
        assert!((tally.f1() - 0.6).abs() < 1e-9);
    }

    #[test]
    fn nothing_expected_and_nothing_found_is_right() {
        assert!((Tally::default().f1() - 1.0).abs() < 1e-9);
        assert!((Part::default().share() - 1.0).abs() < 1e-9);
        assert!(Part::default().rate().abs() < 1e-9);
    }
}
