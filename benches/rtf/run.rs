//! Runs the program and reads what it took.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use export::read_transcript;
use serde::Deserialize;
use serde_json::Value as Json;
use text::cer;

use crate::report::{Cell, Round};

/// The program under measurement.
const PROGRAM: &str = env!("CARGO_BIN_EXE_kikitori");

/// A recording, and what is said in it where that is known.
pub(crate) struct Recording {
    path: PathBuf,
    script: Option<String>,
}

impl Recording {
    pub(crate) fn open(path: &Path, script: Option<&Path>) -> Result<Self> {
        fs::metadata(path).with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), script: script.map(read_script).transpose()? })
    }

    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub(crate) fn has_script(&self) -> bool {
        self.script.is_some()
    }
}

/// The column `text` of a table, or the whole of a text.
fn read_script(path: &Path) -> Result<String> {
    let content = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    if path.extension().is_none_or(|ending| ending != "tsv") {
        return Ok(content);
    }
    let mut lines = content.lines();
    let column = lines.next().and_then(|head| head.split('\t').position(|name| name == "text"));
    let column = column.with_context(|| format!("{} has no column `text`", path.display()))?;
    Ok(lines.filter_map(|line| line.split('\t').nth(column)).collect())
}

/// The models that the program knows.
pub(crate) struct Models {
    pub(crate) default: String,
    missing: Vec<String>,
}

impl Models {
    pub(crate) fn of_program() -> Result<Self> {
        let listed = succeeded(Command::new(PROGRAM).args(["models", "list", "--json"]))?;
        let listed: Json = serde_json::from_slice(&listed.stdout).context("the list of models")?;
        let models = listed["models"].as_array().map_or(&[][..], Vec::as_slice);
        let names = |key: &str, value: bool| {
            let rows = models.iter().filter(move |m| m[key] == value);
            rows.filter_map(|m| m["name"].as_str()).map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let default =
            names("default", true).into_iter().next().context("the program has no default model")?;
        Ok(Self { default, missing: names("installed", false) })
    }

    /// Whether this is the name of a model that is not there. A path is none.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        self.missing.iter().any(|missing| missing == name)
    }
}

/// What the program says it took.
#[derive(Deserialize)]
struct Stats {
    window_ms: u32,
    sessions: usize,
    threads: usize,
    audio_s: f64,
    load_s: f64,
    wall_s: f64,
    cpu_s: Option<f64>,
    peak_mb: Option<f64>,
    windows: usize,
    decodings: usize,
    retried: usize,
    tokens: usize,
}

/// Transcribes the recordings one after another.
pub(crate) fn round(cell: &Cell, recordings: &[Recording]) -> Result<Round> {
    let mut round = Round { cpu_s: Some(0.0), peak_mb: Some(0.0), ..Round::default() };
    let mut errors = Some(cer::Errors::default());
    for recording in recordings {
        let (stats, heard) = transcribe(cell, recording)?;
        round.window_ms = stats.window_ms;
        (round.sessions, round.threads) = (stats.sessions, stats.threads);
        round.audio_s += stats.audio_s;
        round.load_s += stats.load_s;
        round.wall_s += stats.wall_s;
        round.cpu_s = round.cpu_s.zip(stats.cpu_s).map(|(a, b)| a + b);
        round.peak_mb = round.peak_mb.zip(stats.peak_mb).map(|(a, b)| a.max(b));
        round.windows += stats.windows;
        round.decodings += stats.decodings;
        round.retried += stats.retried;
        round.tokens += stats.tokens;
        errors = errors.zip(recording.script.as_deref()).map(|(mut errors, script)| {
            errors += cer::errors(&heard, script);
            errors
        });
    }
    round.rtf = round.wall_s / round.audio_s.max(f64::EPSILON);
    round.cer = errors.map(cer::Errors::rate);
    Ok(round)
}

/// What the program took, and the engine's words, marked ones included.
fn transcribe(cell: &Cell, recording: &Recording) -> Result<(Stats, String)> {
    let dir = tempfile::tempdir()?;
    let (transcript, stats) = (dir.path().join("heard.json"), dir.path().join("stats.json"));
    let mut command = Command::new(PROGRAM);
    command.args(["-q", "transcribe"]).arg(&recording.path);
    command.args(["--model", &cell.model, "--tier", &cell.tier]);
    for (option, value) in
        [("--sessions", cell.sessions), ("--threads", cell.threads), ("--window", cell.window_s)]
    {
        if let Some(value) = value.0 {
            command.args([option, &value.to_string()]);
        }
    }
    command.args(["-f", "json", "--force", "-o"]).arg(&transcript).arg("--stats").arg(&stats);
    succeeded(&mut command)?;
    let heard = read_transcript(&fs::read(&transcript)?, "heard.json")?.transcript;
    let stats = serde_json::from_slice(&fs::read(&stats)?).context("the program's statistics")?;
    Ok((stats, heard.segments.into_iter().map(|segment| segment.raw).collect()))
}

fn succeeded(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| PROGRAM.to_owned())?;
    if !output.status.success() {
        bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}
