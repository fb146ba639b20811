//! The reporter (通告者): every one of these fields belongs to the sealed sheet.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Flag, Grounded, NormalForm, PersonBuilder};

use super::child::words_after_cue;
use super::{Filled, Outcome, without};
use crate::people::{name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::words::{clauses, find_any, has_any, spoken_choices, trim, trim_end_of};

const REPORTER: &[&str] = &["通告者は", "相談者は", "通告者、", "相談者、"];
/// The reporter stands in front of these: 「担任の先生からの通告」.
const REPORTED: &[&str] = &["からの通告", "から通告", "より通告", "からの相談", "から相談"];
const ANONYMOUS: &[&str] =
    &["匿名", "名前は言わ", "名前は言いたく", "名前を言いたく", "名前はちょっと", "名乗ら", "名乗りたく"];
const END: &[&str] = &["さんです", "です", "とのこと", "さん"];

/// The sentence that says who reported, and where the words about him begin.
fn sentence<'s>(scene: &'s Scene<'_>) -> Option<(&'s Sentence, Range<usize>)> {
    let text = scene.text();
    let named = scene.sentences.iter().find_map(|s| {
        let cue = find_any(text, s.full.clone(), REPORTER)?;
        Some((s, trim(text, cue.end..s.full.end)))
    });
    // 「近所の者なんですけど」
    let introduced = || {
        scene.narrative().find_map(|s| {
            let cue = find_any(text, s.range.clone(), &["の者です", "の者なんです", "の者ですが"])?;
            let start = clauses(text, s.range.start..cue.start).pop().map_or(s.range.start, |c| c.start);
            Some((s, trim(text, start..cue.start)))
        })
    };
    named.or_else(introduced).or_else(|| {
        // Why a meeting is held is not who reported.
        let told = scene.sentences.iter().filter(|s| s.heading.as_deref() != Some("提出理由"));
        told.into_iter().find_map(|s| {
            let cue = find_any(text, s.full.clone(), REPORTED).filter(|c| !scene.is_quoted(c.start))?;
            let clause = clauses(text, s.range.start..cue.start).pop()?;
            let moments = scene
                .doc
                .annotations_in(clause.clone())
                .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_)));
            let from = moments.map(|a| a.range.end).max().unwrap_or(clause.start);
            let from = from + if text[from..].starts_with('に') { "に".len() } else { 0 };
            let words = trim(text, from..cue.start);
            (!words.is_empty()).then_some((s, words))
        })
    })
}

/// Name, office and organisation, or that the reporter gives no name.
pub(super) fn name(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((sentence, words)) = sentence(scene) else { return Ok(unnamed(scene)) };
    let mut person = PersonBuilder::new(scene.doc);
    if let Some(said) = find_any(text, sentence.full.clone(), ANONYMOUS) {
        person.anonymous(said);
        return Ok(Some(Outcome::Stated(Grounded::person(person))));
    }
    // The name is the last thing before an honorific: 「あおば小学校の教頭、清水さん」「母方祖母の山本和子さん」.
    let honorific = find_any(text, words.clone(), &["さん", "先生", "氏"]);
    if let Some(honorific) = honorific {
        let start = text[words.start..honorific.start].rfind(['、', 'の']).map_or(words.start, |at| {
            let at = words.start + at;
            at + text[at..].chars().next().map_or(0, char::len_utf8)
        });
        if let Some(name) = name_at(text, start..honorific.end).filter(|n| n.end == honorific.start) {
            person.name(name);
        }
        office(scene, &mut person, words.start..start);
    }
    if person.is_empty() {
        return Ok(
            without(scene, sentence).filter(|_| has_any(text, sentence.full.clone(), &["名前", "氏名"]))
        );
    }
    Ok(Some(Outcome::Stated(Grounded::person(person))))
}

/// A reporter who gives no name and is not introduced.
fn unnamed(scene: &Scene<'_>) -> Option<Outcome> {
    let said = scene.narrative().find_map(|s| find_any(scene.text(), s.full.clone(), ANONYMOUS))?;
    let mut person = PersonBuilder::new(scene.doc);
    person.anonymous(said);
    Some(Outcome::Stated(Grounded::person(person)))
}

/// 「あおば小学校の教頭、」 → organisation and office; 「母方祖母の」 → relation.
fn office(scene: &Scene<'_>, person: &mut PersonBuilder<'_>, range: Range<usize>) {
    let text = scene.text();
    let words = trim_end_of(text, trim(text, range), &["の"]);
    let relation = scene.mentions(words.clone()).into_iter().find(|m| m.range == words);
    if let Some(choice) = relation.as_ref().and_then(|m| scene.relations.choice(m.relation.as_deref()?)) {
        person.relation(choice, words);
        return;
    }
    match text[words.clone()].rfind('の') {
        Some(at) => {
            person.org(words.start..words.start + at);
            person.role_words(words.start + at + "の".len()..words.end);
        }
        None if !words.is_empty() => person.role_words(words),
        None => {}
    }
}

/// What the reporter is to the child, in the words that were said.
pub(super) fn relation(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((_, words)) = sentence(scene) else { return Ok(None) };
    let clause = clauses(text, words.clone()).into_iter().next().unwrap_or(words);
    let mut relation = trim_end_of(text, trim(text, clause), END);
    relation = trim_end_of(text, relation, &["で"]);
    // 「母方祖母の山本和子さん」: without the name.
    if let Some(at) = text[relation.clone()].rfind('の') {
        let after = relation.start + at + "の".len();
        let named = name_at(text, after..relation.end + "さん".len().min(text.len() - relation.end))
            .is_some_and(|n| skip_honorific(text, n.end) > n.end);
        if named {
            relation.end = relation.start + at;
        }
    }
    Ok((!relation.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &[relation]))))
}

/// The route, only from explicit words about the reporter.
pub(super) fn route(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((sentence, words)) = sentence(scene) else { return Ok(None) };
    let known = spoken_choices(text, words, &spec.choices).into_iter().next();
    let reported = || has_any(text, sentence.full.clone(), REPORTED).then(|| sentence.full.clone());
    let whole = || spoken_choices(text, reported()?, &spec.choices).into_iter().next();
    let Some(spoken) = known.or_else(whole) else { return Ok(None) };
    let grounded = Grounded::choice(scene.doc, &spec.choices, &spoken.choice.label, spoken.range)?;
    Ok(Some(Outcome::Stated(grounded.with_flags([Flag::ReporterIdentity]))))
}

/// The reporter's address, or why it is not there.
pub(super) fn address(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    Ok(scene.sentences.iter().find_map(|s| after_any_cue(scene, s, spec)))
}

/// 「通告者の住所と電話は、聞いていません」 is about both.
fn after_any_cue(scene: &Scene<'_>, sentence: &Sentence, spec: &FieldSpec) -> Option<Outcome> {
    let both = has_any(
        scene.text(),
        sentence.full.clone(),
        &["通告者の住所と電話", "通告者の住所、電話", "住所や電話"],
    );
    if both { without(scene, sentence) } else { words_after_cue(scene, sentence, &spec.cues) }
}

/// The reporter's telephone number, or why it is not there.
pub(super) fn phone(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    // 「通告者は隣室の田中さん、電話は…」
    let named = sentence(scene).map(|(s, _)| s);
    let told = named.and_then(|s| {
        scene.doc.annotations_in(s.full.clone()).find_map(|a| match &a.entity {
            Entity::Phone(number) => Some((number.clone(), a.range.clone())),
            _ => None,
        })
    });
    if let Some((number, words)) = told {
        return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &[words], &NormalForm::Phone(number)))));
    }
    for sentence in &scene.sentences {
        let about = has_any(scene.text(), sentence.full.clone(), &spec.cues)
            || has_any(scene.text(), sentence.full.clone(), &["通告者の住所と電話", "住所や電話"]);
        if !about {
            continue;
        }
        let phone = scene.doc.annotations_in(sentence.full.clone()).find_map(|a| match &a.entity {
            Entity::Phone(number) => Some((number.clone(), a.range.clone())),
            _ => None,
        });
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
