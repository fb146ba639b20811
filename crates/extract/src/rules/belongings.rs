//! What the child brought into custody.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, Kept, NormalForm, RowBuilder};

use super::section::says_only_status;
use super::{Filled, Outcome, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, find_any, lead_of, trim, trim_end_of};

/// One row for each thing, with its number where one was said.
pub(super) fn belongings(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    const KANA: &[(&str, f64)] = &[("ひとつ", 1.0), ("ふたつ", 2.0), ("みっつ", 3.0)];
    let text = scene.text();
    let mut rows = Vec::new();
    let mut status = None;
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let told: Vec<&Sentence> = if headed.is_empty() {
        scene.with_words(&spec.cues).filter(|s| s.heading.is_none()).collect()
    } else {
        headed
    };
    for sentence in told {
        // 「着替えはなし」 among other things is no answer to all.
        let all =
            clauses(text, sentence.range.clone()).len() == 1 || says_only_status(scene, &sentence.range);
        if let Some(outcome) = without(scene, sentence).filter(|_| all) {
            status = status.or(Some(outcome));
            continue;
        }
        let named: Vec<&String> = spec.cues.iter().filter(|cue| !cue.starts_with('を')).collect();
        let from = find_any(text, sentence.range.clone(), &named).map_or(sentence.range.start, |cue| cue.end);
        let from = from + lead_of(&text[from..], &["としては、", "としては", "として", "は、", "は"]);
        for clause in clauses(text, from..sentence.range.end).into_iter().flat_map(|c| things(text, &c)) {
            let words = trim_end_of(text, trim(text, clause), &WORDS.belongings.endings);
            if words.is_empty() || crate::status::status(text, words.clone()).is_some() {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            let counted = scene.doc.annotations_in(words.clone()).find_map(|a| match &a.entity {
                Entity::Quantity { low, high, .. } if (low - high).abs() < f64::EPSILON => {
                    Some((*low, a.range.clone()))
                }
                _ => None,
            });
            let kana =
                || KANA.iter().find_map(|(word, n)| Some((*n, find_any(text, words.clone(), &[word])?)));
            let counted = counted.or_else(kana).or_else(|| number_behind(text, &words));
            let item = counted.as_ref().map_or(words.clone(), |(_, at)| trim(text, words.start..at.start));
            let item = trim_end_of(text, item, &["が", "を", "は", "の"]);
            if item.is_empty() {
                continue;
            }
            row.copy("item", item)?;
            if let Some((count, at)) = counted {
                row.normal("count", &NormalForm::Number(count), at.clone())?;
                row.keep("count", Kept::Words, at)?;
            }
            row.cite(words);
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// 「着替え3組」: a number at the end with its counter, whatever is counted.
fn number_behind(text: &str, words: &Range<usize>) -> Option<(f64, Range<usize>)> {
    let counter = WORDS.belongings.counters.iter().find(|c| text[words.clone()].ends_with(**c))?;
    let end = words.end - counter.len();
    let digits = text[words.start..end].chars().rev().take_while(char::is_ascii_digit).count();
    let number = text[end - digits..end].parse().ok()?;
    (digits > 0 && end - digits > words.start).then_some((number, end - digits..words.end))
}

/// The things of a clause: 「ランドセルと水筒」 are two.
fn things(text: &str, clause: &Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = clause.start;
    for (at, c) in text[clause.clone()].char_indices() {
        let whole = clause.start + at;
        // と in ひとつ joins nothing.
        let inside = c == 'と'
            && ["つ", "組", "袋", "箱", "揃", "そろ", "束", "まとめ"]
                .iter()
                .any(|w| text[whole + c.len_utf8()..clause.end].starts_with(w))
            && text[start..whole].ends_with('ひ');
        if (c == 'と' || c == '・') && whole > start && !inside {
            parts.push(start..whole);
            start = whole + c.len_utf8();
        }
    }
    parts.push(start..clause.end);
    parts
}
