//! Whom a contact was with: a relative, or somebody of an organisation with his office.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, PersonBuilder};

use super::{Way, contacts, main_of};
use crate::people::{name_at, skip_honorific};
use crate::rules::reporter::full_name;
use crate::rules::{Filled, Outcome, without};
use crate::scene::Scene;
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, find_any, has_any, lead_of, starts_with_any, trim};

/// Whom the contact was with: a relative, or an organisation with an office and a name.
pub(in crate::rules) fn partner(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(sentence) = scene.under(&spec.headings).next() {
        return Ok(person(scene, trim(text, sentence.range.clone())).or_else(|| without(scene, sentence)));
    }
    let all = contacts(scene);
    let Some(contact) = main_of(&all) else { return Ok(correspondent(scene)) };
    let before = contact.sentence.full.start..contact.word.start;
    let clause = clauses(text, before.clone()).into_iter().next_back().map(|c| with_office(text, &before, c));
    // 「実母が妹を連れて来所」: the one who comes, not whom the sentence names beside.
    let comes = clause.clone().filter(|_| contact.way == Way::Received).and_then(|c| {
        let mut people = scene.mentions(c).into_iter().filter(|m| m.relation.is_some());
        people.find(|m| starts_with_any(&text[m.range.end..], &["が", "は"]))
    });
    if let Some(mention) = comes {
        return Ok(person(scene, mention.range));
    }
    // 「訪問し副校長の清水先生と面談」: who was met, behind the visit.
    let met =
        find_any(text, contact.sentence.full.clone(), &["と面談", "と面接", "と面会", "と話し", "と協議"]);
    let met = met.filter(|m| matches!(contact.way, Way::Visit | Way::Received) && m.start > contact.word.end);
    let met = met.and_then(|m| {
        let clause = clauses(text, contact.word.end..m.start + "と".len()).pop()?;
        partner_words(scene, skip_verb(text, clause))
    });
    let own = met
        .and_then(|words| person(scene, words))
        .or_else(|| clause.and_then(|c| partner_words(scene, c)).and_then(|words| person(scene, words)));
    if own.is_some() {
        return Ok(own);
    }
    // 「実父は不在、架電するも不通」, 「訪問し、実母と面接」: the person of the sentence, then of the next.
    let people: Vec<_> =
        scene.mentions(contact.sentence.full.clone()).into_iter().filter(|m| m.relation.is_some()).collect();
    // 「実母が妹を連れて来所」: the one who acts, not whom the sentence names beside.
    let acts = people.iter().find(|m| starts_with_any(&text[m.range.end..], &["が", "は"])).cloned();
    let here = acts.or_else(|| people.into_iter().find(|m| !text[m.range.end..].starts_with('の')));
    let met = || {
        let met = ["と面接", "と面会", "と話", "が対応", "は不在", "が応対", "に会", "宅"];
        scene.narrative().filter(|s| s.full.start > contact.word.start).find_map(|s| {
            let people = scene.mentions(s.full.clone()).into_iter();
            people.filter(|m| m.relation.is_some()).find(|m| {
                let after = &text[m.range.end..s.full.end];
                // 「呼び鈴を鳴らすと、母がドア越しに出てきて」
                let answers = after.starts_with('が')
                    && has_any(text, m.range.end..s.full.end, &["出てき", "出てこられ"]);
                starts_with_any(after, &met) || answers
            })
        })
    };
    Ok(here.or_else(met).and_then(|m| person(scene, m.range)))
}

/// 「中学校のSSW、大橋さんからメールがあった」: who wrote, or to whom the office wrote.
fn correspondent(scene: &Scene<'_>) -> Option<Outcome> {
    let text = scene.text();
    scene.narrative().find_map(|sentence| {
        let word = find_any(text, sentence.full.clone(), &WORDS.entry.letters)
            .filter(|w| !scene.is_quoted(w.start))?;
        let before = sentence.full.start..word.start;
        let clause = clauses(text, before.clone()).pop()?;
        let words = partner_words(scene, with_office(text, &before, clause.start..word.start))?;
        person(scene, words)
    })
}

/// The clause of a name with the office in front of it: 「保育園の園長、武井さん」.
fn with_office(text: &str, before: &Range<usize>, clause: Range<usize>) -> Range<usize> {
    let own = trim(text, clause.clone());
    let named = ["さん", "氏", "先生", "様"].iter().any(|h| {
        let words = &text[own.clone()];
        words.ends_with(h)
            || ["から", "に", "へ", "より", "と"].iter().any(|p| words.ends_with(&format!("{h}{p}")))
    });
    let office = clauses(text, before.start..clause.start).pop().map(|c| trim(text, c));
    match office {
        Some(office) if named && ends_with_any(&text[office.clone()], &WORDS.entry.offices) => {
            office.start..clause.end
        }
        _ => clause,
    }
}

/// 「し副校長の清水先生と」: without the rest of the verb before.
fn skip_verb(text: &str, clause: Range<usize>) -> Range<usize> {
    let rest = lead_of(&text[clause.clone()], &["して", "し、", "し", "の際", "時に"]);
    clause.start + rest..clause.end
}

/// The words in front of に, から, と … at the end of `clause`, without what stands before the person.
fn partner_words(scene: &Scene<'_>, clause: Range<usize>) -> Option<Range<usize>> {
    let text = scene.text();
    let moments = scene
        .doc
        .annotations_in(clause.clone())
        .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_) | Entity::TimeRange(..)));
    let from = moments.map(|a| a.range.end).max().unwrap_or(clause.start);
    let mut words = trim(text, from..clause.end);
    while let Some(rest) = ["に", "は", "頃", "ごろ", "曜日", "その後", "再度", "再び"]
        .iter()
        .find(|p| text[words.clone()].starts_with(**p))
    {
        words = trim(text, words.start + rest.len()..words.end);
    }
    // から of 「から電話」 belongs to the contact's own word.
    if let Some(particle) = WORDS.entry.particles.iter().find(|p| text[words.clone()].ends_with(**p)) {
        words.end -= particle.len();
    } else if !text[clause.end..].starts_with("から")
        && !text[clause.end..].starts_with("より")
        && text[words.clone()].chars().count() > 12
    {
        return None;
    }
    // 「担当から園に」: the one who is called stands last.
    let head = &text[words.clone()];
    if let Some((at, particle)) =
        ["から", "が", "は"].iter().filter_map(|p| head.rfind(p).map(|at| (at, *p))).max_by_key(|(at, _)| *at)
    {
        words.start += at + particle.len();
    }
    let words = trim(text, words);
    let plausible = (1..=20).contains(&text[words.clone()].chars().count())
        && !["家庭", "電話", "本日", "夜間", "同行", "自宅", "再"].contains(&&text[words.clone()]);
    plausible.then_some(words)
}

/// 実父 · 園 · ○○小学校の副校長 · ○○病院のMSW、石井さん
fn person(scene: &Scene<'_>, words: Range<usize>) -> Option<Outcome> {
    let text = scene.text();
    let mut person = PersonBuilder::new(scene.doc);
    if let Some(mention) = scene.mentions(words.clone()).into_iter().next()
        && let Some(choice) = mention.relation.as_deref().and_then(|label| scene.relations.choice(label))
    {
        if text[mention.range.end..].starts_with('の')
            && let Some(name) =
                name_at(text, mention.range.end + "の".len()..words.end.max(mention.range.end + 3))
                    .filter(|n| skip_honorific(text, n.end) > n.end)
        {
            person.name(name);
        } else if text[mention.range.end..words.end.max(mention.range.end)].starts_with('、')
            && let Some(name) = full_name(text, &trim(text, mention.range.end..words.end))
        {
            // 「実父、西岡たかし」
            person.name(name);
        }
        person.relation(choice, mention.range);
        return Some(Outcome::Stated(Grounded::person(person)));
    }
    let head = &text[words.clone()];
    let (org, rest) = match head.find('の') {
        Some(at) => (words.start..words.start + at, words.start + at + "の".len()..words.end),
        None => (words.clone(), words.end..words.end),
    };
    // 「こども家庭課係長の日下部」: the office stands at the end of the organisation.
    let own = WORDS.entry.offices.iter().filter(|o| text[org.clone()].ends_with(**o)).map(|o| o.len()).max();
    let split = own
        .map(|len| org.start..org.end - len)
        .filter(|o| !rest.is_empty() && ends_with_any(&text[o.clone()], &WORDS.entry.orgs));
    if let Some(whole) = split
        && let Some(name) = name_at(text, rest.clone())
    {
        person.role_words(whole.end..org.end);
        person.org(whole);
        person.name(name);
        return Some(Outcome::Stated(Grounded::person(person)));
    }
    let is_org = ends_with_any(&text[org.clone()], &WORDS.entry.orgs);
    let office = if is_org { rest.clone() } else { words.clone() };
    let title =
        WORDS.entry.offices.iter().find_map(|o| {
            text[office.clone()].find(o).map(|at| office.start + at..office.start + at + o.len())
        });
    if is_org {
        person.org(org);
    }
    if let Some(title) = title {
        // 副校長, 養護教諭: with what stands before it.
        let title = office.start..title.end;
        let after = title.end + lead_of(&text[title.end..], &["の", "、"]);
        if after < words.end
            && let Some(name) = name_at(text, after..words.end)
        {
            person.name(name);
        }
        // 「県立南高校定時制の学年主任」
        let of = (!is_org).then(|| text[title.clone()].rfind('の')).flatten().map(|at| title.start + at);
        match of {
            Some(at) => {
                person.org(title.start..at);
                person.role_words(at + "の".len()..title.end);
            }
            None => person.role_words(title),
        }
    } else if !is_org
        && let Some(name) = name_at(text, words.clone()).filter(|n| skip_honorific(text, n.end) > n.end)
        && !starts_with_any(
            &text[skip_honorific(text, name.end)..],
            &["のお宅", "宅", "のおうち", "の家", "の自宅"],
        )
    {
        person.name(name);
    }
    (!person.is_empty()).then(|| Outcome::Stated(Grounded::person(person)))
}
