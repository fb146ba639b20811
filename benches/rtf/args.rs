//! The benchmark's arguments.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Parser;

use crate::report::{Cell, Setting};
use crate::run::Recording;

/// Measures the whole path over models × tiers × sessions × threads × window lengths.
#[derive(Debug, Parser)]
#[command(name = "rtf")]
pub(crate) struct Args {
    /// Recording; several are transcribed one after another and counted together. Default: a sample.
    #[arg(long, value_name = "FILE")]
    audio: Vec<PathBuf>,
    /// What is said in each recording, in the same order: a text, or a table (TSV) with a column `text`.
    #[arg(long, value_name = "TSV|TXT")]
    reference: Vec<PathBuf>,
    /// Models, each in the quantisation that its name says. Default: the program's.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// Tiers.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "fast,careful", value_parser = tier)]
    tiers: Vec<String>,
    /// Sessions; `default` leaves them to the program.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "default")]
    sessions: Vec<Setting>,
    /// Threads of a session.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "default")]
    threads: Vec<Setting>,
    /// Longest windows in seconds.
    #[arg(long, value_name = "SECONDS,…", value_delimiter = ',', default_value = "default")]
    windows: Vec<Setting>,
    /// How often each cell is measured.
    #[arg(long, value_name = "N", default_value = "1", value_parser = rounds)]
    pub(crate) rounds: usize,
    /// Write all figures into this file (replaced).
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Compare with the JSON of an earlier run.
    #[arg(long, value_name = "BASELINE.json")]
    pub(crate) compare: Option<PathBuf>,
    /// Draw speed against error rate into this SVG file (replaced).
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Names of benchmarks, which cargo hands to all of them: others than `rtf` are not for this one.
    filter: Vec<String>,
    /// Given by `cargo bench`, and not by `cargo test`.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    /// Whether anything is to be measured: neither a test run nor the filter of another benchmark.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.bench && (self.filter.is_empty() || self.filter.iter().any(|name| "rtf".contains(name.as_str())))
    }

    /// Whether nobody asked for anything in particular, as when `cargo bench` runs everything.
    pub(crate) fn is_bare(&self) -> bool {
        std::env::args().skip(1).all(|arg| arg == "--bench" || self.filter.contains(&arg))
    }

    /// All combinations with these models, the models outermost.
    pub(crate) fn cells(&self, models: &[String]) -> Vec<Cell> {
        let mut cells = Vec::new();
        for model in models {
            for tier in &self.tiers {
                for &sessions in &self.sessions {
                    for &threads in &self.threads {
                        for &window_s in &self.windows {
                            let (model, tier) = (model.clone(), tier.clone());
                            cells.push(Cell { model, tier, sessions, threads, window_s });
                        }
                    }
                }
            }
        }
        cells
    }

    /// The recordings with what is said in them.
    pub(crate) fn recordings(&self) -> Result<Vec<Recording>> {
        if self.audio.is_empty() {
            ensure!(self.reference.is_empty(), "--reference without --audio");
            let sample = |file| Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(file);
            let script = sample("visit-home.txt");
            return Ok(vec![Recording::open(&sample("visit-home.opus"), Some(&script))?]);
        }
        let (audio, scripts) = (self.audio.len(), self.reference.len());
        ensure!([0, audio].contains(&scripts), "{audio} recordings, but {scripts} references");
        let scripts =
            self.reference.iter().map(|script| Some(script.as_path())).chain(std::iter::repeat(None));
        self.audio.iter().zip(scripts).map(|(audio, script)| Recording::open(audio, script)).collect()
    }
}

fn tier(name: &str) -> Result<String, String> {
    pipeline::Tier::by_name(name).map(|tier| tier.name.to_owned()).map_err(|error| error.to_string())
}

fn rounds(number: &str) -> Result<usize, String> {
    number.parse().ok().filter(|rounds| *rounds > 0).ok_or_else(|| "a number of at least 1".to_owned())
}
