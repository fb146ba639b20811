//! The expected record beside a script or a recording.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use record::{Reason, State};
use serde::Deserialize;

use crate::failure::Failure;

/// Ending of the file name.
pub(crate) const ENDING: &str = ".expected.json";

/// An expected record: every field that it does not name is expected to be `not_mentioned`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Id of the form.
    pub(crate) template: String,
    /// When the dictation was made, RFC 3339.
    pub(crate) recorded_at: String,
    /// Manner of speaking; scores are also given for each style.
    #[serde(default)]
    pub(crate) style: Option<String>,
    /// Whether the speaker says no headings.
    #[serde(default)]
    pub(crate) headless: bool,
    /// Terms of the field that are spoken: what recognition must keep and repair must win back.
    #[serde(default)]
    pub(crate) terms: Vec<String>,
    /// Fields whose state is not `not_mentioned`.
    pub(crate) fields: BTreeMap<String, ExpectedField>,
    /// Required fields about which nothing is said, in the form's order.
    pub(crate) gaps: Vec<String>,
    /// Fields on which the form rules leave a choice: not scored.
    #[serde(default)]
    pub(crate) open: Vec<String>,
}

/// What a field must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedField {
    pub(crate) state: State,
    #[serde(default)]
    pub(crate) value: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) reason: Option<Reason>,
    #[serde(default, rename = "detail")]
    _detail: Option<String>,
    #[serde(default, rename = "by")]
    _by: Option<String>,
    #[serde(default)]
    pub(crate) display: Option<String>,
    #[serde(default, rename = "flags")]
    _flags: Vec<String>,
}

impl ExpectedField {
    /// Whether a value is expected, be it one whose words leave the normal form open.
    pub(crate) fn has_value(&self) -> bool {
        self.state == State::Stated
    }
}

/// Reads an expected record.
pub(crate) fn read(path: &Path) -> Result<Expected, Failure> {
    let source = fs::read_to_string(path).map_err(|e| Failure::io(path, &e))?;
    serde_json::from_str(&source).map_err(|e| {
        Failure::bad_input(
            format!("期待値を読めません: {}: {e}", path.display()),
            format!("not an expected record: {}: {e}", path.display()),
        )
    })
}
