//! Everything, as read back by [`crate::read_transcript`].

use std::io::Write;

use super::TranscriptExporter;
use crate::{Error, Result, TranscriptFile};

/// Indented JSON, members in the order of the types.
pub(super) struct Json;

impl TranscriptExporter for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn export(&self, transcript: &TranscriptFile, out: &mut dyn Write) -> Result<()> {
        serde_json::to_writer_pretty(&mut *out, transcript).map_err(|e| Error::write(e.into()))?;
        out.write_all(b"\n").map_err(Error::write)
    }
}
