//! The face sheet: items of one line, certificates, the family as a line.

mod agencies;
mod authority;
mod kin;
mod past_contacts;

use std::ops::Range;
use std::sync::LazyLock;

use record::template::{FieldSpec, FieldType};
use record::{Entity, Grounded, NormalForm, RowBuilder};
use regex::Regex;

use super::section::whole_section;
use super::{Filled, Outcome, child, copied, family, fill_day, without};
use crate::scene::{Scene, Sentence};
use crate::words::{clauses, find_any, has_any, spoken_choices, trim};

pub(super) use agencies::{agencies, agency_in};
pub(super) use authority::authority;
pub(super) use kin::kin;
pub(super) use past_contacts::past_contacts;

/// Grades of certificates as they are spoken: 愛の手帳3度, 療育手帳B2, 身体障害者手帳2級.
static GRADE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:マル?[AB]|[ABC][12]?|\d+(?:度|級|種))(?:\d級)?").ok());

fn headed_or_cued<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> Vec<&'s Sentence> {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if headed.is_empty() { scene.about(spec).collect() } else { headed }
}

/// The sections under the field's headings, and the sentences with its cues elsewhere in the narrative.
pub(super) fn facts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    told_facts(scene, spec, |_| true)
}

/// The same of the child alone: the illness of a parent is no illness of the child.
pub(super) fn child_facts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    told_facts(scene, spec, |s| {
        let first = scene.mentions(s.range.clone()).into_iter().next();
        first.is_none_or(|m| {
            m.relation.as_deref() == Some("本児")
                || m.range.start != trim(scene.text(), s.range.clone()).start
        })
    })
}

fn told_facts(scene: &Scene<'_>, spec: &FieldSpec, own: impl Fn(&Sentence) -> bool) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let text = scene.text();
    if let [only] = headed.as_slice()
        // 「アレルギーはなし」 answers one of several topics, 「アレルギーは不明、服薬も不明」 all that were told.
        && (clauses(text, only.range.clone()).len() > 1
            || (is_one_clause(&text[trim(text, only.range.clone())])
                && !(spec.label.contains('・') && topic(text, only).is_some())))
        && let Some(outcome) =
            whole_section(scene, vec![only]).filter(|o| matches!(o, Outcome::Without { .. }))
    {
        return Ok(Some(outcome));
    }
    // 「既往歴、なし。アレルギー、なし。」
    let reason = |s: &&Sentence| match without(scene, s) {
        Some(Outcome::Without { reason, .. }) => Some(reason),
        _ => None,
    };
    if headed.len() > 1
        && headed.iter().all(|s| super::section::says_only_status(scene, &s.range))
        && headed.iter().all(|s| reason(s) == reason(&headed[0]))
    {
        return Ok(whole_section(scene, headed));
    }
    if !headed.is_empty() {
        return Ok(with_topics(scene, spec, headed, own));
    }
    let told: Vec<&Sentence> = scene
        .headless()
        .filter(|s| {
            find_any(text, s.full.clone(), &spec.cues).is_some_and(|cue| !scene.is_quoted(cue.start))
                && own(s)
                && !is_title(&text[trim(text, s.range.clone())])
                && (!scene.is_plan(s) || is_visit_to_doctor(text, spec, s))
                && !scene.is_wish(s)
        })
        .collect();
    if let [only] = told.as_slice()
        && is_one_clause(&text[trim(text, only.range.clone())])
        && let Some(outcome) =
            whole_section(scene, vec![only]).filter(|o| matches!(o, Outcome::Without { .. }))
    {
        return Ok(Some(outcome));
    }
    Ok(copied(scene, told))
}

/// 「明日、小児科を受診させます」: a plan that the field asks for.
fn is_visit_to_doctor(text: &str, spec: &FieldSpec, sentence: &Sentence) -> bool {
    spec.label.contains("受診") && has_any(text, sentence.range.clone(), &["受診", "通院", "予防接種"])
}

/// 「来週の会議にかける件です」: what the dictation is, and no fact.
fn is_title(words: &str) -> bool {
    const NAMES: &[&str] = &["件", "分", "ぶん", "資料", "議題", "案件", "書類", "口述", "記録"];
    let words = words.trim_end_matches("です").trim_end_matches("になります");
    words.chars().count() <= 30 && crate::words::ends_with_any(words, NAMES)
}

/// One clause, or a topic and its clause: 「妊娠経過は、不明」, not 「3,000gで生まれ、健診の指摘はない」.
fn is_one_clause(words: &str) -> bool {
    words.match_indices('、').all(|(at, _)| words[..at].ends_with(['は', 'も', 'が']))
}

/// The sentence with its heading, where the heading is its topic: 「アレルギーは卵」.
fn topic(text: &str, sentence: &Sentence) -> Option<Range<usize>> {
    let head = sentence.head.clone()?;
    let joined =
        text[head.clone()].trim_end_matches(['、', ' ']).ends_with('は') && head.end == sentence.range.start;
    // 「既往歴は、…」 names the field and not one of its matters.
    let whole = ["健康", "健康面", "健康状態", "体調", "生育歴", "既往歴", "病歴", "家庭状況", "生活歴"];
    // 「アレルギー、不明。」 says nothing without its matter.
    let bare = sentence.full.start <= head.start
        && crate::status::status(text, sentence.range.clone()).is_some()
        && text[trim(text, sentence.range.clone())].chars().count() <= 4;
    let joined = joined || bare;
    let word = text[head.clone()].trim_end_matches(['、', ' ']).trim_end_matches('は');
    (joined && !whole.contains(&word)).then_some(head.start..sentence.range.end)
}

/// The sections with the topic of each (「アレルギーは卵」), and the sentences with the cues that stand elsewhere.
fn with_topics(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    headed: Vec<&Sentence>,
    own: impl Fn(&Sentence) -> bool,
) -> Option<Outcome> {
    let text = scene.text();
    let told = scene
        .headless()
        .filter(|s| find_any(text, s.full.clone(), &spec.cues).is_some() && own(s) && !scene.is_plan(s));
    let mut ranges: Vec<Range<usize>> = headed
        .into_iter()
        .map(|s| topic(text, s).unwrap_or(s.range.clone()))
        .chain(told.map(|s| s.range.clone()))
        .collect();
    ranges.sort_by_key(|r| r.start);
    (!ranges.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &ranges)))
}

/// A telephone number that is not the reporter's or a guardian's.
pub(super) fn telephone(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in headed_or_cued(scene, spec) {
        let sealed = !spec.sealed_when.is_empty();
        // A number of the child's sheet is not the reporter's and not a relative's.
        let own = sentence.heading.as_ref().is_none_or(|h| spec.headings.contains(h));
        // 「連絡先は、母方祖母の携帯」 is the number by which the family is reached.
        let relatives = sentence.heading.is_none() && has_any(text, sentence.full.clone(), &["祖母", "祖父"]);
        let others = relatives || has_any(text, sentence.full.clone(), &["通告者", "相談者", "保護者は"]);
        if !sealed && (others || !own) {
            continue;
        }
        let phone = scene.phone(sentence.full.clone());
        if let Some((number, words)) = phone {
            let form = NormalForm::Phone(number);
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &[words], &form))));
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

/// Certificates with grade and day of issue.
pub(super) fn certificates(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let kinds = spec.column("kind").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    let mut status = None;
    for sentence in headed_or_cued(scene, spec) {
        let spoken = spoken_choices(text, sentence.full.clone(), kinds);
        if spoken.is_empty() || spoken.iter().all(|s| scene.is_negated(s.range.clone())) {
            status = status.or_else(|| without(scene, sentence));
            continue;
        }
        for (i, found) in spoken.iter().enumerate().filter(|(_, s)| !scene.is_negated(s.range.clone())) {
            let end = spoken.get(i + 1).map_or(sentence.full.end, |next| next.range.start);
            let behind = found.range.end..end;
            let mut row = RowBuilder::new(scene.doc, spec);
            row.choose("kind", &found.choice.label, found.range.clone())?;
            let grade = GRADE.as_ref().and_then(|r| r.find(&text[behind.clone()]));
            if let Some(grade) = grade {
                row.copy("grade", behind.start + grade.start()..behind.start + grade.end())?;
            }
            if let Some((day, annotation)) = scene.dates(behind).into_iter().next() {
                fill_day(&mut row, "since", day, annotation)?;
            }
            row.cite(trim(text, sentence.full.clone()));
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// The family as a line of relations and ages, from the household's words. A person draws the genogram.
pub(super) fn genogram(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let Some(table) = scene.field("household") else {
        return Ok(None);
    };
    let relations = scene.codes("relation");
    let mut members: Vec<(&str, Option<u16>, Range<usize>)> = Vec::new();
    for sentence in family::household_sentences(scene, table) {
        let people = scene.mentions(sentence.range.clone());
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let label = person.relation.as_deref().and_then(|r| relations.iter().find(|c| c.label == r));
            let Some(label) = label.map(|c| c.label.as_str()) else { continue };
            if members.iter().all(|(known, ..)| *known != label) {
                let age = scene.doc.annotations_in(person.range.start..end).find_map(|a| match &a.entity {
                    Entity::Age(age) if age.years == age.years_high => Some((age.years, a.range.end)),
                    _ => None,
                });
                let words = person.range.start..age.map_or(person.range.end, |(_, end)| end);
                members.push((label, age.map(|(years, _)| years), words));
            }
        }
    }
    Ok(Grounded::family(scene.doc, relations, &members)?.map(Outcome::Stated))
}

/// The age that was said; where only the birth was said, the completed years on the day of the recording.
pub(super) fn age_or_birth(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(said) = child::age(scene, spec)? {
        return Ok(Some(said));
    }
    let birth = scene
        .template
        .fields
        .iter()
        .find(|f| f.rule.as_deref() == Some("birth") && f.kind == FieldType::Date);
    let (Some(birth), Some(today)) = (birth, scene.doc.anchor()) else { return Ok(None) };
    let Some((born, words)) = child::born(scene, birth) else { return Ok(None) };
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    let years = today.year() - born.year() - i16::from(!had_birthday);
    if years < 0 {
        return Ok(None);
    }
    let form = NormalForm::Number(f64::from(years));
    Ok(Some(Outcome::Stated(Grounded::computed(scene.doc, &[words], &form))))
}
