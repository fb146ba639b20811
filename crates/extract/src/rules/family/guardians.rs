//! The guardians.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, NormalForm, RowBuilder};

use super::{GUARDIANS, age, is_guardian, named, occupation, relation};
use crate::people::{Mention, name_at, skip_honorific};
use crate::rules::{Filled, Outcome, without};
use crate::scene::{Scene, Sentence};
use crate::words::{clauses, find_any, has_any, starts_with_any, trim, trim_end_of};

/// 「保護者は、実母の高橋ゆかりさん、三十四歳、パート勤務、電話は、…」, and what follows in the next sentence.
pub(in crate::rules) fn guardians(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let limit = spec.max_rows.unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut open = false;
    let mut status = None;
    for sentence in &scene.sentences {
        let about = is_about(scene, spec, sentence);
        let people: Vec<Mention> = scene
            .mentions(sentence.range.clone())
            .into_iter()
            .filter(is_guardian)
            .filter(|m| {
                text[m.range.end..].starts_with('の')
                    || about
                    || (open && text[m.range.end..].starts_with('、'))
            })
            .collect();
        // A second guardian follows directly: 「実母の石川あやさん、…」「もう一人は、継母の…」.
        let begins = people.first().is_some_and(|m| {
            ["もう一人は", "もう1人は", "もうひとりは"]
                .iter()
                .fold(&text[sentence.range.start..m.range.start], |lead, more| lead.trim_start_matches(more))
                .trim_matches('、')
                .is_empty()
        });
        let follows = open && begins;
        if !(about || follows) {
            open = false;
            continue;
        }
        // 「保護者は、2名です。実父の…」
        let counted = people.is_empty()
            && has_any(text, sentence.full.clone(), &["2名", "2人", "ふたり", "二人", "次のとおり", "両親"]);
        open = !people.is_empty() || (about && counted);
        if people.is_empty() && status.is_none() && scene.mentions(sentence.range.clone()).is_empty() {
            status = without(scene, sentence).filter(|_| names_guardians(scene, spec, sentence));
        }
        for (i, mention) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            if let Some(row) = guardian(scene, spec, mention, mention.range.start..end)?
                && rows.len() < limit
            {
                rows.push(row);
            }
        }
    }
    if rows.is_empty() && status.is_none() {
        rows = named_guardians(scene, spec, limit)?;
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// 「保護者については、回答なし」 is about the guardians themselves; 「保護者には知らせていない」 is not.
fn names_guardians(scene: &Scene<'_>, spec: &FieldSpec, sentence: &Sentence) -> bool {
    let words = scene.words(&trim(scene.text(), sentence.full.clone()));
    sentence.is_under(&spec.headings)
        || starts_with_any(words, &["保護者は", "保護者については", "保護者の氏名", "保護者、"])
}

/// Guardians in running speech: 「実母の小山なつみさんが…」, and what 「実母は29歳で、工場で働いている」 adds.
fn named_guardians<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    limit: usize,
) -> Result<Vec<RowBuilder<'d>>, record::GroundingError> {
    let text = scene.text();
    let mut rows: Vec<(usize, RowBuilder<'d>)> = Vec::new();
    for label in GUARDIANS {
        let mut told: Vec<(Option<Range<usize>>, Mention, Range<usize>)> = Vec::new();
        for sentence in scene.narrative() {
            let people = scene.mentions(sentence.range.clone());
            for (i, mention) in
                people.iter().enumerate().filter(|(_, m)| m.relation.as_deref() == Some(*label))
            {
                let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
                let name = named(text, mention, end);
                // 「実父は早見剛志、36歳」: an age follows the bare name.
                let next = text[name.end..end].strip_prefix('、').map(|rest| end - rest.len());
                let dated = next.is_some_and(|next| {
                    let mut behind = scene.doc.annotations_from(next).take_while(|a| a.range.start == next);
                    behind.any(|a| matches!(a.entity, Entity::Age(_)))
                });
                let called = skip_honorific(text, name.end) > name.end || dated;
                let name = (name != mention.range && called).then_some(name);
                let behind = text[mention.range.end..end].trim_start_matches(['は', '、']).len();
                let aged = scene
                    .doc
                    .annotations_in(end - behind..end)
                    .any(|a| matches!(a.entity, Entity::Age(_)) && a.range.start == end - behind);
                if name.is_some() || aged {
                    told.push((name, mention.clone(), mention.range.start..end));
                }
            }
        }
        let Some((_, first, _)) = told.first() else { continue };
        let mut row = RowBuilder::new(scene.doc, spec);
        relation(scene, &mut row, first)?;
        for (name, mention, range) in &told {
            row.cite(trim(text, range.clone()));
            if let Some(name) = name.clone().filter(|_| !row.has("name")) {
                row.copy("name", name)?;
            }
            if !row.has("age") {
                age(scene, &mut row, range.clone())?;
            }
            let from = name.as_ref().map_or(mention.range.end, |n| skip_honorific(text, n.end));
            let work = clauses(text, from..range.end).into_iter().find_map(|c| occupation(text, c));
            if let Some(work) = work.filter(|_| !row.has("occupation")) {
                row.copy("occupation", work)?;
            }
            let phone = scene.phone(range.clone());
            if let Some((number, words)) =
                phone.filter(|_| spec.column("phone").is_some() && !row.has("phone"))
            {
                row.normal("phone", &NormalForm::Phone(number), words)?;
            }
        }
        rows.push((first.range.start, row));
    }
    rows.sort_by_key(|(at, _)| *at);
    Ok(rows.into_iter().map(|(_, row)| row).take(limit).collect())
}

/// Under the heading, or a sentence that begins with the cue.
fn is_about(scene: &Scene<'_>, spec: &FieldSpec, sentence: &Sentence) -> bool {
    let words = scene.words(&trim(scene.text(), sentence.full.clone()));
    sentence.is_under(&spec.headings) || starts_with_any(words, &spec.cues)
}

fn guardian<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    mention: &Mention,
    range: Range<usize>,
) -> Result<Option<RowBuilder<'d>>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    row.cite(trim(text, range.clone()));
    let after =
        mention.range.end + if text[mention.range.end..].starts_with('の') { "の".len() } else { 0 };
    let name = name_at(text, after..range.end).filter(|_| after > mention.range.end).or_else(|| {
        let name = named(text, mention, range.end);
        (name != mention.range).then_some(name)
    });
    if let Some(name) = name.clone() {
        row.copy("name", name)?;
    }
    relation(scene, &mut row, mention)?;
    age(scene, &mut row, range.clone())?;
    let rest = name.map_or(after, |n| skip_honorific(text, n.end))..range.end;
    if let Some(work) = clauses(text, rest.clone()).into_iter().find_map(|c| occupation(text, c)) {
        row.copy("occupation", work)?;
    }
    let phone = scene.phone(rest.clone());
    if let Some((number, words)) = phone {
        row.normal("phone", &NormalForm::Phone(number), words)?;
    }
    if let Some(cue) = find_any(text, rest.clone(), &["住所は、", "住所は"]) {
        let words = text[cue.end..rest.end].find(['、', '。']).map_or(rest.end, |at| cue.end + at);
        row.copy("addr", trim_end_of(text, trim(text, cue.end..words), &["です"]))?;
    }
    let found = row.has("name") || row.has("age") || row.has("occupation") || row.has("phone");
    Ok(found.then_some(row))
}
