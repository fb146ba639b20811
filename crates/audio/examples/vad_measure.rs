//! Measures the voice activity detectors and the packing on labelled recordings.
//!
//! ```text
//! KIKITORI_EVAL_DIR=… cargo run --release -p audio --example vad_measure
//! ```
//!
//! For each detector and threshold: share of labelled speech that is inside a region (recall), share of the rest that is
//! too (false alarm; padding counts), labelled segments that lose more than 50 ms at either end (clipped), windows and their
//! filling, and speed.
//! Arguments are further files without labels.
#![allow(clippy::print_stdout, reason = "its purpose is to print")]

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use audio::{AudioReader, PackConfig, vad};

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Recording {
    name: String,
    samples: Vec<f32>,
    /// Labelled speech, in samples.
    labels: Vec<(usize, usize)>,
}

fn main() -> Outcome<()> {
    let dir =
        env::var("KIKITORI_EVAL_DIR").map_err(|_| "KIKITORI_EVAL_DIR is not set: nothing was measured")?;
    let asr = Path::new(&dir).join("asr");
    let mut recordings = Vec::new();
    for (name, file, labels) in [
        ("1spk", "dev_long_1spk.opus", Some("dev_long_1spk.segments.tsv")),
        ("2spk", "dev_long_2spk_alternating.opus", Some("dev_long_2spk_alternating.segments.tsv")),
        ("noise", "formats/noise_only.wav", None),
        ("jfk", "formats/jfk.wav", None),
        ("narrow3", "phone_and_wide/sample-Ja_JP-narrow3.wav", None),
        ("wide1", "phone_and_wide/sample-Ja_JP-wide1.wav", None),
    ] {
        let start = Instant::now();
        let samples = read(&asr.join(file))?;
        let seconds = samples.len() as f64 / 16_000.0;
        println!(
            "{name}: {seconds:.1} s, decoded at {:.0} x real time",
            seconds / start.elapsed().as_secs_f64()
        );
        let labels = labels.map_or(Ok(Vec::new()), |labels| read_labels(&asr.join(labels), &samples))?;
        recordings.push(Recording { name: name.to_owned(), samples, labels });
    }
    for file in env::args().skip(1) {
        recordings.push(Recording {
            name: file.clone(),
            samples: read(Path::new(&file))?,
            labels: Vec::new(),
        });
    }
    for detector in vad::names() {
        for (on, off) in
            [(0.35, 0.2), (0.4, 0.25), (0.45, 0.3), (0.5, 0.35), (0.5, 0.2), (0.6, 0.4), (0.7, 0.5)]
        {
            for (min_silence_ms, lead_ms, trail_ms) in [(300, 200, 100), (300, 300, 150), (400, 400, 200)] {
                let regions = vad::RegionConfig {
                    on,
                    off,
                    min_silence_ms,
                    lead_ms,
                    trail_ms,
                    ..vad::RegionConfig::default()
                };
                for recording in &recordings {
                    measure(detector, recording, regions)?;
                }
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Outcome<Vec<f32>> {
    let mut reader = AudioReader::open(path)?;
    let mut samples = Vec::new();
    while let Some(block) = reader.next_block()? {
        samples.extend_from_slice(block);
    }
    Ok(samples)
}

/// The labels are whole clips with mouse clicks at either end. Speech is from the first to the last 100 ms that is within
/// 27 dB of the clip's loudest for at least 200 ms on end, which clicks are not.
fn read_labels(path: &Path, samples: &[f32]) -> Outcome<Vec<(usize, usize)>> {
    const STEP: usize = 320;
    const RUN: usize = 10;
    let mut labels = Vec::new();
    for line in fs::read_to_string(path)?.lines().skip(1) {
        let mut columns = line.split('\t');
        let mut seconds =
            || columns.next().unwrap_or_default().parse::<f64>().map(|s| (s * 16_000.0) as usize);
        let (start, end) = (seconds()?, seconds()?.min(samples.len()));
        let steps: Vec<f32> =
            samples[start..end].chunks(STEP).map(|c| c.iter().map(|s| s * s).sum()).collect();
        let power: Vec<f32> = steps.windows(5).map(|w| w.iter().sum()).collect();
        let gate = power.iter().fold(0.0_f32, |m, p| m.max(*p)) * 10_f32.powf(-2.7);
        let loud: Vec<bool> = power.iter().map(|p| *p > gate).collect();
        let mut starts =
            (0..loud.len().saturating_sub(RUN)).filter(|n| loud[*n..*n + RUN].iter().all(|l| *l));
        let (Some(first), Some(last)) = (starts.clone().next(), starts.next_back()) else { continue };
        // A window reaches the gate two steps before its middle does.
        labels.push((start + (first + 2) * STEP, end.min(start + (last + RUN + 2) * STEP)));
    }
    Ok(labels)
}

fn measure(detector: &str, recording: &Recording, config: vad::RegionConfig) -> Outcome<()> {
    let Recording { name, samples, labels } = recording;
    let started = Instant::now();
    let mut vad = vad::by_name(detector)?;
    let mut probabilities = Vec::new();
    vad.push(samples, &mut probabilities);
    let speed = samples.len() as f64 / 16_000.0 / started.elapsed().as_secs_f64();
    let mut machine = vad::Regions::new(config, vad.frame_len())?;
    let mut regions: Vec<(usize, usize)> = Vec::new();
    let events = probabilities.iter().map(|p| machine.push(*p)).collect::<Vec<_>>();
    for event in events.into_iter().chain([machine.finish(samples.len() as u64)]).flatten() {
        match event {
            vad::RegionEvent::Open { start } => regions.push((start as usize, samples.len())),
            vad::RegionEvent::Close { end } => {
                regions.iter_mut().rev().take(1).for_each(|r| r.1 = end as usize);
            }
        }
    }
    let inside = |at: usize| regions.iter().any(|(start, end)| (*start..*end).contains(&at));
    let total: usize = regions.iter().map(|(start, end)| end - start).sum();
    let speech: usize = labels.iter().map(|(start, end)| end - start).sum();
    let overlap: usize = labels
        .iter()
        .flat_map(|(a, b)| regions.iter().map(move |(c, d)| d.min(b).saturating_sub(*c.max(a))))
        .sum();
    let clipped = labels.iter().filter(|(a, b)| !inside(a + 800) || !inside(b.saturating_sub(800))).count();
    let mut all =
        audio::Packer::new(PackConfig { regions: config, ..PackConfig::default() }, vad.frame_len(), 0)?;
    all.push(samples, &probabilities);
    all.finish();
    let lens: Vec<usize> = std::iter::from_fn(|| all.pop()).map(|w| w.window.samples.len()).collect();
    let packed = lens.iter().sum::<usize>() as f64 / 16_000.0;
    println!(
        "{detector:8} {name:8} on {:.2} off {:.2} sil {} pad {}+{}: recall {:5.2} %, false alarm {:5.2} %, clipped {:3}/{:3}, \
         {:3} regions, {:2} windows of {:4.1} s, {:4.1} % of the sound, {speed:.0} x",
        config.on,
        config.off,
        config.min_silence_ms,
        config.lead_ms,
        config.trail_ms,
        100.0 * overlap as f64 / speech.max(1) as f64,
        100.0 * (total - overlap) as f64 / (samples.len() - speech).max(1) as f64,
        clipped,
        labels.len(),
        regions.len(),
        lens.len(),
        packed / lens.len().max(1) as f64,
        100.0 * packed * 16_000.0 / samples.len() as f64,
    );
    Ok(())
}
