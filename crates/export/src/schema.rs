//! The JSON Schemas of what is written, generated from the Rust types.

use record::{RECORD_SCHEMA, Record};
use serde_json::{Value, json};

use crate::{TRANSCRIPT_SCHEMA, TranscriptFile};

/// JSON Schema (2020-12) of the record; `schema/record.schema.json` in this crate is its output.
#[must_use]
pub fn record_schema() -> Value {
    versioned(schemars::schema_for!(Record).to_value(), RECORD_SCHEMA)
}

/// JSON Schema (2020-12) of the transcript file; `schema/transcript.schema.json` in this crate is its output.
#[must_use]
pub fn transcript_schema() -> Value {
    versioned(schemars::schema_for!(TranscriptFile).to_value(), TRANSCRIPT_SCHEMA)
}

/// The Rust types know the version only as a string; the schema names the one that it describes.
fn versioned(mut schema: Value, version: &str) -> Value {
    if let Some(property) = schema.pointer_mut("/properties/schema") {
        *property = json!({ "description": "Version of the format.", "const": version });
    }
    schema
}
