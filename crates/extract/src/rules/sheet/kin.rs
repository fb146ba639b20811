//! Relatives and others who help.

use record::template::FieldSpec;
use record::{Grounded, NormalForm, RowBuilder};

use super::headed_or_cued;
use crate::rules::{Filled, Outcome, family, without};
use crate::scene::Scene;
use crate::vocabulary::WORDS;
use crate::words::{clauses, find_any, has_any, lead_of, trim, trim_end_of};

/// Relatives and others who help: where they are, how they are reached, what they do.
pub(in crate::rules) fn kin(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let mut status = None;
    let mut told = headed_or_cued(scene, spec);
    told.extend(
        scene
            .sentences
            .iter()
            .filter(|s| !s.is_under(&spec.headings) && family::helps_from_elsewhere(scene, s)),
    );
    told.sort_by_key(|s| s.full.start);
    told.dedup_by_key(|s| s.full.start);
    for sentence in told {
        let people = scene.mentions(sentence.range.clone());
        if people.is_empty() {
            status = status.or_else(|| without(scene, sentence));
        }
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let own = person.range.end..end;
            let mut row = RowBuilder::new(scene.doc, spec);
            let name = family::named(text, person, end);
            if name != person.range {
                row.copy("name", name)?;
            }
            family::relation(scene, &mut row, person)?;
            // 「隣町に住む母方の祖母」
            let before = sentence.range.start..person.range.start;
            let lives = text[before.clone()]
                .rfind("に住む")
                .filter(|at| before.start + at + "に住む".len() == before.end);
            if let Some(at) = lives.filter(|_| i == 0) {
                let words = &text[before.start..before.start + at];
                let from = words.rfind(['、', 'は', 'が']).map_or(0, |p| p + '、'.len_utf8());
                row.copy("place", before.start + from..before.start + at)?;
            }
            for clause in clauses(text, own.clone()) {
                let words = trim(text, clause);
                let living = find_any(
                    text,
                    words.clone(),
                    &["在住", "に住", "にい", "市内", "県内", "県外", "近隣", "隣町", "近所"],
                );
                if let Some(living) = living.filter(|_| !row.has("place")) {
                    let tail = if text[living.clone()].starts_with("在住")
                        || text[living.clone()].starts_with("にい")
                        || text[living.clone()].starts_with("に住")
                    {
                        living.start
                    } else {
                        living.end
                    };
                    let start = words.start + lead_of(&text[words.clone()], &["は、", "は", "が", "も"]);
                    // 「マイさんが市内に」
                    let subject = text[start..tail.max(start)]
                        .rfind(['が', 'は'])
                        .map_or(start, |at| start + at + 'が'.len_utf8());
                    let place = trim(text, subject..tail.max(subject));
                    if !place.is_empty() {
                        row.copy("place", place)?;
                    }
                }
                if has_any(text, words.clone(), &WORDS.household.help) && !row.has("support") {
                    let tails = [
                        "との返事です",
                        "との返事",
                        "とのことです",
                        "とのこと",
                        "と言っています",
                        "と話しています",
                        "そうです",
                        "です",
                    ];
                    row.copy("support", trim_end_of(text, words, &tails))?;
                }
            }
            let phone = scene.phone(own);
            if let Some((number, words)) = phone {
                row.normal("phone", &NormalForm::Phone(number), words)?;
            }
            row.cite(trim(text, sentence.full.clone()));
            let relation = row.text("relation").map(ToOwned::to_owned);
            // 「祖父の電話は、…」 adds to the row of the grandfather.
            match rows.iter_mut().find(|known: &&mut RowBuilder<'_>| {
                known.text("relation") == relation.as_deref() && relation.as_deref() != Some("その他")
            }) {
                Some(_) => {}
                None => rows.push(row),
            }
        }
    }
    for sentence in scene.narrative() {
        let Some(person) = scene.mentions(sentence.range.clone()).into_iter().next() else { continue };
        let number = scene.phone(sentence.range.clone());
        let known = rows
            .iter_mut()
            .find(|row| row.text("relation") == person.relation.as_deref() && !row.has("phone"));
        if let (Some((number, words)), Some(row)) = (number, known) {
            row.normal("phone", &NormalForm::Phone(number), words)?;
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}
