//! Recordings to a transcript, several windows at a time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::scope;

use asr::{Control, DecodeOptions, Engine, Hypothesis, HypothesisSegment};
use audio::{AudioReader, PackConfig, PackedWindow, vad, windows};
use record::{Flag, Segment, Source, SourceFile, Token, Transcript};

use crate::attempts::Decoder;
use crate::error::Cause;
use crate::guard::{self, GuardConfig};
use crate::input::sha256;
use crate::{Error, Input, cores};

/// A segment is divided where the recording has a pause of this length that the window left out.
const SPLIT_PAUSE_MS: u64 = 1_000;

/// Up to this length recordings are a few windows: sessions side by side gain little.
const SHORT_MS: u64 = 60_000;

/// whisper.cpp has crashed with more states.
const MAX_SESSIONS: usize = 8;

/// How recordings are transcribed.
#[derive(Clone, Debug)]
pub struct TranscribeOptions {
    /// Sessions at work at the same time, at least 1. Each needs its own memory beside the weights.
    pub sessions: usize,
    /// How each window is decoded; `threads` is per session.
    pub decode: DecodeOptions,
    /// How speech is packed into windows.
    pub pack: PackConfig,
    /// Registry name of the voice activity detector.
    pub vad: String,
    /// What counts as invented text.
    pub guard: GuardConfig,
}

impl Default for TranscribeOptions {
    /// One session of one thread for each core, at most eight: whisper.cpp gains little from more threads in a session.
    fn default() -> Self {
        Self {
            sessions: cores::all().min(MAX_SESSIONS),
            decode: DecodeOptions::default(),
            pack: PackConfig::default(),
            vad: vad::DEFAULT.to_owned(),
            guard: GuardConfig::default(),
        }
    }
}

impl TranscribeOptions {
    /// The defaults for recordings of this length, by their headers, on the cores that are free now.
    ///
    /// Up to [`SHORT_MS`] one session with all cores is as fast as several sessions, and takes the memory of one (for
    /// `base` about 350 MB in all instead of 540 MB).
    #[must_use]
    pub fn for_length(inputs: &[Input]) -> Self {
        let mut options = Self { sessions: cores::free().min(MAX_SESSIONS), ..Self::default() };
        let declared = inputs.iter().map(|input| AudioReader::open(&input.path).ok()?.declared_duration_ms());
        if declared.sum::<Option<u64>>().is_some_and(|total| total <= SHORT_MS) {
            (options.sessions, options.decode.threads) = (1, options.sessions);
        }
        options
    }
}

/// What happens during a transcription.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A recording was opened.
    Opened {
        /// Which, from 0.
        file: usize,
        /// Its name.
        name: &'a str,
        /// Length by its header, in milliseconds; it may be wrong or missing.
        declared_ms: Option<u64>,
    },
    /// Everything before `until_ms` of the recording is transcribed.
    Progress {
        /// Which recording.
        file: usize,
        /// Milliseconds from its start.
        until_ms: u64,
        /// The segments that are new.
        segments: &'a [Segment],
    },
    /// A recording ended early: what could be decoded is kept.
    Partial {
        /// Which recording.
        file: usize,
        /// Its name.
        name: &'a str,
        /// Decoded length in milliseconds.
        decoded_ms: u64,
    },
    /// Samples that are no numbers were replaced by silence.
    Sanitised {
        /// Which recording.
        file: usize,
        /// Its name.
        name: &'a str,
        /// How many samples.
        samples: u64,
    },
}

/// The result of a transcription.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcription {
    /// Where it came from.
    pub source: Source,
    /// What was heard; when cancelled, what was heard until then without a hole.
    pub transcript: Transcript,
    /// Windows decoded.
    pub windows: usize,
    /// The caller cancelled before the end.
    pub cancelled: bool,
}

/// Transcribes recordings in order as one job.
///
/// `on_event` is called on the calling thread. A recording that cannot be used fails the whole job before anything is
/// returned; one that breaks off in the middle is kept as far as it goes.
pub fn transcribe(
    inputs: &[Input],
    engine: &dyn Engine,
    options: &TranscribeOptions,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Transcription, Error> {
    let sessions = options.sessions.max(1);
    let (work, waiting) = sync_channel::<PackedWindow>(2 * sessions);
    // Held by the sessions alone: when the last one ends, whoever still offers windows is told so.
    let waiting = Arc::new(Mutex::new(waiting));
    let (results, incoming) = channel::<Message>();

    scope(|threads| {
        let to_collector = results.clone();
        threads.spawn(move || {
            if let Err(error) = produce(inputs, options, control, &work, &to_collector) {
                // A closed channel means that the collector has given up already.
                let _ = to_collector.send(Message::Failed(error));
            }
        });
        for _ in 0..sessions {
            let to_collector = results.clone();
            let waiting = Arc::clone(&waiting);
            threads.spawn(move || {
                if let Err(error) = work_off(&waiting, engine, options, control, &to_collector) {
                    let _ = to_collector.send(Message::Failed(error));
                }
            });
        }
        drop(results);
        drop(waiting);
        let collected = collect(inputs, &incoming, control, on_event);
        if collected.is_err() {
            // Nobody waits for the rest; let the threads end.
            control.cancel();
            drop(incoming);
        }
        collected
    })
    .map(|mut transcription| {
        transcription.source.engine = Some(engine.info().clone());
        transcription
    })
}

enum Message {
    Opened {
        file: usize,
        declared_ms: Option<u64>,
    },
    /// Number of windows before the end of this recording, and the facts about it.
    Closed {
        file: usize,
        windows: usize,
        source: SourceFile,
        sanitised: u64,
    },
    Decoded {
        index: usize,
        file: usize,
        until_ms: u64,
        segments: Vec<Segment>,
    },
    Failed(Error),
}

/// Decodes, detects and packs, recording after recording.
fn produce(
    inputs: &[Input],
    options: &TranscribeOptions,
    control: &Control,
    work: &SyncSender<PackedWindow>,
    messages: &Sender<Message>,
) -> Result<(), Error> {
    let mut index = 0;
    for (file, input) in inputs.iter().enumerate() {
        let failed = |source| Error::from(Cause::Audio { source });
        let reader = AudioReader::open_named(&input.path, &input.name).map_err(failed)?;
        let _ = messages.send(Message::Opened { file, declared_ms: reader.declared_duration_ms() });
        let hash = sha256(&input.path)?;
        let vad = vad::by_name(&options.vad).map_err(failed)?;
        let mut windows = windows(reader, vad, options.pack, file).map_err(failed)?.starting_at(index);
        for packed in windows.by_ref() {
            if control.is_cancelled() || work.send(packed.map_err(failed)?).is_err() {
                return Ok(());
            }
            index += 1;
        }
        let reader = windows.source();
        let source = SourceFile {
            name: input.name.clone(),
            sha256: hash,
            duration_ms: reader.decoded_ms(),
            partial: reader.is_partial(),
        };
        let sanitised = reader.sanitised_samples();
        let _ = messages.send(Message::Closed { file, windows: index, source, sanitised });
    }
    Ok(())
}

/// One session: takes windows until there are none.
fn work_off(
    waiting: &Mutex<Receiver<PackedWindow>>,
    engine: &dyn Engine,
    options: &TranscribeOptions,
    control: &Control,
    messages: &Sender<Message>,
) -> Result<(), Error> {
    let mut decoder = Decoder::new(engine);
    loop {
        let packed = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(packed) = packed else { return Ok(()) };
        if control.is_cancelled() {
            return Ok(());
        }
        let segments = match decoder.decode(&packed, options, control) {
            Ok(segments) => segments,
            Err(error) if error.kind() == asr::ErrorKind::Cancelled => return Ok(()),
            Err(error) if error.kind() == asr::ErrorKind::Decode => vec![lost(&packed)],
            Err(source) => return Err(Cause::Engine { source }.into()),
        };
        let window = &packed.window;
        let until_ms = window.map.to_file_ms(window.duration_ms());
        let message = Message::Decoded { index: window.index, file: window.file, until_ms, segments };
        if messages.send(message).is_err() {
            return Ok(());
        }
    }
}

/// The time of a window that could not be decoded.
fn lost(packed: &PackedWindow) -> Segment {
    let window = &packed.window;
    Segment {
        file: window.file,
        start_ms: window.map.to_file_ms(0),
        end_ms: window.map.to_file_ms(window.duration_ms()),
        flags: vec![Flag::DecodeFailed],
        ..Segment::default()
    }
}

/// Moves a hypothesis to the recording's time and marks what the guards doubt.
pub(crate) fn segments(packed: &PackedWindow, hypothesis: &Hypothesis, guard: &GuardConfig) -> Vec<Segment> {
    let flags = guard::flags(packed, hypothesis, guard);
    let mut segments = Vec::with_capacity(hypothesis.segments.len());
    for (heard, flags) in hypothesis.segments.iter().zip(flags) {
        let tokens: Vec<Token> = heard.tokens.iter().map(|token| in_file_time(token, packed)).collect();
        for run in split_at_pauses(&tokens) {
            segments.push(segment(packed.window.file, &tokens[run], heard, flags.clone()));
        }
    }
    segments
}

fn segment(file: usize, tokens: &[Token], heard: &HypothesisSegment, flags: Vec<Flag>) -> Segment {
    let raw: String = tokens.iter().map(|t| t.text.as_str()).collect();
    Segment {
        file,
        start_ms: tokens.first().map_or(0, |t| t.start_ms),
        end_ms: tokens.last().map_or(0, |t| t.end_ms),
        text: raw.clone(),
        raw,
        speaker: None,
        flags,
        avg_logprob: Some(heard.avg_logprob),
        no_speech_prob: Some(heard.no_speech_prob),
        tokens: tokens.to_vec(),
    }
}

fn in_file_time(token: &Token, packed: &PackedWindow) -> Token {
    let map = &packed.window.map;
    let start_ms = map.to_file_ms(token.start_ms);
    // The end belongs to the piece of the last millisecond, not to the piece that begins there.
    let end_ms = map.to_file_ms(token.end_ms.saturating_sub(1)) + u64::from(token.end_ms > 0);
    Token { start_ms, end_ms: end_ms.max(start_ms), ..token.clone() }
}

fn split_at_pauses(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (i, pair) in tokens.windows(2).enumerate() {
        if pair[1].start_ms.saturating_sub(pair[0].end_ms) >= SPLIT_PAUSE_MS {
            runs.push(start..i + 1);
            start = i + 1;
        }
    }
    if start < tokens.len() {
        runs.push(start..tokens.len());
    }
    runs
}

/// Restores the order of the windows and tells the caller what is new.
fn collect(
    inputs: &[Input],
    incoming: &Receiver<Message>,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Transcription, Error> {
    let mut waiting: BTreeMap<usize, (usize, u64, Vec<Segment>)> = BTreeMap::new();
    let mut done = Transcription {
        source: Source::default(),
        transcript: Transcript::default(),
        windows: 0,
        cancelled: false,
    };
    let mut total = None;
    for message in incoming {
        match message {
            Message::Failed(error) => return Err(error),
            Message::Opened { file, declared_ms } => {
                on_event(Event::Opened { file, name: &inputs[file].name, declared_ms });
            }
            Message::Closed { file, windows, source, sanitised } => {
                let name = &inputs[file].name;
                if source.partial {
                    on_event(Event::Partial { file, name, decoded_ms: source.duration_ms });
                }
                if sanitised > 0 {
                    on_event(Event::Sanitised { file, name, samples: sanitised });
                }
                if file + 1 == inputs.len() {
                    total = Some(windows);
                }
                done.source.files.push(source);
            }
            Message::Decoded { index, file, until_ms, segments } => {
                waiting.insert(index, (file, until_ms, segments));
                while let Some((file, until_ms, segments)) = waiting.remove(&done.windows) {
                    on_event(Event::Progress { file, until_ms, segments: &segments });
                    done.transcript.segments.extend(segments);
                    done.windows += 1;
                }
            }
        }
    }
    done.cancelled = control.is_cancelled() && total != Some(done.windows);
    if done.cancelled {
        // Recordings that were not read to their end: as far as the segments go, without a fingerprint.
        for (file, input) in inputs.iter().enumerate().skip(done.source.files.len()) {
            let ends = done.transcript.segments.iter().filter(|s| s.file == file).map(|s| s.end_ms);
            let duration_ms = ends.max().unwrap_or(0);
            let name = input.name.clone();
            done.source.files.push(SourceFile { name, sha256: String::new(), duration_ms, partial: true });
        }
    }
    Ok(done)
}
