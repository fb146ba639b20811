//! Results of a job as files: they appear whole or not at all, and what somebody else wrote is kept.

use std::fs;
use std::path::{Path, PathBuf};

use export::{AudioSource, RecordExporter, RecordOptions, record_by_name};
use pipeline::Input;
use record::template::Template;
use record::{Lang, Record, Segment};
use store::Document;

use super::groups::{Group, file_name};
use super::runner::is_playable;
use super::spec::hex_of;
use crate::args::BatchArgs;
use crate::commands::record::playable;
use crate::failure::Failure;
use crate::{forms, output};

/// Which results were written, by the name of their files: one small file each, so that a batch of any size adds to it.
const WRITTEN: &str = "written";

/// What came of writing results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// They are there.
    There {
        /// Whether words were heard.
        heard: bool,
    },
    /// This file was there before, of something else, and was kept.
    Kept(PathBuf),
}

/// Writes results into the directory of a batch.
pub(crate) struct Delivery {
    out: PathBuf,
    /// Where it is noted what was written.
    written: PathBuf,
    exporters: Vec<&'static dyn RecordExporter>,
    templates: Vec<Template>,
    force: bool,
    lang: Lang,
}

impl Delivery {
    /// Says early what does not exist or cannot be written.
    pub(crate) fn new(args: &BatchArgs, own: &Path, lang: Lang) -> Result<Self, Failure> {
        let written = own.join(WRITTEN);
        fs::create_dir_all(&written).map_err(|e| Failure::io(&written, &e))?;
        let exporters = args.formats.iter().map(|name| record_by_name(name)).collect::<Result<_, _>>()?;
        let templates = args
            .form
            .template
            .iter()
            .map(|id| forms::by_id(id, args.form.templates.as_deref()))
            .collect::<Result<_, _>>()?;
        Ok(Self { out: args.out.clone(), written, exporters, templates, force: args.force, lang })
    }

    /// The files of a group's results.
    pub(crate) fn files(&self, group: &Group) -> Vec<PathBuf> {
        let each = self.templates.iter().flat_map(|template| {
            self.exporters.iter().map(move |exporter| self.file(group, template, *exporter))
        });
        each.collect()
    }

    fn file(&self, group: &Group, template: &Template, exporter: &dyn RecordExporter) -> PathBuf {
        let ending = if exporter.name() == "text" { "txt" } else { exporter.name() };
        let mut name = group.stem.as_os_str().to_owned();
        name.push(format!(".{}.{ending}", template.id));
        self.out.join(name)
    }

    /// Whether the results of this very job are there.
    pub(crate) fn is_there(&self, group: &Group, key: &str) -> bool {
        let noted = fs::read_to_string(self.note(group)).unwrap_or_default();
        noted == self.noted(key) && self.files(group).iter().all(|file| file.exists())
    }

    /// Writes the results of a job.
    pub(crate) fn write(&self, group: &Group, key: &str, results: &[Document]) -> Result<Written, Failure> {
        let mut records = Vec::with_capacity(self.templates.len());
        for template in &self.templates {
            let name = format!("{}.json", template.id);
            let result = results.iter().find(|result| result.name == name);
            let body = result.map(|result| result.body.as_slice()).unwrap_or_default();
            let record: Record = serde_json::from_slice(body).map_err(|_| {
                // The parser's message may quote the record.
                Failure::internal(anyhow::anyhow!("the result of a job is no record of this version"))
            })?;
            records.push(record);
        }
        let heard = records.iter().any(|record| record.transcript.segments.iter().any(Segment::is_mapped));
        if self.is_there(group, key) {
            return Ok(Written::There { heard });
        }
        // Half of a set that an interrupted run wrote is of the same job, and is written again.
        let ours = fs::read_to_string(self.note(group)).is_ok_and(|noted| noted == self.noted(key));
        let files = self.files(group);
        if let Some(file) = files.iter().find(|file| file.exists() && !ours && !self.force) {
            return Ok(Written::Kept(file.clone()));
        }
        if let Some(dir) = files.first().and_then(|file| file.parent()) {
            fs::create_dir_all(dir).map_err(|e| Failure::io(dir, &e))?;
        }
        let note = self.note(group);
        output::to_file(&note, |out| {
            out.write_all(self.noted(key).as_bytes()).map_err(|e| Failure::io(&note, &e))
        })?;
        for (template, record) in self.templates.iter().zip(&records) {
            for exporter in &self.exporters {
                let plays = exporter.name() == "html" && group.places.iter().all(|place| is_playable(place));
                let audio = if plays { audio(group) } else { Vec::new() };
                let options = RecordOptions { lang: self.lang, audio };
                output::to_file(&self.file(group, template, *exporter), |out| {
                    Ok(exporter.export(record, template, &options, out)?)
                })?;
            }
        }
        Ok(Written::There { heard })
    }

    fn note(&self, group: &Group) -> PathBuf {
        self.written.join(hex_of(group.stem.as_os_str().as_encoded_bytes()))
    }

    /// The job and the formats.
    fn noted(&self, key: &str) -> String {
        let formats: Vec<_> = self.exporters.iter().map(|exporter| exporter.name()).collect();
        format!("{key} {}", formats.join(","))
    }
}

fn audio(group: &Group) -> Vec<AudioSource> {
    let inputs = group.places.iter().map(|place| Input { path: place.into(), name: file_name(place) });
    inputs.map(|input| playable(&input)).collect()
}
