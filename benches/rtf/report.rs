//! What was measured: as JSON for programs, as a table for people.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Version of the JSON.
const SCHEMA: &str = "kikitori.rtf/1";

/// A number that is given to the program, or nothing, so that its own default holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setting(pub(crate) Option<u8>);

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "default" => Ok(Self(None)),
            _ => text.parse().map(|n| Self(Some(n))).map_err(|_| "a number or `default`".to_owned()),
        }
    }
}

/// One way of running the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cell {
    /// With the quantisation in its name.
    pub(crate) model: String,
    pub(crate) tier: String,
    pub(crate) sessions: Setting,
    pub(crate) threads: Setting,
    pub(crate) window_s: Setting,
}

impl Cell {
    /// Model, tier, and what is not left to the program.
    pub(crate) fn name(&self) -> String {
        let mut name = format!("{} {}", self.model, self.tier);
        for (what, setting, unit) in
            [("sessions", self.sessions, ""), ("threads", self.threads, ""), ("window", self.window_s, " s")]
        {
            if let Some(value) = setting.0 {
                name.push_str(&format!(", {what} {value}{unit}"));
            }
        }
        name
    }
}

/// What all recordings took once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Seconds of work for each second of sound, without loading the model.
    pub(crate) rtf: f64,
    pub(crate) audio_s: f64,
    pub(crate) load_s: f64,
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: Option<f64>,
    pub(crate) peak_mb: Option<f64>,
    /// What the program chose or was told.
    pub(crate) sessions: usize,
    pub(crate) threads: usize,
    pub(crate) window_ms: u32,
    pub(crate) windows: usize,
    pub(crate) decodings: usize,
    pub(crate) retried: usize,
    pub(crate) tokens: usize,
    /// Character error rate, where it is known what is said.
    pub(crate) cer: Option<f64>,
}

/// The rounds of a figure.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// A cell with its rounds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) cell: Cell,
    pub(crate) rtf: Spread,
    /// Medians; the memory is the most of all rounds.
    pub(crate) cpu_s: Option<f64>,
    pub(crate) peak_mb: Option<f64>,
    pub(crate) cer: Option<f64>,
    /// In their order, at least one.
    pub(crate) rounds: Vec<Round>,
}

impl Row {
    pub(crate) fn new(cell: Cell, rounds: Vec<Round>) -> Self {
        let all =
            |figure: fn(&Round) -> Option<f64>| -> Option<Vec<f64>> { rounds.iter().map(figure).collect() };
        let rtf = all(|round| Some(round.rtf)).unwrap_or_default();
        let peaks = all(|round| round.peak_mb);
        Self {
            cell,
            rtf: Spread {
                min: rtf.iter().copied().fold(f64::INFINITY, f64::min),
                max: rtf.iter().copied().fold(0.0, f64::max),
                median: median(rtf),
            },
            cpu_s: all(|round| round.cpu_s).map(median),
            peak_mb: peaks.map(|peaks| peaks.into_iter().fold(0.0, f64::max)),
            cer: all(|round| round.cer).map(median),
            rounds,
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        Some(upper) if values.len().is_multiple_of(2) => f64::midpoint(values[middle - 1], *upper),
        Some(value) => *value,
        None => 0.0,
    }
}

/// Where it was measured, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) processor: Option<String>,
    /// Kernels that whisper.cpp was compiled with.
    pub(crate) engine: String,
    pub(crate) whisper_cpp: String,
    pub(crate) kikitori: String,
}

/// A whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    schema: String,
    pub(crate) machine: Machine,
    /// Names of the recordings.
    pub(crate) audio: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(machine: Machine, audio: Vec<String>, rows: Vec<Row>) -> Self {
        Self { schema: SCHEMA.to_owned(), machine, audio, rows }
    }
}

/// One line for each cell.
pub(crate) fn table(report: &Report) -> String {
    let names: Vec<String> = report.rows.iter().map(|row| row.cell.name()).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let Machine { cores, processor, whisper_cpp, kikitori, .. } = &report.machine;
    let audio_s = report.rows.first().and_then(|row| row.rounds.first()).map_or(0.0, |round| round.audio_s);
    let mut text = format!(
        "{}, {audio_s:.1} s; kikitori {kikitori}, whisper.cpp {whisper_cpp}; {cores} cores{}\n{:width$} {:>10} {:>7} {:>17} \
         {:>8} {:>8} {:>8} {:>9} {:>8} {:>7} {:>7}\n",
        report.audio.join(", "),
        processor.as_ref().map(|name| format!(", {name}")).unwrap_or_default(),
        "",
        "ses. x th.",
        "RTF",
        "(min-max)",
        "CPU s",
        "peak MB",
        "windows",
        "decodings",
        "retried",
        "tokens",
        "CER",
    );
    for (row, name) in report.rows.iter().zip(names) {
        let Some(last) = row.rounds.last() else { continue };
        text.push_str(&format!(
            "{name:width$} {:>10} {:>7.4} {:>17} {:>8} {:>8} {:>8} {:>9} {:>8} {:>7} {:>7}\n",
            format!("{} x {}", last.sessions, last.threads),
            row.rtf.median,
            format!("({:.4}-{:.4})", row.rtf.min, row.rtf.max),
            Known(row.cpu_s, 1),
            Known(row.peak_mb, 0),
            last.windows,
            last.decodings,
            last.retried,
            last.tokens,
            Known(row.cer, 4),
        ));
    }
    text
}

/// A figure with so many decimals, or a hyphen.
struct Known(Option<f64>, usize);

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.map_or("-".to_owned(), |value| format!("{value:.*}", self.1)))
    }
}
