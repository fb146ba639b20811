//! The record: every field of a template in one of four states, with its evidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Citation, Field, Source, Transcript};

/// Version of the record's JSON.
pub const RECORD_SCHEMA: &str = "kikitori.record/1";

/// What `kikitori record` and `kikitori map` make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// [`RECORD_SCHEMA`].
    pub schema: String,
    /// Which form.
    pub template: TemplateRef,
    /// When the recording was made, RFC 3339 with offset; the anchor of relative dates.
    pub recorded_at: Option<String>,
    /// Where it came from.
    pub source: Source,
    /// Every field of the template, in its order.
    pub fields: Vec<Field>,
    /// Required fields about which nothing was said (聞き漏れ票).
    pub gaps: Vec<Gap>,
    /// Statements side by side that differ.
    pub conflicts: Vec<Conflict>,
    /// Sentences that no field took (未分類).
    pub unassigned: Vec<Unassigned>,
    /// What was heard.
    pub transcript: Transcript,
}

/// A template's id and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateRef {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
}

/// A required field about which nothing was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// Field id.
    pub field: String,
    /// Printed name.
    pub label: String,
    /// What to ask, from the template.
    pub question: String,
}

/// Statements about one field that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// Field id.
    pub field: String,
    /// The statements.
    pub citations: Vec<Citation>,
}

/// A sentence that no field took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unassigned {
    /// The sentence.
    pub text: String,
    /// Where it is.
    pub citation: Citation,
}
