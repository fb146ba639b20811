//! Whether two values are the same, as far as a reader of the form cares.

use record::template::{FieldSpec, FieldType};
use serde_json::{Map, Value as Json};
use text::cer::distance;

use super::tally::Tally;

/// A text counts as right when at most this share of its characters differ.
const NEAR: f64 = 0.2;
/// Cells that are not compared: what the reference leaves open, and what is evidence and not value.
const FREE_CELLS: &[&str] = &["size_cm", "about", "citations", "flags", "trace"];

/// Parts of a person that forms often keep in a field of their own: compared only where both values have them.
const OPTIONAL_PARTS: &[&str] = &["kana"];

/// Whether a cell is compared. Original words beside a normal form and details are not.
pub(crate) fn is_counted(key: &str) -> bool {
    !FREE_CELLS.contains(&key) && !key.ends_with("_words") && !key.ends_with("_detail")
}

/// Whether a value is the expected one. Rows may come in another order; objects must have the same keys.
pub(crate) fn same(value: &Json, want: &Json) -> bool {
    match (value, want) {
        (Json::String(a), Json::String(b)) => near(a, b),
        (Json::Array(a), Json::Array(b)) => {
            let mut left: Vec<&Json> = a.iter().collect();
            a.len() == b.len()
                && b.iter().all(|want| {
                    let found = left.iter().position(|value| same(value, want));
                    found.map(|i| left.swap_remove(i)).is_some()
                })
        }
        (Json::Object(a), Json::Object(b)) => {
            let keys = a.keys().chain(b.keys()).filter(|k| is_counted(k));
            keys.into_iter().all(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => same(a, b),
                _ => OPTIONAL_PARTS.contains(&key.as_str()),
            })
        }
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        _ => value == want,
    }
}

/// A value that says nothing: a moment or number which the speech leaves open.
pub(crate) fn is_open(value: &Json) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// Equal but for punctuation, brackets, a final さん and at most a fifth of the characters; dates and labels must be equal.
pub(crate) fn near(a: &str, b: &str) -> bool {
    let bare = |text: &str| letters(text.strip_suffix("さん").unwrap_or(text));
    let (a, b) = (bare(a), bare(b));
    let structured = b.iter().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T'));
    if a == b || structured || b.len() < 5 {
        return a == b;
    }
    distance(&a, &b) as f64 <= NEAR * b.len() as f64
}

/// The characters without punctuation, brackets and space.
pub(crate) fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| !"、。，．,.!?！？「」『』・… 　\n".contains(*c)).collect()
}

/// How two tables agree.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// All counted cells.
    pub(crate) all: Tally,
    /// Of these, dates, times and numbers.
    pub(crate) exact: Tally,
    /// Row index in the record and in the reference, for each matched pair.
    pub(crate) pairs: Vec<(usize, usize)>,
}

/// Matches rows best first and counts their cells. A row without partner counts with all of its cells.
pub(crate) fn cells(spec: &FieldSpec, found: &[Map<String, Json>], want: &[Map<String, Json>]) -> Cells {
    let mut scored: Vec<(usize, usize, usize, usize)> = Vec::new();
    for (i, a) in found.iter().enumerate() {
        for (j, b) in want.iter().enumerate() {
            let tally = row(a, b, |_| true);
            if tally.right > 0 {
                scored.push((tally.right, usize::MAX - tally.found.max(tally.expected), i, j));
            }
        }
    }
    // The order of speech decides between equal matches.
    scored.sort_by_key(|&(right, short, i, j)| (std::cmp::Reverse((right, short)), i, j));
    let mut cells = Cells::default();
    let (mut taken_found, mut taken_want) = (vec![false; found.len()], vec![false; want.len()]);
    for (_, _, i, j) in scored {
        if !taken_found[i] && !taken_want[j] {
            (taken_found[i], taken_want[j]) = (true, true);
            cells.pairs.push((i, j));
        }
    }
    let empty = Map::new();
    let alone_found = (0..found.len()).filter(|i| !taken_found[*i]).map(|i| (&found[i], &empty));
    let alone_want = (0..want.len()).filter(|j| !taken_want[*j]).map(|j| (&empty, &want[j]));
    let pairs = cells.pairs.iter().map(|&(i, j)| (&found[i], &want[j]));
    for (a, b) in pairs.chain(alone_found).chain(alone_want) {
        cells.all.add(&row(a, b, |_| true));
        cells.exact.add(&row(a, b, |key| spec.column(key).is_some_and(|c| is_exact(c.kind))));
    }
    cells
}

/// Counts the cells of two rows whose key `keep` accepts.
fn row(found: &Map<String, Json>, want: &Map<String, Json>, keep: impl Fn(&str) -> bool) -> Tally {
    let counted = |key: &&String| is_counted(key) && keep(key);
    Tally {
        right: found
            .iter()
            .filter(|(key, _)| counted(key))
            .filter(|(key, value)| want.get(*key).is_some_and(|want| same(value, want)))
            .count(),
        found: found.keys().filter(counted).count(),
        expected: want.keys().filter(counted).count(),
    }
}

/// Whether values of this type are dates, times or numbers, which are right or wrong and never near.
pub(crate) fn is_exact(kind: FieldType) -> bool {
    use FieldType as T;
    matches!(
        kind,
        T::Date | T::Time | T::Datetime | T::DateRange | T::TimeRange | T::DatetimeRange | T::Number
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_near_and_names_dates_and_labels_are_equal() {
        assert!(near("安全の確認と生活の聴取", "安全確認と、生活の聴取。"));
        assert!(!near("来所して面接した", "安全確認と生活の聴取"));
        assert!(near("松尾さん", "松尾"));
        assert!(!near("松尾", "松本"));
        assert!(!near("2025-06-04", "2025-06-03"));
    }

    #[test]
    fn a_reading_beside_a_name_is_compared_only_where_both_have_one() {
        let (name, with_kana) = (json!({"name": "西田"}), json!({"name": "西田", "kana": "にしだ"}));
        assert!(same(&name, &with_kana) && same(&with_kana, &name));
        assert!(!same(&with_kana, &json!({"name": "西田", "kana": "さいだ"})));
        assert!(!same(&name, &json!({"name": "西田", "role": "教頭"})));
    }

    #[test]
    fn free_cells_are_not_compared() {
        assert!(same(&json!({"part": "頬", "size_cm": 2}), &json!({"part": "頬", "part_detail": "ほっぺ"})));
        assert!(!same(&json!({"part": "頬"}), &json!({"part": "頬", "side": "左"})));
    }
}
