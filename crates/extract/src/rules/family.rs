//! What the tables of the family share: a person with relation, name, age and work.

mod guardians;
mod household;
mod siblings;

use std::ops::Range;

use record::{Entity, Kept, NormalForm, RowBuilder};

use crate::people::{Mention, name_at, skip_honorific};
use crate::scene::Scene;
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, find_any, trim, trim_end_of};

pub(super) use guardians::guardians;
pub(super) use household::{helps_from_elsewhere, household, household_sentences};
pub(crate) use siblings::is_sibling;
pub(super) use siblings::{says_there_is, siblings, siblings_in, siblings_known};

/// Who brings the child up, as the labels of the relation list.
pub(super) const GUARDIANS: &[&str] =
    &["実父", "実母", "継父", "継母", "養父", "養母", "内夫", "内妻", "里父", "里母"];
/// Ends of the names of occupations: 建設業, 警備員, 美容師, 運転手.
const OCCUPATION_ENDS: &[&str] = &[
    "業",
    "員",
    "師",
    "士",
    "手",
    "職",
    "工",
    "大工",
    "農家",
    "学生",
    "の仕事",
    "屋",
    "配達",
    "販売",
    "事務",
    "清掃",
    "介護",
    "調理",
    "接客",
];
/// 「工場で働いている」「漁協に勤めています」: the place of work stands in front.
const WORKING: &[&str] = &["で働い", "で働く", "に勤め", "に勤務", "で勤務"];

/// Whether the word is for a guardian.
pub(crate) fn is_guardian(mention: &Mention) -> bool {
    mention.relation.as_deref().is_some_and(|r| GUARDIANS.contains(&r))
}

/// The occupation that a clause tells: 「建設業」, 「漁協に勤めています」 → 漁協.
fn occupation(text: &str, clause: Range<usize>) -> Option<Range<usize>> {
    let words = trim(text, clause);
    if let Some(working) = find_any(text, words.clone(), WORKING) {
        let start = text[words.start..working.start]
            .rfind(['は', 'が'])
            .map_or(words.start, |at| words.start + at + 'は'.len_utf8());
        let place = trim(text, start..working.start);
        return (!place.is_empty()).then_some(place);
    }
    // 「無職と、祖母の…」: と joins the next person.
    let words = trim_end_of(text, strip_ending(text, words), &["と"]);
    let told = &text[words.clone()];
    let listed = WORDS.family.occupations.iter().any(|o| told.contains(o));
    let ends = ends_with_any(told, OCCUPATION_ENDS)
        && !ends_with_any(told, &WORDS.family.no_occupation)
        && !told.contains(['は', 'が', 'を', 'に'])
        && told.chars().count() <= 12;
    (listed || ends).then_some(words)
}

/// Without です, だそうです and the like.
pub(super) fn strip_ending(text: &str, range: Range<usize>) -> Range<usize> {
    trim_end_of(text, range, &WORDS.family.endings)
}

/// The relation of the person, with the words where they are not its label.
pub(crate) fn relation(
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

/// The age said in `range`, with its words.
pub(crate) fn age(
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

/// Whether the person lives with the child, as `range` says.
pub(super) fn living(
    text: &str,
    row: &mut RowBuilder<'_>,
    range: Range<usize>,
) -> Result<(), record::GroundingError> {
    for (label, words) in [
        ("同居", &["同居", "一緒に住", "一緒に暮ら", "いっしょに暮ら", "いっしょに住", "ともに暮ら"][..]),
        (
            "別居",
            &[
                "別居",
                "離れて暮ら",
                "別に部屋",
                "別に暮ら",
                "別々に",
                "別の家",
                "別世帯",
                "単身赴任",
                "家を出て",
                "別に住",
            ][..],
        ),
    ] {
        if let Some(at) = find_any(text, range.clone(), words) {
            return row.choose("living", label, at);
        }
    }
    Ok(())
}

/// The person's name where one follows の (「妹のあおい」), or stands before an honorific or an age (「実母、北村ゆり、40歳」), else the
/// word for him.
pub(super) fn named(text: &str, mention: &Mention, end: usize) -> Range<usize> {
    let behind = &text[mention.range.end..end.max(mention.range.end)];
    let name = if let Some(rest) = behind.strip_prefix('の') {
        name_at(text, end - rest.len()..end)
    } else {
        ["は、", "は", "で、", "、"].iter().find_map(|p| behind.strip_prefix(*p)).and_then(|rest| {
            let name = name_at(text, end - rest.len()..end)?;
            let after = &text[name.end..end];
            let polite = skip_honorific(text, name.end) > name.end;
            let aged = after.strip_prefix('、').is_some_and(|a| {
                a.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('歳')
                    && a.starts_with(|c: char| c.is_ascii_digit())
            });
            let work = occupation(text, name.clone()).is_some();
            ((polite || aged) && !work).then_some(name)
        })
    };
    name.filter(|n| !WORDS.family.no_names.contains(&&text[n.clone()]))
        .unwrap_or_else(|| mention.range.clone())
}
