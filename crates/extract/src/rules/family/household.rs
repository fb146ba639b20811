//! The people of the household.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, Kept, NormalForm, RowBuilder};

use super::{age, living, named, occupation, relation, strip_ending};
use crate::people::Mention;
use crate::rules::{Filled, Outcome, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, has_any, lead_of, trim, trim_end_of};

/// The sentences about the household: under its heading, or with its cues.
pub(in crate::rules) fn household_sentences<'s>(
    scene: &'s Scene<'_>,
    spec: &'s FieldSpec,
) -> Vec<&'s Sentence> {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if spec.cues.is_empty() && !headed.is_empty() {
        return headed;
    }
    let about: Vec<&Sentence> = scene.about(spec).collect();
    if spec.cues.is_empty() {
        return about;
    }
    let starts: Vec<usize> = about.iter().map(|s| s.range.start).collect();
    scene
        .sentences
        .iter()
        .filter(|s| starts.binary_search(&s.range.start).is_ok() || introduces_member(scene, s))
        .filter(|s| !helps_from_elsewhere(scene, s))
        .collect()
}

/// 「お母さんは、北村ゆりさん、40歳、看護師です」: a relative at the start of a sentence, told with an age.
fn introduces_member(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let people = scene.mentions(sentence.range.clone());
    let leads = |m: &&Mention| {
        let before = scene.text()[sentence.range.start..m.range.start].trim_end_matches('、');
        before.is_empty() || WORDS.household.leads.contains(&before)
    };
    let Some(first) = people.first().filter(leads) else { return false };
    let until = people.get(1).map_or(sentence.range.end, |next| next.range.start);
    let aged = |a: &record::Annotation| matches!(a.entity, Entity::Age(_));
    sentence.heading.is_none()
        && first.relation.as_deref().is_some_and(|r| r != "本児")
        && scene.doc.annotations_in(first.range.end..until).any(aged)
        && !has_any(scene.text(), sentence.full.clone(), &["「", "から聞", "のとき", "の時"])
}

/// A relative who lives somewhere else and helps is no member of the household but 親族・協力者.
pub(in crate::rules) fn helps_from_elsewhere(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let range = sentence.range.clone();
    has_any(
        scene.text(),
        range.clone(),
        &[
            "市内に",
            "県内に",
            "近くに",
            "近所に",
            "隣町に",
            "隣の市に",
            "に住",
            "在住",
            "市にいて",
            "町にいて",
            "村にいて",
            "区にいて",
        ],
    ) && has_any(scene.text(), range.clone(), &WORDS.household.help)
        && !scene.mentions(range.clone()).is_empty()
        && !has_any(scene.text(), range, &["同居"])
}

/// The people of the household.
pub(in crate::rules) fn household(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<RowBuilder<'_>> = Vec::new();
    let mut status = None;
    for sentence in household_sentences(scene, spec) {
        let told = sentence.is_under(&spec.headings);
        if told && status.is_none() && scene.mentions(sentence.range.clone()).is_empty() {
            status = without(scene, sentence)
                .filter(|o| matches!(o, Outcome::Without { reason, .. } if *reason != record::Reason::None));
        }
        let people = scene.mentions(sentence.range.clone());
        for (i, mention) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let own = mention.range.start..end;
            // 「2人とも本児と同居です」 is no member of her own household.
            if mention.relation.as_deref() == Some("本児") {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            row.cite(trim(text, own.clone()));
            relation(scene, &mut row, mention)?;
            let name = named(text, mention, end);
            if name != mention.range {
                row.copy("name", name)?;
            }
            age(scene, &mut row, own.clone())?;
            member_facts(scene, spec, &mut row, &own)?;
            // 「一緒に暮らしているのは祖母の…さん」: said in front of the first.
            let before = sentence.full.start..mention.range.start;
            living(text, &mut row, if i == 0 { before.start..own.end } else { own })?;
            let all = sentence.full.start..people[0].range.start;
            if i > 0 && !row.has("living") && text[all.clone()].trim_end_matches('、').ends_with("のは") {
                living(text, &mut row, all)?;
            }
            // 「同居しているのは実母だけ」
            let lead = sentence.head.clone().filter(|h| told && text[h.clone()].contains("同居"));
            if let Some(lead) = lead.filter(|_| spec.column("living").is_some() && !row.has("living")) {
                row.choose("living", "同居", lead)?;
            }
            // The same person in two sentences (保護者は…, 家族構成…) is one row.
            if !rows.iter().any(|known| known.text("relation") == row.text("relation") && !is_plural(known)) {
                rows.push(row);
            }
        }
    }
    together(scene, &mut rows)?;
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// 「2人とも本児と同居です」「ここまでが同居です」: of all who were named before.
fn together(scene: &Scene<'_>, rows: &mut [RowBuilder<'_>]) -> Result<(), record::GroundingError> {
    const ALL: &[&str] = &[
        "人とも",
        "ここまで",
        "以上",
        "全員",
        "みんな",
        "みな",
        "いずれも",
        "どちらも",
        "両方とも",
        "家族は",
    ];
    let text = scene.text();
    let told = scene.narrative().find(|s| {
        has_any(text, s.range.clone(), ALL)
            && has_any(text, s.range.clone(), &["同居", "一緒に住", "一緒に暮ら"])
            && !scene.mentions(s.range.clone()).iter().any(|m| m.relation.as_deref() != Some("本児"))
    });
    if let Some(sentence) = told {
        for row in rows.iter_mut().filter(|row| !row.has("living")) {
            living(text, row, sentence.range.clone())?;
        }
    }
    Ok(())
}

/// A family has several brothers and sisters, and one of each parent.
fn is_plural(row: &RowBuilder<'_>) -> bool {
    row.text("relation").is_some_and(|r| WORDS.siblings.labels.contains(&r) || r == "その他" || r == "同居人")
}

/// Birth, work and health, where the table has the columns.
fn member_facts(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    row: &mut RowBuilder<'_>,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let text = scene.text();
    if spec.column("birth").is_some()
        && let Some((Some(day), annotation)) =
            scene.dates(range.clone()).into_iter().find(|(_, a)| text[a.range.end..].starts_with("生"))
    {
        row.normal("birth", &NormalForm::Date(day), annotation.range.clone())?;
        row.keep("birth", Kept::Words, annotation.range.clone())?;
    }
    // First behind the name and the age: 「実母の高橋ゆかり34歳パート」.
    let age = scene.doc.annotations_in(range.clone()).find(|a| matches!(a.entity, Entity::Age(_)));
    let from = age.map_or(range.start, |a| a.range.end);
    for clause in clauses(text, from..range.end).into_iter().chain(clauses(text, range.start..from)) {
        let clause_words = clause.clone();
        let words = trim_end_of(
            text,
            strip_ending(text, trim(text, clause.clone())),
            &["しています", "している", "していて"],
        );
        let words = match text[words.clone()].find('の') {
            Some(at) if text[words.start + at..words.end].contains("暮らし") => {
                words.start..words.start + at
            }
            _ => words,
        };
        let has = |list: &[&str]| list.iter().any(|w| text[words.clone()].contains(w));
        let school = has(&WORDS.household.schools);
        let work = if school { Some(words.clone()) } else { occupation(text, clause) };
        if let Some(work) = work.filter(|_| !row.has("occupation")) {
            row.copy("occupation", work)?;
        } else if spec.column("note").is_some() && !row.has("note") && has(&["認知の", "認知は", "認知し"])
        {
            row.copy("note", words)?;
        } else if spec.column("health").is_some() && !row.has("health") && has(&WORDS.household.health) {
            // 「健康状態は良好」 without its topic.
            let topic = ["健康状態は、", "健康状態は", "健康は、", "健康は"];
            // 「通院しています」 is 通院, 「ひざを悪くしています」 no noun.
            let words = if text[words.clone()].ends_with('く') {
                strip_ending(text, trim(text, clause_words.clone()))
            } else {
                words
            };
            let lead = lead_of(&text[words.clone()], &topic);
            row.copy("health", words.start + lead..words.end)?;
        }
    }
    Ok(())
}
