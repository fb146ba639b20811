//! The template file as it is written (forms.md §0.2), with the place of each value.

use serde::Deserialize;
use toml::Spanned;

use super::Choice;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTemplate {
    pub(super) schema: Spanned<u32>,
    pub(super) id: Spanned<String>,
    pub(super) title: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) basis: String,
    pub(super) prompt: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) field: Vec<RawField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    pub(super) id: Spanned<String>,
    pub(super) label: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) required: Option<Spanned<String>>,
    pub(super) fill: Spanned<String>,
    pub(super) codes: Option<Spanned<String>>,
    pub(super) choices: Option<Spanned<Vec<RawChoice>>>,
    #[serde(default)]
    pub(super) detail: bool,
    pub(super) unit: Option<Spanned<String>>,
    pub(super) max_rows: Option<Spanned<usize>>,
    pub(super) hours: Option<Spanned<u16>>,
    pub(super) style: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) sealed: bool,
    #[serde(default)]
    pub(super) sealed_when: Vec<String>,
    pub(super) fact: Option<String>,
    #[serde(default)]
    pub(super) headings: Vec<String>,
    #[serde(default)]
    pub(super) cues: Vec<String>,
    pub(super) rule: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) required_when: Vec<String>,
    pub(super) question: Option<String>,
    pub(super) bind: Option<String>,
    #[serde(default)]
    pub(super) column: Vec<RawColumn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    pub(super) id: Spanned<String>,
    pub(super) label: String,
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) codes: Option<Spanned<String>>,
    pub(super) choices: Option<Spanned<Vec<RawChoice>>>,
    #[serde(default)]
    pub(super) detail: bool,
    pub(super) unit: Option<Spanned<String>>,
}

/// `"家庭"` or `{ label = "家庭", spoken = ["自宅"] }`.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum RawChoice {
    Label(String),
    Spoken(Choice),
}

impl From<RawChoice> for Choice {
    fn from(raw: RawChoice) -> Self {
        match raw {
            RawChoice::Label(label) => Self { label, spoken: Vec::new() },
            RawChoice::Spoken(choice) => choice,
        }
    }
}
