//! The identity guard (language.md pass 18): what may tell who the 通告者 is, outside the sealed sheet.

use record::{Field, Flag, Value};

use crate::scene::Scene;
use crate::words::{find_all, has_any};

/// Where the reporter lives or stands, as seen from the child's home: with a sound or a view these are the reporter's words.
const NEAR: &[&str] = &[
    "隣の部屋から",
    "隣室から",
    "隣の家から",
    "隣から",
    "上の階から",
    "下の階から",
    "上の部屋から",
    "下の部屋から",
    "向かいの家から",
    "壁越し",
    "隣のアパート",
    "隣のマンション",
    "うちの隣",
    "近所の者",
    "近所に住む者",
    "同じアパート",
    "同じマンション",
];

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
    let near: Vec<&str> =
        NEAR.iter().copied().filter(|words| find_all(text, 0..text.len(), words).next().is_some()).collect();
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
