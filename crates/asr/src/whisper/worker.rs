//! The thread that runs whisper.cpp for one session.
//!
//! whisper.cpp looks at its abort callback only between an encoder pass and the first decoder pass, and after each
//! decoder pass. One encoder pass takes seconds with a large model, so the calling thread does not wait for it: a
//! cancelled session leaves the thread behind, which ends, and frees its state, when the pass is over.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use super::ffi::{Context, Params, STATE_FREED, Sound, State};
use crate::error::Cause;
use crate::heard::Heard;
use crate::{Control, Result};

/// How often a waiting caller looks at its cancel flag.
const POLL: Duration = Duration::from_millis(20);
/// How long a cancelled decoding may take to stop before its thread is left behind.
const GRACE: Duration = Duration::from_millis(400);

/// One window for the thread.
struct Job {
    sound: Arc<Sound>,
    params: Params,
    control: Control,
}

/// What whisper.cpp answered: a result, or a code.
type Answer = std::result::Result<Heard, c_int>;

/// A thread that owns a decoding state.
pub(super) struct Worker {
    jobs: SyncSender<Job>,
    answers: Receiver<Answer>,
}

/// How a decoding ended.
pub(super) enum Outcome {
    /// It ran to the end.
    Done(Heard),
    /// It was cancelled, and the worker can take the next job.
    Cancelled,
    /// It was cancelled or failed, and the worker is of no more use.
    Lost(Cause),
    /// whisper.cpp failed with this code; the worker can take the next job.
    Failed(c_int),
}

impl Worker {
    /// Allocates a state and starts its thread.
    pub(super) fn start(context: &Arc<Context>) -> Result<Self> {
        let state = State::new(Arc::clone(context)).ok_or(Cause::NewState)?;
        let (jobs, inbox) = mpsc::sync_channel::<Job>(1);
        let (outbox, answers) = mpsc::sync_channel::<Answer>(1);
        let context = Arc::clone(context);
        thread::Builder::new()
            .name("whisper".into())
            .spawn(move || run(state, &context, &inbox, &outbox))
            .map_err(|source| Cause::Spawn { source })?;
        Ok(Self { jobs, answers })
    }

    /// Decodes one window; returns within half a second of a cancellation.
    pub(super) fn decode(&self, sound: Arc<Sound>, params: Params, control: &Control) -> Outcome {
        if self.jobs.send(Job { sound, params, control: control.clone() }).is_err() {
            return Outcome::Lost(Cause::WorkerGone);
        }
        let answer = loop {
            match self.answers.recv_timeout(POLL) {
                Ok(answer) => break answer,
                Err(RecvTimeoutError::Disconnected) => return Outcome::Lost(Cause::WorkerGone),
                Err(RecvTimeoutError::Timeout) if control.is_cancelled() => {
                    match self.answers.recv_timeout(GRACE) {
                        Ok(answer) => break answer,
                        Err(_) => return Outcome::Lost(Cause::Cancelled),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        match answer {
            Ok(result) => Outcome::Done(result),
            Err(STATE_FREED) => Outcome::Lost(Cause::StateLost { code: STATE_FREED }),
            // An abort has the codes of a failure; the flag tells them apart.
            Err(_) if control.is_cancelled() => Outcome::Cancelled,
            Err(code) => Outcome::Failed(code),
        }
    }
}

/// Takes jobs until the session or the state is gone.
fn run(mut state: State, context: &Arc<Context>, inbox: &Receiver<Job>, outbox: &SyncSender<Answer>) {
    while let Ok(job) = inbox.recv() {
        if job.params.temperature > 0.0 {
            // The state's random generator goes on from window to window; a new one makes each window repeatable.
            match State::new(Arc::clone(context)) {
                Some(fresh) => state = fresh,
                None => return,
            }
        }
        let answer = state.decode(&job.sound, &job.params, &job.control);
        let freed = answer.as_ref().is_err_and(|code| *code == STATE_FREED);
        if outbox.send(answer).is_err() || freed {
            return;
        }
    }
}
