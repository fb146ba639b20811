//! Values of fields and cells, in the shapes of the record contract.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Citation, Flag};

/// The value of a field, by the field's type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A number in the template's unit.
    Number(serde_json::Number),
    /// A date, time, label, text or quotation.
    Text(String),
    /// Labels of a `multi` field.
    Labels(Vec<String>),
    /// Rows of a table.
    Rows(Vec<Row>),
    /// Start and end of a range.
    Range(ValueRange),
    /// A person.
    Person(Person),
}

/// Start and end; a part that was not said is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueRange {
    /// First day, time or moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Last day, time or moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

/// A person, as far as it was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Name as spoken; the family name alone is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Reading of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kana: Option<String>,
    /// 続柄, a label of the code list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Completed years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u16>,
    /// Profession or office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
}

/// One row of a table: cells keyed by column id (and `<column>_detail`, `<column>_words`), with its own evidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// String, number or array of labels by key.
    #[serde(flatten)]
    pub cells: serde_json::Map<String, serde_json::Value>,
    /// The words of the row.
    pub citations: Vec<Citation>,
    /// What corrections replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Trace>,
    /// Review items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// What a correction replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// The words said first.
    pub first: String,
    /// The words that stayed.
    #[serde(rename = "final")]
    pub last: String,
    /// `self_correction`, or the name of the pass.
    pub reason: String,
    /// When the first words were spoken.
    pub citation: Citation,
}
