//! The whole path, as a user runs it: real-time factor, processor time, memory, windows, tokens, retries and error rate,
//! over models × tiers × sessions × threads × window lengths.
//!
//! ```text
//! cargo bench --bench rtf -- --tiers fast,auto,careful --sessions 1,2 --threads 1,2 --rounds 3 --json before.json
//! cargo bench --bench rtf -- --tiers fast,auto,careful --sessions 1,2 --threads 1,2 --rounds 3 --compare before.json
//! cargo bench --bench rtf -- --models base-q8_0,base --windows default,15,28 --plot speed.svg
//! ```
//!
//! Each cell is a process of the built program. The rounds go over all cells in turn, so that a slow minute of the machine
//! falls on all of them. Without arguments it takes about a minute, as `cargo bench` runs it beside the others.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it measures is what it is for")]

mod args;
mod compare;
mod plot;
mod report;
mod run;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use args::Args;
use report::{Cell, Machine, Report, Round, Row};
use run::{Models, Recording};

fn main() -> ExitCode {
    let args = Args::parse();
    if !args.is_asked_for() {
        return ExitCode::SUCCESS;
    }
    match measured(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measured(args: &Args) -> Result<()> {
    let models = Models::of_program()?;
    let names = if args.models.is_empty() { vec![models.default.clone()] } else { args.models.clone() };
    if let Some(missing) = names.iter().find(|name| models.lacks(name)) {
        let message = format!("the model {missing} is not installed: kikitori models pull {missing}");
        if args.is_bare() {
            eprintln!("rtf: nothing measured, {message}");
            return Ok(());
        }
        anyhow::bail!(message);
    }
    // What cannot be read costs no hour of measuring.
    let before = args.compare.as_deref().map(read).transpose()?;
    let recordings = args.recordings()?;
    if args.plot.is_some() {
        anyhow::ensure!(recordings.iter().all(Recording::has_script), "--plot needs --reference");
    }
    let report = measure(args.cells(&names), &recordings, args.rounds)?;
    print!("{}", report::table(&report));
    if let Some(path) = &args.json {
        write(path, &(serde_json::to_string_pretty(&report)? + "\n"))?;
    }
    if let Some(path) = &args.plot {
        write(path, &plot::svg(&report))?;
    }
    if let Some(before) = before {
        print!("\n{}", compare::compare(&before, &report)?);
    }
    Ok(())
}

/// Goes over all cells in each round.
fn measure(cells: Vec<Cell>, recordings: &[Recording], rounds: usize) -> Result<Report> {
    let mut measured: Vec<(Cell, Vec<Round>)> = cells.into_iter().map(|cell| (cell, Vec::new())).collect();
    for number in 1..=rounds {
        for (cell, done) in &mut measured {
            let round = run::round(cell, recordings)?;
            eprintln!("round {number} of {rounds}, {}: {:.4} x", cell.name(), round.rtf);
            done.push(round);
        }
    }
    let names = recordings.iter().map(Recording::name).collect();
    let rows = measured.into_iter().map(|(cell, rounds)| Row::new(cell, rounds)).collect();
    Ok(Report::new(machine()?, names, rows))
}

fn machine() -> Result<Machine> {
    Ok(Machine {
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        processor: fs::read_to_string("/proc/cpuinfo").ok().as_deref().and_then(processor),
        engine: asr::system_info()?,
        whisper_cpp: asr::whisper_cpp_version(),
        kikitori: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// The first `model name` of Linux's `/proc/cpuinfo`.
fn processor(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn read(path: &Path) -> Result<Report> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON of this benchmark", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}
