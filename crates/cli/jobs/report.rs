//! `report.csv`: what came of each recording.

use std::path::Path;

use record::Lang;
use store::{Job, JobState};

use crate::failure::Failure;
use crate::output;

/// Excel takes a file for UTF-8 only with this at its start.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// One line.
pub(crate) struct Row<'r> {
    /// The recordings.
    pub(crate) files: String,
    /// The job, where there is one.
    pub(crate) job: Option<&'r Job>,
    /// Whether words were heard, where it is done and written.
    pub(crate) heard: Option<bool>,
    /// Why there are no results although the job is done, or why there is no job.
    pub(crate) trouble: Option<String>,
    /// The files that were written.
    pub(crate) outputs: Vec<String>,
}

impl Row<'_> {
    /// The outcome as a word of the file.
    fn outcome(&self) -> &'static str {
        match (self.job.map(|job| job.state), self.heard) {
            _ if self.trouble.is_some() => "failed",
            (Some(JobState::Done), Some(false)) => "ok_empty",
            (Some(JobState::Done), _) => "ok",
            (Some(state), _) => state.name(),
            (None, _) => "failed",
        }
    }
}

/// Writes the report; an earlier one is replaced.
pub(crate) fn write(path: &Path, rows: &[Row<'_>], lang: Lang) -> Result<(), Failure> {
    let internal = |e: csv::Error| Failure::internal(e.into());
    let mut table = csv::Writer::from_writer(Vec::new());
    table
        .write_record(["files", "job", "outcome", "recording_s", "taken_s", "attempts", "outputs", "reason"])
        .map_err(internal)?;
    for row in rows {
        let seconds = |ms: Option<i64>| ms.map_or(String::new(), |ms| format!("{:.1}", ms as f64 / 1_000.0));
        let job = row.job;
        let total = job.and_then(|job| job.total_ms).map(|ms| ms as i64);
        let taken = job.and_then(|job| Some(job.finished_at? - job.started_at?));
        let reason = job.and_then(|job| job.reason.as_ref()).map(|reason| match lang {
            Lang::Ja => reason.ja.clone(),
            Lang::En => reason.en.clone(),
        });
        let reason = row.trouble.clone().or(reason).unwrap_or_default();
        table
            .write_record([
                plain(&row.files),
                job.map(|job| job.id.to_string()).unwrap_or_default(),
                row.outcome().to_owned(),
                seconds(total),
                seconds(taken),
                job.map(|job| job.claims.to_string()).unwrap_or_default(),
                plain(&row.outputs.join(" ")),
                plain(&reason),
            ])
            .map_err(internal)?;
    }
    let bytes = table.into_inner().map_err(|e| Failure::internal(anyhow::anyhow!(e.to_string())))?;
    output::to_file(path, |out| {
        out.write_all(MARK).and_then(|()| out.write_all(&bytes)).map_err(|e| Failure::io(path, &e))
    })
}

/// A cell that no program takes for a formula.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_formula_and_a_missing_job_has_failed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.csv");
        let row = Row {
            files: "=cmd.m4a".into(),
            job: None,
            heard: None,
            trouble: Some("録音,がありません".into()),
            outputs: Vec::new(),
        };
        assert!(write(&path, &[row], Lang::Ja).is_ok());
        let text = std::fs::read_to_string(&path).unwrap();
        let last = text.lines().last().unwrap();
        assert!(text.starts_with("\u{feff}files,"), "{text}");
        assert_eq!(last, "'=cmd.m4a,,failed,,,,,\"録音,がありません\"");
    }
}
