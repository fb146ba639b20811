//! Guardians, brothers and sisters, the household.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, Kept, NormalForm, RowBuilder};

use super::{Filled, Outcome, without};
use crate::people::{Mention, name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::words::{clauses, find_any, has_any, trim, trim_end_of};

const SIBLINGS: &[&str] =
    &["兄", "姉", "弟", "妹", "異父兄", "異父姉", "異父弟", "異父妹", "異母兄", "異母姉", "異母弟", "異母妹"];
pub(super) const GUARDIANS: &[&str] =
    &["実父", "実母", "継父", "継母", "養父", "養母", "内夫", "内妻", "里父", "里母"];
const OCCUPATIONS: &[&str] = &[
    "会社員",
    "パート",
    "無職",
    "自営業",
    "公務員",
    "アルバイト",
    "主婦",
    "主夫",
    "育休",
    "産休",
    "勤務",
    "派遣",
    "店員",
    "看護師",
];

/// 有 with the words, 無 or 不明 from a sentence about brothers and sisters.
pub(super) fn siblings_known(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    for sentence in scene.about(spec) {
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

/// A row for each brother or sister: 「弟が一人、四歳、わかば保育園です」「三歳の姉が一人」.
pub(super) fn siblings(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    for sentence in scene.about(spec) {
        let found = siblings_in(scene, &sentence.range);
        for (i, mention) in found.iter().enumerate() {
            let start = if i == 0 { sentence.range.start } else { mention.range.start };
            let end = found.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let mut row = RowBuilder::new(scene.doc, spec);
            row.cite(trim(text, start..end));
            relation(scene, &mut row, mention)?;
            age(scene, &mut row, start..end)?;
            for clause in clauses(text, mention.range.end..end) {
                let words =
                    trim_end_of(text, trim(text, clause), &["に通っている", "です", "に在籍", "に通園"]);
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

pub(super) fn siblings_in(scene: &Scene<'_>, range: &Range<usize>) -> Vec<Mention> {
    scene.mentions(range.clone()).into_iter().filter(is_sibling).collect()
}

/// Whether the word is for a brother or a sister.
pub(super) fn is_sibling(mention: &Mention) -> bool {
    mention.relation.as_deref().is_some_and(|r| SIBLINGS.contains(&r))
}

/// 「保護者は、実母の高橋ゆかりさん、三十四歳、パート勤務、電話は、…」, and what follows in the next sentence.
pub(super) fn guardians(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let limit = spec.max_rows.unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut open = false;
    for sentence in &scene.sentences {
        let about = is_about(scene, spec, sentence);
        let people: Vec<Mention> = scene
            .mentions(sentence.range.clone())
            .into_iter()
            .filter(|m| m.relation.as_deref().is_some_and(|r| GUARDIANS.contains(&r)))
            .filter(|m| text[m.range.end..].starts_with('の') || about)
            .collect();
        // A second guardian follows directly: 「実母の石川あやさん、…」.
        let follows = open && people.first().is_some_and(|m| m.range.start == sentence.range.start);
        if !(about || follows) {
            open = false;
            continue;
        }
        open = !people.is_empty();
        for (i, mention) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            if let Some(row) = guardian(scene, spec, mention, mention.range.start..end)?
                && rows.len() < limit
            {
                rows.push(row);
            }
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// Under the heading, or a sentence that begins with the cue.
fn is_about(scene: &Scene<'_>, spec: &FieldSpec, sentence: &Sentence) -> bool {
    let words = scene.words(&trim(scene.text(), sentence.full.clone()));
    sentence.heading.as_ref().is_some_and(|h| spec.headings.contains(h))
        || spec.cues.iter().any(|cue| words.starts_with(cue.as_str()))
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
    let name = name_at(text, after..range.end);
    if let Some(name) = name.clone() {
        row.copy("name", name)?;
    }
    relation(scene, &mut row, mention)?;
    age(scene, &mut row, range.clone())?;
    let rest = name.map_or(after, |n| skip_honorific(text, n.end))..range.end;
    for clause in clauses(text, rest.clone()) {
        let words = trim_end_of(text, trim(text, clause), &["です", "とのこと"]);
        if OCCUPATIONS.iter().any(|o| text[words.clone()].contains(o)) {
            row.copy("occupation", words)?;
            break;
        }
    }
    let phone = scene.doc.annotations_in(rest.clone()).find_map(|a| match &a.entity {
        Entity::Phone(number) => Some((number.clone(), a.range.clone())),
        _ => None,
    });
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

/// The sentences about the household: under its heading, or with its cues.
pub(super) fn household_sentences<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> Vec<&'s Sentence> {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if headed.is_empty() || !spec.cues.is_empty() { scene.about(spec).collect() } else { headed }
}

/// The people of the household.
pub(super) fn household(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<RowBuilder<'_>> = Vec::new();
    for sentence in household_sentences(scene, spec) {
        let people = scene.mentions(sentence.range.clone());
        for (i, mention) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let own = mention.range.start..end;
            let mut row = RowBuilder::new(scene.doc, spec);
            row.cite(trim(text, own.clone()));
            relation(scene, &mut row, mention)?;
            let name = named(text, mention, end);
            if name != mention.range {
                row.copy("name", name)?;
            }
            age(scene, &mut row, own.clone())?;
            member_facts(scene, spec, &mut row, &own)?;
            living(text, &mut row, own)?;
            // The same person in two sentences (保護者は…, 家族構成…) is one row.
            if !rows.iter().any(|known| known.text("relation") == row.text("relation") && !is_plural(known)) {
                rows.push(row);
            }
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// A family has several brothers and sisters, and one of each parent.
fn is_plural(row: &RowBuilder<'_>) -> bool {
    row.text("relation").is_some_and(|r| SIBLINGS.contains(&r) || r == "その他" || r == "同居人")
}

/// Birth, work and health, where the table has the columns.
fn member_facts(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    row: &mut RowBuilder<'_>,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    const HEALTH: &[&str] = &["うつ", "通院", "持病", "治療中", "入院", "障害", "服薬", "健康", "妊娠"];
    let text = scene.text();
    if spec.column("birth").is_some()
        && let Some((Some(day), annotation)) =
            scene.dates(range.clone()).into_iter().find(|(_, a)| text[a.range.end..].starts_with("生"))
    {
        row.normal("birth", &NormalForm::Date(day), annotation.range.clone())?;
        row.keep("birth", Kept::Words, annotation.range.clone())?;
    }
    // Behind the name and the age: 「実母の高橋ゆかり34歳パート」.
    let age = scene.doc.annotations_in(range.clone()).find(|a| matches!(a.entity, Entity::Age(_)));
    let from = age.map_or(range.start, |a| a.range.end);
    for clause in clauses(text, from..range.end) {
        let words = trim_end_of(text, trim(text, clause), &["です", "とのこと", "している"]);
        let words = match text[words.clone()].find('の') {
            Some(at) if text[words.start + at..words.end].contains("暮らし") => {
                words.start..words.start + at
            }
            _ => words,
        };
        let has = |list: &[&str]| list.iter().any(|w| text[words.clone()].contains(w));
        if !row.has("occupation")
            && (has(OCCUPATIONS)
                || has(&["年生", "園児", "小学校", "中学校", "高校", "保育園", "幼稚園", "こども園"]))
        {
            row.copy("occupation", words)?;
        } else if spec.column("health").is_some() && !row.has("health") && has(HEALTH) {
            row.copy("health", words)?;
        }
    }
    Ok(())
}

pub(super) fn relation(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    mention: &Mention,
) -> Result<(), record::GroundingError> {
    let label = mention.relation.as_deref().unwrap_or("その他");
    row.choose("relation", label, mention.range.clone())?;
    if scene.words(&mention.range) == label {
        Ok(())
    } else {
        row.keep("relation", Kept::Detail, mention.range.clone())
    }
}

pub(super) fn age(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    range: Range<usize>,
) -> Result<(), record::GroundingError> {
    let found = scene.doc.annotations_in(range).find_map(|a| match &a.entity {
        Entity::Age(age) => Some((*age, a)),
        _ => None,
    });
    let Some((age, annotation)) = found else { return Ok(()) };
    if age.years == age.years_high {
        row.normal("age", &NormalForm::Number(f64::from(age.years)), annotation.range.clone())?;
    }
    annotation.flags.iter().for_each(|f| row.flag(*f));
    row.keep("age", Kept::Words, annotation.range.clone())
}

pub(super) fn living(
    text: &str,
    row: &mut RowBuilder<'_>,
    range: Range<usize>,
) -> Result<(), record::GroundingError> {
    for label in ["同居", "別居"] {
        if let Some(at) = find_any(text, range.clone(), &[label]) {
            return row.choose("living", label, at);
        }
    }
    Ok(())
}

/// The person's name where one follows の (「妹のあおい」), else the word for him.
pub(super) fn named(text: &str, mention: &Mention, end: usize) -> Range<usize> {
    let after = mention.range.end + "の".len();
    let name =
        text[mention.range.end..].starts_with('の').then(|| name_at(text, after..end.max(after))).flatten();
    name.unwrap_or_else(|| mention.range.clone())
}
