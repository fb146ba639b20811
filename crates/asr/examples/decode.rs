//! Decodes a 16 kHz mono WAV file and reports speed, for comparing sessions, threads and window lengths.
//!
//! ```text
//! cargo run --release -p asr --example decode -- MODEL WAV [--sessions 1] [--threads 2] [--seconds 28]
//!     [--audio-ctx none|fit] [--flash] [--no-align] [--log] [--cuts SEGMENTS.tsv] [--words]
//! ```
//!
//! Windows are cut every `--seconds`, or in the pauses between the rows of `--cuts` (tab-separated start and end in
//! seconds, one header line). `--words` prints every token on standard output as file start, file end, text. `--log` shows
//! what whisper.cpp says while it loads.

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use asr::{Control, DecodeOptions, EngineConfig, Hypothesis};
use record::{SAMPLE_RATE, TimeMap, Window};

const RATE: f64 = SAMPLE_RATE as f64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut named: HashMap<String, String> = HashMap::new();
    let mut paths = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.strip_prefix("--") {
            Some(flag @ ("flash" | "words" | "no-align" | "log")) => {
                named.insert(flag.to_owned(), String::new())
            }
            Some(name) => named.insert(name.to_owned(), args.next().ok_or("an option needs a value")?),
            None => {
                paths.push(arg);
                None
            }
        };
    }
    let [model, wav] = paths.as_slice() else { return Err("usage: decode MODEL WAV [options]".into()) };
    if named.contains_key("log") {
        tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::stderr).init();
    }
    let number = |name: &str, default: usize| named.get(name).map_or(Ok(default), |value| value.parse());
    let (sessions, threads) = (number("sessions", 1)?, number("threads", 2)?);

    let samples = read_wav(wav)?;
    let ranges = match named.get("cuts") {
        Some(path) => cut_in_pauses(&std::fs::read_to_string(path)?, number("seconds", 28)?, samples.len())?,
        None => cut_evenly(number("seconds", 28)?, samples.len()),
    };
    let windows: Vec<Window> = ranges
        .iter()
        .enumerate()
        .map(|(index, &(start, end))| Window {
            index,
            file: 0,
            samples: samples[start..end].to_vec(),
            map: TimeMap::contiguous(start as u64, (end - start) as u64),
        })
        .collect();

    let config = EngineConfig {
        model_path: model.into(),
        flash_attn: named.contains_key("flash"),
        align_tokens: !named.contains_key("no-align"),
        ..EngineConfig::default()
    };
    let start = Instant::now();
    let engine = asr::open(asr::DEFAULT_ENGINE, &config)?;
    let load = start.elapsed();
    let fit = named.get("audio-ctx").is_some_and(|value| value == "fit");

    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Hypothesis)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..sessions)
            .map(|_| {
                scope.spawn(|| -> asr::Result<()> {
                    let mut session = engine.session()?;
                    while let Some(window) = windows.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let audio_ctx = fit.then(|| (window.samples.len() / 320 + 64).clamp(500, 1500));
                        let options = DecodeOptions { threads, audio_ctx, ..DecodeOptions::default() };
                        let hypothesis = session.decode(window, &options, &Control::new())?;
                        results
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((window.index, hypothesis));
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Ok(())))
    })?;
    let elapsed = start.elapsed();

    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    let tokens = || results.iter().flat_map(|(index, h)| h.segments.iter().map(move |s| (index, s)));
    if named.contains_key("words") {
        for (&index, segment) in tokens() {
            for token in &segment.tokens {
                let map = &windows[index].map;
                println!(
                    "{}\t{}\t{}",
                    map.to_file_ms(token.start_ms),
                    map.to_file_ms(token.end_ms),
                    token.text
                );
            }
        }
    }
    let audio = samples.len() as f64 / RATE;
    let seconds = elapsed.as_secs_f64();
    eprintln!("{}", asr::system_info()?);
    eprintln!(
        "{audio:.1} s of audio, {} windows, {} tokens; load {:.2} s; {sessions} sessions × {threads} threads: \
         {seconds:.2} s, {:.4} × real time; peak memory {}",
        windows.len(),
        tokens().map(|(_, segment)| segment.tokens.len()).sum::<usize>(),
        load.as_secs_f64(),
        seconds / audio,
        peak_memory().unwrap_or_else(|| "unknown".to_owned()),
    );
    Ok(())
}

/// Samples of a 16-bit mono file at 16 kHz.
fn read_wav(path: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if spec.sample_rate != SAMPLE_RATE || spec.channels != 1 || spec.bits_per_sample != 16 {
        return Err("the file must be 16 kHz, mono, 16 bit".into());
    }
    Ok(reader
        .samples::<i16>()
        .map(|sample| sample.map(|s| f32::from(s) / 32_768.0))
        .collect::<Result<_, _>>()?)
}

fn cut_evenly(seconds: usize, samples: usize) -> Vec<(usize, usize)> {
    let step = seconds * SAMPLE_RATE as usize;
    (0..samples).step_by(step).map(|start| (start, (start + step).min(samples))).collect()
}

/// As many rows in a window as fit into `seconds`; cuts lie in the middle of the pauses.
fn cut_in_pauses(rows: &str, seconds: usize, samples: usize) -> Result<Vec<(usize, usize)>, Box<dyn Error>> {
    let mut times = Vec::new();
    for row in rows.lines().skip(1) {
        let mut columns = row.split('\t');
        let mut seconds = || {
            columns.next().ok_or("a row needs start and end")?.parse::<f64>().map_err(Box::<dyn Error>::from)
        };
        times.push(((seconds()? * RATE) as usize, (seconds()? * RATE) as usize));
    }
    let mut windows = Vec::new();
    let mut start = 0;
    for pair in times.windows(2) {
        let cut = pair[0].1.midpoint(pair[1].0);
        if pair[1].1 - start > seconds * SAMPLE_RATE as usize {
            windows.push((start, cut));
            start = cut;
        }
    }
    windows.push((start, samples));
    Ok(windows)
}

/// Peak resident memory of this process, where the system tells.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|value| value.trim().to_owned())
}
