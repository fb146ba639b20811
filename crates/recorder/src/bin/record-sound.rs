//! Records from a pretended device, without an engine: `record-sound DIR [OPTION=VALUE…]`.
//!
//! | option | meaning |
//! |---|---|
//! | `seconds=S` | stop after so long; else at a line on standard input or its end |
//! | `rate=HZ`, `channels=N` | of the device |
//! | `format=flac`, `keep=until-approval` | what the recording is written as, and how long it is kept |
//! | `fault=NAME@MS` | what the device does then: `stop`, `lost`, `switched`, `zeros`, `storm`, `gone` (lost for good), `deaf` (what was spoken while this program slept is lost) |
//! | `hang=open`, `hang=close` | where the driver hangs |
//! | `abort=STEP` | die after this step of saving |
//! | `restore=ID` | restore an interrupted recording instead |
//!
//! Prints a line of JSON ten times a second and one for the result.
#![allow(clippy::print_stdout, reason = "the tests read it")]

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use audio::capture::{Capture, CaptureSource, Trouble, ring};
use recorder::{Keep, OnStep, Recorder, RecorderConfig, SoundFormat, Step, restore_stepwise};
use serde_json::json;

/// How often the pretended device calls back.
const BLOCK: Duration = Duration::from_millis(10);
/// Whose thread did not run for so long, has slept with the machine.
const ASLEEP: Duration = Duration::from_secs(1);
/// How long a hanging driver hangs.
const HANGS: Duration = Duration::from_mins(10);

struct Options {
    dir: PathBuf,
    seconds: Option<f64>,
    rate: u32,
    channels: u16,
    format: SoundFormat,
    keep: Keep,
    fault: Option<(String, u64)>,
    hang: String,
    abort: String,
    restore: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let options = options()?;
    let (inflight, folder) = (options.dir.join("inflight"), options.dir.join("recordings"));
    let abort = options.abort.clone();
    let mut on_step: OnStep = Box::new(move |step: Step| {
        if format!("{step:?}") == abort {
            std::process::abort();
        }
    });
    if let Some(id) = &options.restore {
        let recording = restore_stepwise(&inflight, id, &mut on_step)?;
        println!("{}", json!({ "recording": recording.sound, "info": recording.info }));
        return Ok(());
    }
    let seconds = options.seconds;
    let config = RecorderConfig { inflight, folder, keep: options.keep, format: options.format };
    let source = Arc::new(Device { options, opened: AtomicU32::new(0) });
    let recorder = Recorder::start_stepwise(source, &config, None, on_step)?;
    let told = Arc::new(AtomicBool::new(false));
    if seconds.is_none() {
        let told = Arc::clone(&told);
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_line(&mut String::new());
            told.store(true, Ordering::Release);
        });
    }
    let start = Instant::now();
    while !recorder.is_finished() {
        let status = recorder.status();
        println!(
            "{}",
            json!({
                "phase": format!("{:?}", status.phase),
                "alarm": status.alarm.map(|alarm| format!("{alarm:?}")),
                "elapsed_ms": status.elapsed_ms,
                "saved_ms": status.saved_ms,
                "gaps": status.gaps,
            })
        );
        if told.load(Ordering::Acquire) || seconds.is_some_and(|s| start.elapsed().as_secs_f64() >= s) {
            recorder.stop();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let recording = recorder.wait()?;
    println!("{}", json!({ "recording": recording.sound, "info": recording.info }));
    Ok(())
}

fn options() -> anyhow::Result<Options> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().context("record-sound DIR [OPTION=VALUE…]")?.into();
    let mut options = Options {
        dir,
        seconds: None,
        rate: 16_000,
        channels: 1,
        format: SoundFormat::Wav,
        keep: Keep::Always,
        fault: None,
        hang: String::new(),
        abort: String::new(),
        restore: None,
    };
    for arg in args {
        match arg.split_once('=') {
            Some(("seconds", value)) => options.seconds = Some(value.parse()?),
            Some(("rate", value)) => options.rate = value.parse()?,
            Some(("channels", value)) => options.channels = value.parse()?,
            Some(("format", "flac")) => options.format = SoundFormat::Flac,
            Some(("keep", "always")) => options.keep = Keep::Always,
            Some(("keep", "until-approval")) => options.keep = Keep::UntilApproval,
            Some(("fault", value)) => {
                let (name, at) = value.split_once('@').context("fault=NAME@MS")?;
                options.fault = Some((name.to_owned(), u64::from_str(at)?));
            }
            Some(("hang", value)) => value.clone_into(&mut options.hang),
            Some(("abort", value)) => value.clone_into(&mut options.abort),
            Some(("restore", value)) => options.restore = Some(value.to_owned()),
            _ => bail!("unknown option: {arg}"),
        }
    }
    Ok(options)
}

/// A device that gives a known sound and fails as it is told.
struct Device {
    options: Options,
    opened: AtomicU32,
}

/// Stops the callbacks; hangs where it is told to.
struct Stream {
    wanted: Arc<AtomicBool>,
    hangs: bool,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Release);
        if self.hangs {
            std::thread::sleep(HANGS);
        }
    }
}

impl CaptureSource for Device {
    fn name(&self) -> &'static str {
        "a pretended microphone"
    }

    fn open(&self) -> audio::Result<Capture> {
        let times = self.opened.fetch_add(1, Ordering::AcqRel);
        let hang = |place| self.options.hang == place && (place == "close" || times > 0);
        if hang("open") {
            std::thread::sleep(HANGS);
        }
        let (rate, channels) = (self.options.rate, self.options.channels);
        let (mut sink, signals, reader) = ring(rate, channels);
        let wanted = Arc::new(AtomicBool::new(true));
        let (playing, fault) = (Arc::clone(&wanted), self.options.fault.clone());
        // Opened again, the device is well, unless it is gone for good.
        let fault = fault.filter(|(name, _)| times == 0 || name == "gone");
        std::thread::spawn(move || {
            let (mut start, mut frames) = (Instant::now(), 0_u64);
            while playing.load(Ordering::Acquire) {
                let due = Duration::from_secs_f64(frames as f64 / f64::from(rate));
                let late = start.elapsed().saturating_sub(due);
                if late > ASLEEP && fault.as_ref().is_some_and(|(name, _)| name == "deaf") {
                    start += late;
                }
                std::thread::sleep((start + due).saturating_duration_since(Instant::now()));
                let now = if times == 0 { start.elapsed().as_millis() as u64 } else { u64::MAX };
                let failing = fault.as_ref().filter(|(_, at)| now >= *at).map(|(name, _)| name.as_str());
                match failing {
                    Some("stop") => break,
                    Some("lost" | "gone") => return signals.trouble(Trouble::Lost),
                    Some("switched") => signals.trouble(Trouble::Switched),
                    Some("storm") => signals.overrun(),
                    _ => {}
                }
                let next = frames + u64::from(rate) * BLOCK.as_millis() as u64 / 1_000;
                let level = |n: u64| if failing == Some("zeros") { 0.0 } else { sample(n) };
                let block: Vec<f32> = (frames..next)
                    .flat_map(|n| std::iter::repeat_n(level(n), usize::from(channels)))
                    .collect();
                frames = next;
                if failing != Some("storm") {
                    sink.push(&block, |s| s);
                }
            }
            // A device that stops without a word: its stream stays open.
            while playing.load(Ordering::Acquire) {
                std::thread::sleep(BLOCK);
            }
        });
        Ok(Capture::new(reader, Box::new(Stream { wanted, hangs: hang("close") })))
    }
}

/// Sample `n` of the known sound: noise, so that no piece of it is like another. Never zero.
fn sample(n: u64) -> f32 {
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let noise = ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 48) as i16;
    f32::from(noise | 1) / 32_768.0
}
