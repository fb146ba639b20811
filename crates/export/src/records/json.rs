//! The record contract as it is.

use std::io::Write;

use record::Record;
use record::template::Template;

use super::{RecordExporter, RecordOptions, check_template};
use crate::{Error, Result};

/// Indented JSON, members in the order of the types.
pub(super) struct Json;

impl RecordExporter for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn export(
        &self,
        record: &Record,
        template: &Template,
        _: &RecordOptions,
        out: &mut dyn Write,
    ) -> Result<()> {
        check_template(record, template)?;
        serde_json::to_writer_pretty(&mut *out, record).map_err(|e| Error::write(e.into()))?;
        out.write_all(b"\n").map_err(Error::write)
    }
}
