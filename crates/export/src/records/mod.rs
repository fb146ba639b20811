//! Records in the formats that people and programs read.

mod html;
mod json;
mod printed;
mod text;

use std::io::Write;
use std::path::PathBuf;

use record::template::Template;
use record::{Lang, Record};

use crate::Result;
use crate::error::{Problem, What};

/// How a record is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordOptions {
    /// Language of everything around the form's own words; the `html` page is Japanese in any case.
    pub lang: Lang,
    /// The recordings, in the order of [`record::Source::files`], to be embedded by formats that can play them. Empty:
    /// no sound.
    pub audio: Vec<AudioSource>,
}

/// A recording to be embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioSource {
    /// Media type of the bytes: `audio/wav`, `audio/ogg; codecs=opus`, `video/webm`.
    pub mime: String,
    /// The file; read while the record is written, in pieces.
    pub path: PathBuf,
}

/// Writes a record in one format.
///
/// # For implementations
///
/// * The name is lower-case ASCII and does not change between versions.
/// * The output is UTF-8, ends with a line feed, and is the same for the same input.
/// * Every field of the template is in the output with its value or, where there is none, with what the speech says
///   about it. A field that was not mentioned never reads as 「なし」.
/// * Gaps, conflicts, unassigned sentences, speech that was kept out and edits are in the output.
/// * Nothing in the output is, or looks like, a score.
/// * Words of the record never act as markup, script or terminal control.
/// * A record of another template gives [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch), a failing writer
///   [`ErrorKind::Write`](crate::ErrorKind::Write) or [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull). The writer
///   is not flushed.
/// * Run [`conformance::record_exporter`](crate::conformance::record_exporter) in the tests.
pub trait RecordExporter: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Writes the record, which was made with the template.
    fn export(
        &self,
        record: &Record,
        template: &Template,
        options: &RecordOptions,
        out: &mut dyn Write,
    ) -> Result<()>;
}

static EXPORTERS: [&dyn RecordExporter; 3] = [&text::Text, &json::Json, &html::Html];

/// All record formats, the default first.
#[must_use]
pub fn record_exporters() -> &'static [&'static dyn RecordExporter] {
    &EXPORTERS
}

/// The record format of this name.
///
/// # Errors
/// [`ErrorKind::UnknownFormat`](crate::ErrorKind::UnknownFormat), listing the known names.
pub fn record_by_name(name: &str) -> Result<&'static dyn RecordExporter> {
    EXPORTERS.iter().copied().find(|exporter| exporter.name() == name).ok_or_else(|| {
        let known = EXPORTERS.map(RecordExporter::name).join(", ");
        Problem::UnknownFormat { what: What::Record, known, name: name.to_owned() }.into()
    })
}

fn check_template(record: &Record, template: &Template) -> Result<()> {
    if record.template.id == template.id {
        return Ok(());
    }
    Err(Problem::OtherTemplate { record: record.template.id.clone(), given: template.id.clone() }.into())
}
