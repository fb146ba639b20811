//! Who holds parental authority.

use record::template::FieldSpec;
use record::{Grounded, RowBuilder};

use super::headed_or_cued;
use crate::people::Mention;
use crate::rules::{Filled, Outcome, family, without};
use crate::scene::Scene;
use crate::vocabulary::WORDS;
use crate::words::{clauses, has_any, spoken_choices, trim, trim_end_of};

/// Who holds parental authority or custody, and on what ground.
pub(in crate::rules) fn authority(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let roles = spec.column("role").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    let mut status = None;
    for sentence in headed_or_cued(scene, spec) {
        let mut people = scene.mentions(sentence.range.clone());
        people.retain(|m| m.relation.as_deref().is_some_and(|r| r != "本児"));
        // 「母が病気で亡くなり、親権者は父」: who is only in the ground holds nothing.
        let grounded = |m: &Mention| {
            clauses(text, sentence.range.clone()).into_iter().any(|c| {
                c.start <= m.range.start
                    && m.range.end <= c.end
                    && has_any(text, c.clone(), &WORDS.authority.grounds)
                    && spoken_choices(text, c, roles).is_empty()
            })
        };
        if people.iter().any(|m| !grounded(m)) {
            people.retain(|m| !grounded(m));
        }
        if people.is_empty() {
            status = status.or_else(|| without(scene, sentence));
            continue;
        }
        let mut spoken = spoken_choices(text, sentence.full.clone(), roles);
        if spoken.is_empty() {
            // 「親権者。実母。」
            spoken
                .extend(sentence.head.clone().into_iter().flat_map(|head| spoken_choices(text, head, roles)));
        }
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            // 「親権者は実母、監護者は母方祖母」: the role in front of the person, else the one behind.
            let before = spoken.iter().rfind(|s| s.range.end <= person.range.start);
            let role = before.or(spoken.iter().find(|s| s.range.start >= person.range.end));
            let Some(role) = role else { continue };
            let mut row = RowBuilder::new(scene.doc, spec);
            let name = family::named(text, person, end);
            if name != person.range {
                row.copy("name", name)?;
            }
            family::relation(scene, &mut row, person)?;
            row.choose("role", &role.choice.label, role.range.clone())?;
            let behind = clauses(text, person.range.end..sentence.range.end).into_iter();
            // In front of the role it is the ground of who holds the authority.
            let in_front = || {
                (role.choice.label == "親権者" && i == 0)
                    .then(|| clauses(text, sentence.full.start..person.range.start))?
                    .into_iter()
                    .find(|c| has_any(text, c.clone(), &WORDS.authority.grounds))
            };
            let ground =
                behind.clone().find(|c| has_any(text, c.clone(), &WORDS.authority.grounds)).or_else(in_front);
            if let Some(ground) = ground {
                let ground = trim_end_of(
                    text,
                    trim(text, ground),
                    &[
                        "で決まりました",
                        "で決まった",
                        "していますが",
                        "していて",
                        "しており",
                        "しています",
                        "しました",
                        "しているため",
                        "したため",
                        "している",
                        "して",
                        "した",
                    ],
                );
                let words = text[ground.clone()]
                    .trim_matches(|c| matches!(c, '(' | ')' | '、' | '。' | 'は' | 'が' | ' '));
                let start = ground.start + text[ground.clone()].find(words).unwrap_or(0);
                row.copy("basis", start..start + words.len())?;
            }
            row.cite(trim(text, sentence.full.clone()));
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}
