//! A job that is cancelled, or whose engine fails, ends at once: also while further windows wait to be decoded.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use asr::{Control, DecodeOptions, Engine, EngineConfig, ErrorKind, Hypothesis, Session};
use pipeline::{Input, TranscribeOptions, Transcription, transcribe};
use record::{EngineInfo, Window};

/// Long enough for the producer to fill its queue and wait.
const QUEUE_FULL: Duration = Duration::from_secs(3);
/// Far more than a job needs to end.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy)]
enum Behaviour {
    /// Hears nothing in the first window and waits in the second until it is cancelled.
    Waits,
    /// Cannot be used.
    Fails,
}

struct Stuck {
    info: EngineInfo,
    behaviour: Behaviour,
    decoded: Arc<AtomicUsize>,
}

impl Engine for Stuck {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> asr::Result<Box<dyn Session>> {
        Ok(Box::new(StuckSession { behaviour: self.behaviour, decoded: Arc::clone(&self.decoded) }))
    }
}

struct StuckSession {
    behaviour: Behaviour,
    decoded: Arc<AtomicUsize>,
}

impl Session for StuckSession {
    fn decode(&mut self, _: &Window, _: &DecodeOptions, control: &Control) -> asr::Result<Hypothesis> {
        match self.behaviour {
            Behaviour::Waits if self.decoded.fetch_add(1, Ordering::Relaxed) == 0 => {
                Ok(Hypothesis::default())
            }
            Behaviour::Waits => loop {
                control.check()?;
                thread::sleep(Duration::from_millis(10));
            },
            Behaviour::Fails => {
                thread::sleep(QUEUE_FULL);
                Err(asr::open("none", &EngineConfig::default()).err().unwrap())
            }
        }
    }
}

/// Five minutes of speech, one session; what came of it, unless it never ended.
fn job(behaviour: Behaviour, control: &Control) -> Result<Transcription, pipeline::Error> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/visit-home.opus");
    let inputs = vec![Input::new(sample); 6];
    let (done, wait) = mpsc::channel();
    let control = control.clone();
    thread::spawn(move || {
        let engine = Stuck { info: EngineInfo::default(), behaviour, decoded: Arc::default() };
        let mut options = TranscribeOptions { sessions: 1, ..TranscribeOptions::default() };
        // Nothing heard in speech is no reason to listen again here.
        options.tier.ladder.truncate(1);
        let _ = done.send(transcribe(&inputs, &engine, &options, &control, &mut |_| {}));
    });
    wait.recv_timeout(PATIENCE).expect("the job hangs")
}

#[test]
fn a_cancelled_job_ends_while_windows_wait_and_returns_what_was_decoded() {
    let control = Control::new();
    let cancel = control.clone();
    thread::spawn(move || {
        thread::sleep(QUEUE_FULL);
        cancel.cancel();
    });
    let done = job(Behaviour::Waits, &control).unwrap();
    assert!(done.cancelled);
    assert_eq!(done.work.windows, 1);
}

#[test]
fn an_engine_that_fails_ends_the_job_while_windows_wait() {
    let error = job(Behaviour::Fails, &Control::new()).unwrap_err();
    let source = std::error::Error::source(&error).and_then(|e| e.downcast_ref::<asr::Error>());
    assert_eq!(source.map(asr::Error::kind), Some(ErrorKind::UnknownEngine), "{error}");
}
