//! One dictation in one form or several: where each record goes, and how they are written.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use asr::Bias;
use export::{RecordExporter, RecordOptions};
use pipeline::MapOptions;
use record::template::Template;
use record::{Record, Source, Transcript};

use crate::args::{FormArgs, OutputArgs};
use crate::failure::Failure;
use crate::{bias, forms, output};

/// Stem of the files of a dictation that came from standard input.
const NO_NAME: &str = "record";

/// The forms that were asked for, and the file of each.
pub(crate) struct Sheets {
    templates: Vec<Template>,
    exporter: &'static dyn RecordExporter,
    output: OutputArgs,
    /// With several forms and `-o`: one file for each, `<stem>.<id>.<ext>`.
    files: Vec<PathBuf>,
}

impl Sheets {
    /// Finds the forms and says early, before minutes of work, what does not exist or cannot be written. `first` names the
    /// files.
    pub(crate) fn new(
        form: &FormArgs,
        exporter: &'static dyn RecordExporter,
        output: &OutputArgs,
        first: Option<&Path>,
    ) -> Result<Self, Failure> {
        form.passes.as_deref().map(text::Chain::from_names).transpose()?;
        let mut templates: Vec<Template> = Vec::new();
        for id in &form.template {
            if templates.iter().any(|t| t.id == *id) {
                return Err(Failure::usage(
                    format!("様式が二度指定されています: {id}"),
                    format!("the form is given twice: {id}"),
                ));
            }
            templates.push(forms::by_id(id, form.templates.as_deref())?);
        }
        let several = templates.len() > 1;
        let mut files = Vec::new();
        match output.file() {
            Some(dir) if several => {
                files = templates.iter().map(|t| dir.join(file_name(first, &t.id, exporter))).collect();
                fs::create_dir_all(dir).map_err(|e| Failure::io(dir, &e))?;
                for file in &files {
                    output::check(&to(file, output))?;
                }
            }
            None if several && exporter.name() == "html" => {
                return Err(Failure::usage(
                    "html を複数の様式で書くには -o フォルダ が要ります",
                    "several forms as html need -o with a directory",
                ));
            }
            _ => output::check(output)?,
        }
        Ok(Self { templates, exporter, output: output.clone(), files })
    }

    /// Words that the engine is shown: the first form's.
    pub(crate) fn prompt(&self) -> Option<&str> {
        self.templates.first().and_then(|t| t.prompt.as_deref())
    }

    /// The forms, in the order in which they were asked for.
    pub(crate) fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// What the engine expects to hear.
    pub(crate) fn expected(&self) -> Result<Bias, Failure> {
        bias::expected(&self.templates)
    }

    /// Where an interrupted job keeps its transcript: beside the first file.
    pub(crate) fn kept(&self) -> OutputArgs {
        self.files.first().map_or_else(|| self.output.clone(), |file| to(file, &self.output))
    }

    /// Fills every form from the same transcript and writes the records.
    pub(crate) fn write(
        &self,
        transcript: &Transcript,
        source: &Source,
        map: &MapOptions<'_>,
        options: &RecordOptions,
    ) -> Result<(), Failure> {
        let mut records: Vec<Record> = Vec::with_capacity(self.templates.len());
        for template in &self.templates {
            records.push(pipeline::map(transcript.clone(), source.clone(), template, map)?);
        }
        let sheets = || self.templates.iter().zip(&records);
        if !self.files.is_empty() {
            for ((template, record), file) in sheets().zip(&self.files) {
                let to = to(file, &self.output);
                output::write(&to, |out| Ok(self.exporter.export(record, template, options, out)?))?;
            }
            return Ok(());
        }
        // Several JSON documents on standard output are one array.
        let array = self.exporter.name() == "json" && self.templates.len() > 1;
        let (open, between, close): (&[u8], &[u8], &[u8]) =
            if array { (b"[\n", b",\n", b"]\n") } else { (b"", b"\n", b"") };
        output::write(&self.output, |out| {
            let raw = |out: &mut dyn std::io::Write, bytes: &[u8]| {
                out.write_all(bytes).map_err(|e| Failure::io(Path::new("-"), &e))
            };
            raw(out, open)?;
            for (i, (template, record)) in sheets().enumerate() {
                if i > 0 {
                    raw(out, between)?;
                }
                self.exporter.export(record, template, options, out)?;
            }
            raw(out, close)
        })
    }
}

fn to(file: &Path, output: &OutputArgs) -> OutputArgs {
    OutputArgs { output: Some(file.to_owned()), force: output.force }
}

/// `visit.m4a` in the form `progress` as text: `visit.progress.txt`.
fn file_name(first: Option<&Path>, id: &str, exporter: &dyn RecordExporter) -> String {
    let named = first.filter(|p| *p != Path::new("-"));
    let stem = named.and_then(Path::file_stem).unwrap_or(OsStr::new(NO_NAME)).to_string_lossy();
    let extension = if exporter.name() == "text" { "txt" } else { exporter.name() };
    format!("{stem}.{id}.{extension}")
}
