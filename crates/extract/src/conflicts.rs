//! The contradiction lister (language.md pass 17): it lists, it never decides.

use std::collections::{BTreeMap, BTreeSet};

use record::{Citation, Conflict, Field, Flag, Value};

use crate::rules;
use crate::scene::Scene;

/// Statements side by side that differ: explanations of different people, ages of the child, a weekday that is another day's,
/// moments in the wrong order.
pub(crate) fn list(scene: &Scene<'_>, fields: &mut [Field]) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for (field, spec) in fields.iter_mut().zip(&scene.template.fields) {
        let own = field.flags.contains(&Flag::WeekdayMismatch) || field.flags.contains(&Flag::Contradiction);
        let citations = match spec.rule.as_deref() {
            _ if own => field.citations.clone(),
            Some("explanations") => explanations(field),
            Some("child_age" | "age_or_birth") => ages(scene),
            _ => Vec::new(),
        };
        if !citations.is_empty() {
            if !field.flags.contains(&Flag::Contradiction) {
                field.flags.push(Flag::Contradiction);
            }
            conflicts.push(Conflict { field: field.id.clone(), citations });
        }
    }
    conflicts
}

fn explanations(field: &Field) -> Vec<Citation> {
    let Some(Value::Rows(rows)) = &field.value else { return Vec::new() };
    let by_speaker: BTreeMap<&str, &str> = rows
        .iter()
        .filter_map(|r| Some((r.cells.get("speaker")?.as_str()?, r.cells.get("words")?.as_str()?)))
        .collect();
    let differ = by_speaker.values().collect::<BTreeSet<_>>().len() > 1;
    if differ { rows.iter().flat_map(|r| r.citations.clone()).collect() } else { Vec::new() }
}

/// Ages of the child that cannot both be true: 「四歳」 and 「五歳」, not 「四歳」 and 「四歳二か月」.
fn ages(scene: &Scene<'_>) -> Vec<Citation> {
    let said: Vec<(u16, u16, Citation)> = rules::child_ages(scene)
        .into_iter()
        .map(|(age, words)| (age.years, age.years_high, scene.doc.citation(words)))
        .collect();
    let Some((low, high, _)) = said.first().cloned() else { return Vec::new() };
    let differ = said.iter().any(|(l, h, _)| *l > high || *h < low);
    if differ { said.into_iter().map(|(.., citation)| citation).collect() } else { Vec::new() }
}
