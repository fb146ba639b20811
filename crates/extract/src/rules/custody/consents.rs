//! Who agreed to the custody.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Grounded, RowBuilder};

use super::{adults, at};
use crate::people::Mention;
use crate::rules::evidence::speaker_of;
use crate::rules::{Filled, Outcome, without};
use crate::scene::Scene;
use crate::vocabulary::WORDS;
use crate::words::{find_any, has_any, starts_with_any, trim};

/// The answers of the consent, with their words: a refusal holds the word for its opposite and stands first.
fn answers() -> [(&'static str, &'static [&'static str]); 3] {
    let words = &WORDS.consents;
    [("不同意", &words.refused), ("不明", &words.open), ("同意", &words.given)]
}

/// One row for each holder of parental authority: agreed, refused, or not known.
pub(in crate::rules) fn consents(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<(String, RowBuilder<'_>)> = Vec::new();
    let about = scene
        .sentences
        .iter()
        .filter(|s| has_any(text, s.full.clone(), &spec.cues) || s.is_under(&spec.headings));
    for sentence in about.filter(|s| s.heading.as_deref() != Some("所見")) {
        let people = adults(scene, &sentence.range);
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let said = person.range.end..end;
            // 「実母と実父は同意」: the answer behind the last holds for both.
            let said = if has_answer(text, &said) { said } else { person.range.end..sentence.range.end };
            let own = person.range.end..end;
            let open = ["不明", "未確認", "確認できず"];
            // 「実父は不同意、実母は不明」: where consent is the subject, 不明 alone answers.
            let unknown =
                !has_answer(text, &own) && topical(text, person) && has_any(text, own.clone(), &open);
            let answer = answers()
                .into_iter()
                .find_map(|(label, words)| Some((label, find_any(text, said.clone(), words)?)));
            let answer = if unknown {
                Some(("不明", find_any(text, own.clone(), &open).unwrap_or(said.clone())))
            } else {
                answer
            };
            let Some((label, words)) = answer else { continue };
            let who = person.relation.clone().unwrap_or_default();
            if rows.iter().any(|(known, _)| *known == who) {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            speaker_of(scene, &mut row, "who", person.range.clone())?;
            row.choose("answer", label, words)?;
            at(scene, &mut row, sentence, &said)?;
            let quote = scene.quotes(sentence.range.clone()).into_iter().find(|(quote, _)| {
                quote
                    .speaker
                    .as_ref()
                    .is_some_and(|s| s.start <= person.range.start && person.range.end <= s.end)
            });
            // 「実父、不同意、『勝手に連れて行くな』と電話口で」
            let bracket = || {
                let open = text[own.clone()].find('「').map(|at| own.start + at + '「'.len_utf8())?;
                let close = text[open..own.end].find('」')?;
                (!text[open..open + close].is_empty()).then_some(open..open + close)
            };
            if let Some(words) = quote.map(|(_, words)| words).or_else(bracket) {
                row.copy("words", words)?;
            }
            row.cite(trim(text, sentence.range.clone()));
            rows.push((who, row));
        }
    }
    if rows.is_empty() {
        return Ok(scene.about(spec).find_map(|s| without(scene, s)));
    }
    Ok(Grounded::rows(rows.into_iter().map(|(_, row)| row).collect()).map(Outcome::Stated))
}

fn topical(text: &str, person: &Mention) -> bool {
    starts_with_any(&text[person.range.end..], &["は", "の同意は", "については"])
}

fn has_answer(text: &str, range: &Range<usize>) -> bool {
    answers().into_iter().any(|(_, words)| has_any(text, range.clone(), words))
}
