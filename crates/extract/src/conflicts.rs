//! The contradiction lister (language.md pass 17): it lists, it never decides.

use std::collections::BTreeMap;

use record::{Conflict, Field, Flag, Value};

use crate::scene::Scene;

/// Explanations of different people, and dates whose weekday is another.
pub(crate) fn list(scene: &Scene<'_>, fields: &mut [Field]) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for (field, spec) in fields.iter_mut().zip(&scene.template.fields) {
        let explains = spec.rule.as_deref() == Some("explanations");
        let citations = if field.flags.contains(&Flag::WeekdayMismatch) {
            field.citations.clone()
        } else if let Some(Value::Rows(rows)) = field.value.as_ref().filter(|_| explains) {
            let by_speaker: BTreeMap<&str, &str> = rows
                .iter()
                .filter_map(|r| Some((r.cells.get("speaker")?.as_str()?, r.cells.get("words")?.as_str()?)))
                .collect();
            let differ = by_speaker.values().collect::<std::collections::BTreeSet<_>>().len() > 1;
            if differ { rows.iter().flat_map(|r| r.citations.clone()).collect() } else { Vec::new() }
        } else {
            Vec::new()
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
