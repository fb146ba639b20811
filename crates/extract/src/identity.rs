//! The identity guard (language.md pass 18): what may tell who the 通告者 is, outside the sealed sheet.

use record::{Field, Flag, Value};

use crate::scene::Scene;
use crate::vocabulary::WORDS;
use crate::words::{find_all, has_any};

/// Flags the open fields that hold the reporter's name or words that only a neighbour can say.
pub(crate) fn guard(scene: &Scene<'_>, fields: &mut [Field]) {
    let names: Vec<String> = fields
        .iter()
        .filter(|f| f.sealed)
        .filter_map(|f| match &f.value {
            Some(Value::Person(person)) => person.name.clone(),
            _ => None,
        })
        .filter(|name| !has_any(name, 0..name.len(), &["匿名"]))
        .collect();
    let text = scene.text();
    let near: Vec<&str> = WORDS
        .identity
        .near
        .iter()
        .copied()
        .filter(|words| find_all(text, 0..text.len(), words).next().is_some())
        .collect();
    if names.is_empty() && near.is_empty() {
        return;
    }
    for field in fields.iter_mut().filter(|f| !f.sealed) {
        let tells = field.citations.iter().any(|c| {
            near.iter().any(|words| c.quote.contains(words))
                || names.iter().any(|name| c.quote.contains(name.as_str()))
        });
        if tells && !field.flags.contains(&Flag::ReporterIdentity) {
            field.flags.push(Flag::ReporterIdentity);
        }
    }
}
