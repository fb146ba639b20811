//! Trains the tagger and writes its weights: `cargo run --release -p extract --features train --bin train-tagger`.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program for developers: it prints")]

use std::path::PathBuf;
use std::process::ExitCode;

use extract::train::{Options, Report, Score, train};

const USAGE: &str = "usage: train-tagger [--seed N] [--steps N] [--out FILE]

  --seed N    everything random follows from it (default 1)
  --steps N   steps of the optimiser
  --out FILE  where the weights go; without it they are only scored";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut options = Options::default();
    let mut out: Option<PathBuf> = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("not a number: {text}\n{USAGE}"));
        match arg.as_str() {
            "--seed" => options.seed = number(value()?)?,
            "--steps" => options.steps = number(value()?)? as usize,
            "--out" => out = Some(value()?.into()),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let mut mean = 0.0;
    let report = train(&options, &mut |step, loss| {
        mean = if step == 0 { loss } else { 0.95 * mean + 0.05 * loss };
        if step % 50 == 0 {
            eprintln!("step {step}: loss {mean:.3}");
        }
    })
    .map_err(|e| e.to_string())?;
    print(&options, &report);
    if let Some(path) = out {
        std::fs::write(&path, &report.weights).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

fn print(options: &Options, report: &Report) {
    println!(
        "seed {}, {} steps of {}, {:.0} s, {} bytes",
        options.seed,
        options.steps,
        options.batch,
        report.time.as_secs_f32(),
        report.weights.len()
    );
    print_score("patterns that were held out", &report.held_out);
    print_score("scripts that were held out", &report.held_out_scripts);
    print_score("patterns that were trained", &report.trained);
}

fn print_score(title: &str, score: &Score) {
    println!("\n{title}\n  section accuracy {:.3}", score.section_accuracy());
    for (least, counts) in &score.confident {
        println!("    p >= 0.{least}: precision {:.3}, recall {:.3}", counts.precision(), counts.recall());
    }
    println!("  ends of sentences F1 {:.3}", score.ends.f1());
    for (kind, counts) in &score.spans {
        println!("  {:<14} F1 {:.3} of {}", kind.name(), counts.f1(), counts.wanted);
    }
    for (party, counts) in &score.parties {
        let (p, r) = (counts.precision(), counts.recall());
        println!("  of {:<11} precision {p:.3}, recall {r:.3} of {}", party.name(), counts.wanted);
    }
    for (section, counts) in &score.sections {
        let (p, r) = (counts.precision(), counts.recall());
        println!("  {}: precision {p:.3}, recall {r:.3} of {}", section.name(), counts.wanted);
    }
}
