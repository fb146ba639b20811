//! The recorder: a thread that keeps what a source gives, and the handle with which it is told what to do.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, SyncSender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use audio::Resampler;
use audio::capture::{Capture, CaptureSource, open_within};

use crate::error::Cause;
use crate::finish::{Recording, Step};
use crate::notes::{Keep, MarkKind, SoundFormat};
use crate::spool::Spool;
use crate::status::{Level, Phase, Status};
use crate::writer::Writer;
use crate::{Error, Result};

/// How long a microphone may take to open at first: the system may be asking the speaker for permission.
const OPEN: Duration = Duration::from_secs(10);

/// Where a recording is kept.
#[derive(Clone, Debug)]
pub struct RecorderConfig {
    /// Directory of unfinished recordings.
    pub inflight: PathBuf,
    /// Folder of finished recordings.
    pub folder: PathBuf,
    /// How long the sound is kept; stands in the recording's information.
    pub keep: Keep,
    /// What the finished recording is written as.
    pub format: SoundFormat,
}

/// What a listener hears, as it is kept: 16 kHz, mono.
///
/// All that is sent lies end to end on the time of the recording. During a pause the sound is sent and not kept, so that
/// somebody can wait for a word to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Samples.
    Sound(Vec<i16>),
    /// So many samples are missing.
    Silence(u64),
}

/// What the thread is told.
pub(crate) enum Command {
    Pause,
    /// From this moment of the recording in milliseconds, or now.
    Resume(Option<u64>),
    /// At this moment of the recording in milliseconds, or now.
    Mark(MarkKind, Option<u64>),
    Stop,
}

/// Called after each step of saving; see [`Recorder::start_stepwise`].
pub type OnStep = Box<dyn FnMut(Step) + Send>;

/// A recording that is being made.
///
/// Dropping it ends the recording as [`stop`](Self::stop) does, without waiting until it is saved.
pub struct Recorder {
    commands: Sender<Command>,
    status: Arc<Mutex<Status>>,
    sound_path: PathBuf,
    thread: JoinHandle<Result<Recording>>,
}

impl Recorder {
    /// Opens the source and keeps what it gives from its first sample on. `listener` gets it too; one that is too slow
    /// misses some of it and holds up nothing.
    ///
    /// # Errors
    /// [`Device`](crate::ErrorKind::Device) or [`BadInput`](crate::ErrorKind::BadInput) of the source, `Storage` or
    /// `Permission` of the directory.
    pub fn start(
        source: Arc<dyn CaptureSource>,
        config: &RecorderConfig,
        listener: Option<SyncSender<Heard>>,
    ) -> Result<Self> {
        Self::start_stepwise(source, config, listener, Box::new(|_| {}))
    }

    /// [`start`](Self::start) that tells each step of saving, on the recorder's thread.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_stepwise(
        source: Arc<dyn CaptureSource>,
        config: &RecorderConfig,
        listener: Option<SyncSender<Heard>>,
        on_step: OnStep,
    ) -> Result<Self> {
        let spool = Spool::create(config, source.name())?;
        let usable = |capture: Capture| Resampler::new(capture.reader.rate()).map(|_| capture);
        let capture = match open_within(&source, OPEN).and_then(usable) {
            Ok(capture) => capture,
            Err(error) => {
                spool.abandon();
                return Err(Error::capture(error));
            }
        };
        let (commands, told) = channel();
        let status = Arc::new(Mutex::new(Status {
            phase: Phase::Opening,
            alarm: None,
            elapsed_ms: 0,
            saved_ms: 0,
            level: Level::default(),
            gaps: 0,
            marks: 0,
            listener_missed: false,
        }));
        let sound_path = spool.sound_path.clone();
        let writer = Writer::new(source, capture, spool, listener, Arc::clone(&status));
        let thread = std::thread::Builder::new().name("recorder".into()).spawn({
            let mut on_step = on_step;
            move || writer.run(&told, &mut on_step)
        });
        let thread = thread.map_err(|e| Error::io(crate::error::Action::Begin, &config.inflight, e))?;
        Ok(Self { commands, status, sound_path, thread })
    }

    /// What it is doing now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has ended: the source is at its end, it was stopped, or it failed.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Keeps nothing until [`resume`](Self::resume); the time of the recording goes on.
    pub fn pause(&self) {
        self.tell(Command::Pause);
    }

    /// Keeps again, from a second ago or from the moment `from_ms` of the recording, as far back as twenty seconds and not
    /// before the pause.
    pub fn resume(&self, from_ms: Option<u64>) {
        self.tell(Command::Resume(from_ms));
    }

    /// Marks the moment `at_ms` of the recording, or now.
    pub fn mark(&self, kind: MarkKind, at_ms: Option<u64>) {
        self.tell(Command::Mark(kind, at_ms));
    }

    /// Keeps half a second more and saves the recording.
    pub fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Waits for the end and for the recording to be saved.
    ///
    /// # Errors
    /// `Storage` or `Permission`. The sound until then is [kept](Error::kept).
    pub fn wait(self) -> Result<Recording> {
        let kept = self.sound_path;
        self.thread.join().unwrap_or_else(|_| Err(Box::new(Cause::Panicked { kept }).into()))
    }

    /// A thread that has ended has its outcome to tell; there is nobody left to obey.
    fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
    }
}
