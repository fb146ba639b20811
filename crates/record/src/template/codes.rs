//! Code lists that several templates share.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::raw::RawChoice;
use super::{Choice, Diagnostic, TemplateError};

/// The code lists by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeLists {
    lists: BTreeMap<String, Vec<Choice>>,
}

impl CodeLists {
    /// The choices of a list in its order.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&[Choice]> {
        self.lists.get(id).map(Vec::as_slice)
    }

    /// The ids in alphabetical order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }

    /// Takes the lists of `other`, which win over ours.
    pub fn extend(&mut self, other: Self) {
        self.lists.extend(other.lists);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    list: Vec<RawList>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    id: Spanned<String>,
    /// Printed name, source and date: for the reader of the file; the program does not use them.
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "basis")]
    _basis: String,
    #[serde(rename = "date")]
    _date: String,
    choices: Spanned<Vec<RawChoice>>,
}

/// Reads a file of code lists. `name` is shown in error messages.
pub fn parse_codes(source: &str, name: &str) -> Result<CodeLists, TemplateError> {
    let file: RawFile =
        toml::from_str(source).map_err(|e| TemplateError::new(name, source, vec![syntax(&e)]))?;
    let mut mistakes = Vec::new();
    let mut lists = BTreeMap::new();
    for list in file.list {
        let choices = choices(&list.choices, &mut mistakes);
        if lists.insert(list.id.get_ref().clone(), choices).is_some() {
            let message = format!("code list defined twice: {}", list.id.get_ref());
            mistakes.push(Diagnostic { message, span: list.id.span(), help: None });
        }
    }
    if mistakes.is_empty() {
        Ok(CodeLists { lists })
    } else {
        Err(TemplateError::new(name, source, mistakes))
    }
}

/// A mistake of the TOML itself.
pub(super) fn syntax(error: &toml::de::Error) -> Diagnostic {
    Diagnostic {
        message: error.message().to_owned(),
        span: error.span().unwrap_or(Range { start: 0, end: 0 }),
        help: None,
    }
}

/// Checks a list of choices: at least one, none twice, none empty.
pub(super) fn choices(raw: &Spanned<Vec<RawChoice>>, mistakes: &mut Vec<Diagnostic>) -> Vec<Choice> {
    let choices: Vec<Choice> = raw.get_ref().iter().cloned().map(Choice::from).collect();
    let mut wrong = |message: String| mistakes.push(Diagnostic { message, span: raw.span(), help: None });
    if choices.is_empty() {
        wrong("a list of choices is empty".to_owned());
    }
    for (i, choice) in choices.iter().enumerate() {
        if choice.label.trim().is_empty() {
            wrong("a choice has no label".to_owned());
        } else if choices[..i].iter().any(|c| c.label == choice.label) {
            wrong(format!("a choice stands twice in its list: {}", choice.label));
        }
    }
    choices
}
