//! Brothers and sisters.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, NormalForm, RowBuilder};

use super::{age, living, named, relation, strip_ending};
use crate::people::{Mention, name_at, skip_honorific};
use crate::rules::{Filled, Outcome, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, has_any, is_kanji, is_katakana, starts_with_any, trim, trim_end_of};

/// 有 with the words, 無 or 不明 from a sentence about brothers and sisters.
pub(in crate::rules) fn siblings_known(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    for sentence in sibling_sentences(scene, spec) {
        let named = !siblings_in(scene, &sentence.range).is_empty();
        if !named && let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
        if named || has_any(scene.text(), sentence.range.clone(), &["いる", "います", "あり", "人"]) {
            let whole = std::slice::from_ref(&sentence.full);
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, whole, &NormalForm::Present))));
        }
    }
    Ok(None)
}

/// Sentences about brothers and sisters: with the field's cues, or one that says that there is one (「弟がひとり、…」「姉がいます」).
fn sibling_sentences<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> impl Iterator<Item = &'s Sentence> {
    let told: Vec<usize> = scene.about(spec).map(|s| s.range.start).collect();
    scene.sentences.iter().filter(move |s| {
        told.binary_search(&s.range.start).is_ok() || (is_account(s) && says_there_is(scene, s))
    })
}

/// Under no heading, or one of what happened.
fn is_account(sentence: &Sentence) -> bool {
    sentence.heading.as_deref().is_none_or(|h| ["通告内容", "相談内容", "聴取内容", "主訴"].contains(&h))
}

/// 「弟がひとり」「妹が2人います」「上に姉がいる」 at the start of the sentence.
pub(in crate::rules) fn says_there_is(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let range = trim(text, sentence.range.clone());
    let Some(first) = siblings_in(scene, &range).into_iter().next() else { return false };
    let lead = text[range.start..first.range.start].trim_end_matches('、');
    let behind = text[first.range.end..range.end].strip_prefix('が').unwrap_or_default();
    ["", "上に", "下に", "ほかに", "他に", "本児には", "本児に", "家には"].contains(&lead)
        && starts_with_any(behind, &WORDS.siblings.there)
        && !text[range].contains('「')
}

/// The name of a brother or sister: behind the word (「弟の湊くん」), or a clause of its own in front of the age (「弟がひとり、早見湊、5歳」).
fn sibling_name(scene: &Scene<'_>, mention: &Mention, end: usize) -> Option<Range<usize>> {
    let text = scene.text();
    let own = named(text, mention, end);
    if own != mention.range && text[own.clone()].chars().any(|c| is_kanji(c) || is_katakana(c)) {
        return Some(own);
    }
    // 「妹が1人いて、4歳のゆあさん」
    let aged = scene.doc.annotations_in(mention.range.end..end).find_map(|a| {
        let from =
            a.range.end + if text[a.range.end..end].starts_with('の') { "の".len() } else { return None };
        let name = name_at(text, from..end).filter(|n| skip_honorific(text, n.end) > n.end)?;
        (matches!(a.entity, Entity::Age(_)) && scene.mentions(name.clone()).is_empty()).then_some(name)
    });
    if aged.is_some() {
        return aged;
    }
    let all = clauses(text, mention.range.end..end);
    all.windows(2).skip(1).chain(all.windows(2).take(1)).find_map(|pair| {
        let words = trim(text, pair[0].clone());
        let name = name_at(text, words.clone())?;
        let whole = name.end == words.end || skip_honorific(text, name.end) == words.end;
        let next = trim(text, pair[1].clone());
        let aged = scene
            .doc
            .annotations_in(next.clone())
            .any(|a| a.range.start == next.start && matches!(a.entity, Entity::Age(_)));
        let spelt = text[name.clone()].chars().any(is_kanji) && scene.mentions(words).is_empty();
        (whole && aged && spelt && text[name.clone()].chars().count() >= 2).then_some(name)
    })
}

/// A row for each brother or sister: 「弟が一人、四歳、わかば保育園です」「三歳の姉が一人」.
pub(in crate::rules) fn siblings(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    for sentence in sibling_sentences(scene, spec) {
        let found = siblings_in(scene, &sentence.range);
        for (i, mention) in found.iter().enumerate() {
            let start = if i == 0 { sentence.range.start } else { mention.range.start };
            let end = found.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let mut row = RowBuilder::new(scene.doc, spec);
            row.cite(trim(text, start..end));
            relation(scene, &mut row, mention)?;
            if let Some(name) = sibling_name(scene, mention, end) {
                row.copy("name", name)?;
            }
            age(scene, &mut row, start..end)?;
            for clause in clauses(text, mention.range.end..end) {
                let words = strip_ending(text, trim(text, clause));
                let words = trim_end_of(text, words, &["に通っている", "に通っています", "に在籍", "に通園"]);
                if ["園", "小学校", "中学校", "高校", "学校"].iter().any(|s| text[words.clone()].contains(s))
                {
                    row.copy("school", words)?;
                    break;
                }
            }
            living(text, &mut row, start..end)?;
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

pub(in crate::rules) fn siblings_in(scene: &Scene<'_>, range: &Range<usize>) -> Vec<Mention> {
    scene.mentions(range.clone()).into_iter().filter(is_sibling).collect()
}

/// Whether the word is for a brother or a sister.
pub(crate) fn is_sibling(mention: &Mention) -> bool {
    mention.relation.as_deref().is_some_and(|r| WORDS.siblings.labels.contains(&r))
}
