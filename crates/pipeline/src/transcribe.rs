//! Recordings to a transcript, several windows at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::scope;

use asr::{Control, Engine};
use audio::{AudioReader, PackedWindow, vad, windows};
use record::{Segment, Source, SourceFile, Transcript, samples_to_ms};

use crate::attempts::{Crashes, Decoded, Decoder, Work};
use crate::error::Cause;
use crate::finished::{Finished, FinishedWindow};
use crate::input::sha256;
use crate::options::TranscribeOptions;
use crate::{Error, ErrorKind, Input, join};

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
    /// A window is decoded; others before it may not be. Whoever keeps it can go on behind it in another run.
    Decoded {
        /// What came of it.
        window: &'a FinishedWindow,
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
    /// What it took.
    pub work: Work,
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
    resume(inputs, engine, options, Finished::default(), control, on_event)
}

/// As [`transcribe`], without decoding again what an earlier run with the same recordings, options and program has
/// finished. The recordings are read from their start in any case.
pub fn resume(
    inputs: &[Input],
    engine: &dyn Engine,
    options: &TranscribeOptions,
    finished: Finished,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Transcription, Error> {
    let sessions = options.sessions.max(1);
    let known = &finished.0.keys().copied().collect::<BTreeSet<_>>();
    let most = engine.preferred_batch().max(1);
    let (work, waiting) = sync_channel::<PackedWindow>(2 * sessions * most);
    // Held by the sessions alone: when the last one ends, whoever still offers windows is told so.
    let waiting = Arc::new(Mutex::new(waiting));
    let (results, incoming) = channel::<Message>();
    let crashes = &Crashes::new(inputs);

    scope(|threads| {
        let to_collector = results.clone();
        threads.spawn(move || {
            if let Err(error) = produce(inputs, options, known, control, &work, &to_collector) {
                // A closed channel means that the collector has given up already.
                let _ = to_collector.send(Message::Failed(error));
            }
        });
        for _ in 0..sessions {
            let to_collector = results.clone();
            let waiting = Arc::clone(&waiting);
            threads.spawn(move || {
                let decoder = Decoder::new(engine, options, crashes);
                if let Err(error) = work_off(&waiting, most, decoder, control, &to_collector) {
                    let _ = to_collector.send(Message::Failed(error));
                }
            });
        }
        drop(results);
        drop(waiting);
        let collected = collect(inputs, finished, &incoming, control, on_event);
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
    Decoded(FinishedWindow),
    Failed(Error),
}

/// Decodes, detects and packs, recording after recording.
fn produce(
    inputs: &[Input],
    options: &TranscribeOptions,
    known: &BTreeSet<usize>,
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
            let packed = packed.map_err(failed)?;
            if control.is_cancelled() || !known.contains(&index) && work.send(packed).is_err() {
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

/// One session: takes windows, up to `most` at once, until there are none.
fn work_off(
    waiting: &Mutex<Receiver<PackedWindow>>,
    most: usize,
    mut decoder: Decoder<'_>,
    control: &Control,
    messages: &Sender<Message>,
) -> Result<(), Error> {
    loop {
        let batch = next_batch(waiting, most);
        if batch.is_empty() || control.is_cancelled() {
            return Ok(());
        }
        let mut is_heard = true;
        let outcome = decoder.decode(&batch, control, &mut |packed, Decoded { segments, work }| {
            let window = &packed.window;
            let until_ms = window.map.to_file_ms(window.duration_ms());
            let finished = FinishedWindow {
                index: window.index,
                file: window.file,
                until_ms: packed.cut_after.map_or(until_ms, samples_to_ms),
                cut_before_ms: packed.cut_before.map(samples_to_ms),
                cut_after_ms: packed.cut_after.map(samples_to_ms),
                segments,
                work,
            };
            is_heard &= messages.send(Message::Decoded(finished)).is_ok();
        });
        match outcome {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(()),
            outcome => outcome?,
        }
        if !is_heard {
            return Ok(());
        }
    }
}

/// Waits for a window and takes as many more as are there, up to `most`; none when no more will come.
fn next_batch(waiting: &Mutex<Receiver<PackedWindow>>, most: usize) -> Vec<PackedWindow> {
    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut batch: Vec<_> = waiting.recv().into_iter().collect();
    if !batch.is_empty() {
        batch.extend(waiting.try_iter().take(most.saturating_sub(1)));
    }
    batch
}

/// Takes window number `next` of one of the first `opened` recordings, once the window that overlaps with its end is there to
/// be joined with it.
fn next_whole(
    waiting: &mut BTreeMap<usize, FinishedWindow>,
    next: usize,
    opened: usize,
) -> Option<FinishedWindow> {
    // A window of an earlier run is known before its recording is.
    let mut window = waiting.remove(&next)?;
    let behind = waiting.get_mut(&(next + 1));
    if window.file >= opened || window.cut_after_ms.is_some() && behind.is_none() {
        waiting.insert(next, window);
        return None;
    }
    if let (Some(cut_ms), Some(behind)) = (window.cut_after_ms, behind) {
        join(&mut window.segments, &mut behind.segments, cut_ms);
    }
    Some(window)
}

/// Restores the order of the windows and tells the caller what is new.
fn collect(
    inputs: &[Input],
    finished: Finished,
    incoming: &Receiver<Message>,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Transcription, Error> {
    let mut waiting = finished.0;
    let mut opened = 0;
    let mut done = Transcription {
        source: Source::default(),
        transcript: Transcript::default(),
        work: Work::default(),
        cancelled: false,
    };
    let mut total = None;
    for message in incoming {
        match message {
            Message::Failed(error) => return Err(error),
            Message::Opened { file, declared_ms } => {
                on_event(Event::Opened { file, name: &inputs[file].name, declared_ms });
                opened = file + 1;
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
            Message::Decoded(window) => {
                on_event(Event::Decoded { window: &window });
                waiting.insert(window.index, window);
            }
        }
        while let Some(FinishedWindow { file, until_ms, segments, work, .. }) =
            next_whole(&mut waiting, done.work.windows, opened)
        {
            on_event(Event::Progress { file, until_ms, segments: &segments });
            done.transcript.segments.extend(segments);
            done.work += work;
        }
    }
    done.cancelled = control.is_cancelled() && total != Some(done.work.windows);
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
