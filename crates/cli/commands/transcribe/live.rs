//! `kikitori transcribe --live`: a recording at the speed at which it was spoken, and the words as they come.

use std::io::Write;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use asr::{Bias, Control};
use audio::AudioReader;
use pipeline::{Input, LiveEvent, Tier, TranscribeOptions, Transcription, sha256, transcribe_live};
use record::{Segment, Source, SourceFile};

use crate::args::{EngineArgs, Global, ProgressArg};
use crate::commands::{Broken, Heard, configured, engine};
use crate::failure::Failure;
use crate::progress::mode;
use crate::stats::{LiveStats, Stats};

/// Samples of a block: 100 ms.
const BLOCK: usize = 1_600;
/// Blocks that wait while the engine is busy: a minute of sound.
const WAITING: usize = 600;

/// Transcribes one recording as if it were being spoken.
pub(super) fn transcription(
    input: &Input,
    args: &EngineArgs,
    expected: Bias,
    global: &Global,
    control: &Control,
) -> Result<Heard, Broken> {
    let options = configured(
        TranscribeOptions::live(Tier::by_name(&args.tier).map_err(Failure::from)?),
        args,
        None,
        expected,
    );
    let loading = Instant::now();
    let engine = engine(args)?;
    let load = loading.elapsed();
    let reader = AudioReader::open_named(&input.path, &input.name).map_err(Failure::from)?;
    let (blocks, incoming) = sync_channel(WAITING);
    let screen = Screen { mode: mode(global) };
    let mut so_far = Vec::new();
    let (done, read, delays) = thread::scope(|threads| {
        let start = Instant::now();
        let speaker = threads.spawn(move || speak(reader, start, &blocks));
        let mut delays = Delays::new(start);
        let done = transcribe_live(&incoming, &*engine, &options, control, &mut |event| {
            let (LiveEvent::Partial { segments, .. } | LiveEvent::Final { segments, .. }) = &event else {
                return;
            };
            delays.note(segments);
            if matches!(event, LiveEvent::Final { .. }) {
                so_far.extend_from_slice(segments);
            }
            screen.on(&event);
        });
        // A cancelled job leaves the speaker without a listener.
        drop(incoming);
        (done, speaker.join(), delays)
    });
    let broken = |failure: Failure| Broken::new(failure, std::slice::from_ref(input), &*engine, so_far);
    let read = read.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let (read, done) = match (read, done) {
        (Ok(read), Ok(done)) => (read, done),
        (Err(failure), _) => return Err(broken(failure)),
        (_, Err(error)) => return Err(broken(error.into())),
    };
    let wall = delays.start.elapsed();
    let file = SourceFile {
        name: input.name.clone(),
        sha256: sha256(&input.path).map_err(Failure::from)?,
        duration_ms: done.duration_ms,
        partial: read.partial,
    };
    let done = Transcription {
        source: Source { files: vec![file], engine: Some(engine.info().clone()) },
        transcript: done.transcript,
        work: done.work,
        cancelled: control.is_cancelled(),
    };
    let mut stats = Stats::new(&done, &options, load, wall);
    stats.live = delays.stats(wall);
    Ok(Heard { done, stats })
}

/// What became of the recording.
struct Read {
    partial: bool,
}

/// Sends blocks when they have been spoken, until nobody listens.
fn speak(mut reader: AudioReader, start: Instant, blocks: &SyncSender<Vec<f32>>) -> Result<Read, Failure> {
    let mut spoken = 0_u64;
    let mut rest: Vec<f32> = Vec::new();
    let mut send = |block: Vec<f32>| {
        spoken += block.len() as u64;
        let until = start + Duration::from_micros(spoken * 1_000_000 / u64::from(record::SAMPLE_RATE));
        thread::sleep(until.saturating_duration_since(Instant::now()));
        blocks.send(block).is_ok()
    };
    while let Some(samples) = reader.next_block()? {
        rest.extend_from_slice(samples);
        while rest.len() >= BLOCK {
            let later = rest.split_off(BLOCK);
            if !send(std::mem::replace(&mut rest, later)) {
                return Ok(Read { partial: true });
            }
        }
    }
    send(rest);
    Ok(Read { partial: reader.is_partial() })
}

/// How long words take from the voice to the screen.
struct Delays {
    start: Instant,
    /// Words that end before this moment of the recording have been shown.
    shown_ms: u64,
    each_ms: Vec<u64>,
}

impl Delays {
    fn new(start: Instant) -> Self {
        Self { start, shown_ms: 0, each_ms: Vec::new() }
    }

    /// Words that are on the screen for the first time.
    fn note(&mut self, segments: &[Segment]) {
        let now_ms = self.start.elapsed().as_millis() as u64;
        for token in segments.iter().filter(|s| s.is_mapped()).flat_map(|s| &s.tokens) {
            if token.end_ms > self.shown_ms {
                self.shown_ms = token.end_ms;
                self.each_ms.push(now_ms.saturating_sub(token.end_ms));
            }
        }
    }

    /// Nothing where no word was heard.
    fn stats(mut self, wall: Duration) -> Option<LiveStats> {
        let seconds = |ms: u64| ms as f64 / 1_000.0;
        let first = *self.each_ms.first()?;
        self.each_ms.sort_unstable();
        Some(LiveStats {
            first_word_s: seconds(first),
            median_word_s: seconds(self.each_ms[self.each_ms.len() / 2]),
            slowest_word_s: seconds(*self.each_ms.last()?),
            finished_s: wall.as_secs_f64() - seconds(self.shown_ms),
        })
    }
}

/// The words on standard error, where progress is shown.
struct Screen {
    mode: ProgressArg,
}

impl Screen {
    fn on(&self, event: &LiveEvent<'_>) {
        let words = |segments: &[Segment]| -> String {
            segments.iter().filter(|s| s.is_mapped()).map(|s| s.text.as_str()).collect()
        };
        // The screen is for looking at; a broken one stops nothing.
        let mut err = std::io::stderr().lock();
        let _ = match (self.mode, event) {
            (ProgressArg::Auto, LiveEvent::Partial { segments, stable }) => {
                let words = words(segments);
                let stable = words.chars().take(*stable).collect::<String>();
                let tentative = &words[stable.len()..];
                write!(err, "\r\x1b[K{stable}\x1b[2m{tentative}\x1b[0m").and_then(|()| err.flush())
            }
            (ProgressArg::Auto, LiveEvent::Final { segments, .. }) => {
                writeln!(err, "\r\x1b[K{}", words(segments))
            }
            (ProgressArg::Plain, LiveEvent::Final { segments, .. }) => writeln!(err, "{}", words(segments)),
            (ProgressArg::Json, LiveEvent::Partial { segments, stable }) => {
                let line = serde_json::json!({ "partial": words(segments), "stable": stable });
                writeln!(err, "{line}")
            }
            (ProgressArg::Json, LiveEvent::Final { segments, until_ms }) => {
                let line = serde_json::json!({ "final": words(segments), "until_ms": until_ms });
                writeln!(err, "{line}")
            }
            _ => Ok(()),
        };
    }
}
