//! Meaning turned round: a denial read as a statement, a consent read as a refusal.

use record::{Field, State, Value};
use serde_json::{Map, Value as Json};

use super::compare::near;
use super::expected::ExpectedField;

/// Labels of which one says the contrary of the other.
const OPPOSITES: &[(&str, &str)] = &[
    ("有", "無"),
    ("諾", "否"),
    ("要", "否"),
    ("同意", "不同意"),
    ("承知", "拒否"),
    ("肯定", "否定"),
    ("面接した", "面接拒否"),
    ("面接した", "会えなかった"),
    ("応じる", "拒否"),
];

/// Words that turn a sentence round, and forms that people write for the same.
const NEGATIONS: &[&str] = &["ない", "なかっ", "なし", "ません", "否認", "拒否", "不通", "不在"];

/// Errors of polarity between a field and what is expected: 0 or 1.
///
/// A denied field with a value, a stated one that is denied, the opposite label, or a text near to the expected one that
/// has another number of negations.
pub(crate) fn errors(field: &Field, want: &ExpectedField) -> usize {
    let turned =
        matches!((field.state, want.state), (State::Stated, State::Denied) | (State::Denied, State::Stated));
    let value = match (&field.value, &want.value) {
        (Some(Value::Text(found)), Some(Json::String(want))) => is_opposite(found, want),
        _ => false,
    };
    usize::from(turned || value)
}

/// Errors of polarity in two rows that were matched.
pub(crate) fn row_errors(found: &Map<String, Json>, want: &Map<String, Json>) -> usize {
    want.iter()
        .filter_map(|(key, want)| Some((found.get(key)?.as_str()?, want.as_str()?)))
        .filter(|(found, want)| is_opposite(found, want))
        .count()
}

fn is_opposite(found: &str, want: &str) -> bool {
    if found == want {
        return false;
    }
    OPPOSITES.iter().any(|&(a, b)| (found, want) == (a, b) || (found, want) == (b, a))
        || (near(found, want) && negations(found) != negations(want))
}

fn negations(text: &str) -> usize {
    NEGATIONS.iter().map(|word| text.matches(word).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposite_labels_and_lost_negations_are_errors_of_polarity() {
        assert!(is_opposite("同意", "不同意"));
        assert!(is_opposite("否", "諾"));
        assert!(is_opposite("実母は叩いたことは避妊。", "実母は叩いたことは否認。"));
        assert!(is_opposite("家で叩かれたことはある。", "家で叩かれたことはない。"));
    }

    #[test]
    fn other_labels_and_other_words_are_errors_of_another_kind() {
        assert!(!is_opposite("実父", "実母"));
        assert!(!is_opposite("同意", "同意"));
        assert!(!is_opposite("泣いていた。", "けがはない。"));
        assert!(!is_opposite("右の頬にあざが1つある。", "右のほおにあざが1つある。"));
    }
}
