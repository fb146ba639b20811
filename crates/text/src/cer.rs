//! Character error rate: how far what was heard is from what was said.
//!
//! One rule for every figure of the project: Levenshtein distance over the length of the script, both without what nobody
//! hears ([`normal`]).

use unicode_normalization::UnicodeNormalization;

/// What an error rate leaves out, beside white space.
const PUNCTUATION: &str = "、。，．,.!?！？「」『』・…-ー〜~（）()";

/// Wrong characters, and of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// Characters to insert, delete or replace.
    pub count: usize,
    /// Characters of the script.
    pub of: usize,
}

impl Errors {
    /// Errors for each character of the script; 0 for an empty one.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.count as f64 / self.of.max(1) as f64
    }
}

impl std::ops::AddAssign for Errors {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.of += other.of;
    }
}

/// Character errors of `heard` against `script`.
///
/// ```
/// let errors = text::cer::errors("逆体通告。", "虐待通告");
/// assert_eq!((errors.count, errors.of), (2, 4));
/// ```
#[must_use]
pub fn errors(heard: &str, script: &str) -> Errors {
    let (heard, script) = (normal(heard), normal(script));
    Errors { count: distance(&heard, &script), of: script.len() }
}

/// The characters that an error rate compares: NFKC, lower case, without white space and punctuation.
#[must_use]
pub fn normal(text: &str) -> Vec<char> {
    text.nfkc()
        .filter(|c| !c.is_whitespace() && !PUNCTUATION.contains(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Levenshtein distance.
#[must_use]
pub fn distance(a: &[char], b: &[char]) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_rate_knows_no_width_punctuation_or_case() {
        assert_eq!(errors("ＤＶ の相談、2件。", "dvの相談2件"), Errors { count: 0, of: 7 });
        assert_eq!(errors("逆体通告", "虐待通告"), Errors { count: 2, of: 4 });
    }

    #[test]
    fn errors_are_counted_over_all_scripts() {
        let mut all = errors("逆体通告", "虐待通告");
        all += errors("", "不通");
        assert_eq!(all, Errors { count: 4, of: 6 });
        assert!((all.rate() - 4.0 / 6.0).abs() < 1e-12);
        assert!(Errors::default().rate().abs() < f64::EPSILON);
    }

    #[test]
    fn distance_counts_insertions_deletions_and_substitutions() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("逆体通告"), &chars("虐待通告")), 2);
        assert_eq!(distance(&chars(""), &chars("通告")), 2);
        assert_eq!(distance(&chars("通告者"), &chars("通告")), 1);
    }
}
