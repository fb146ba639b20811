//! The program's end of the pipes.

use std::io::{BufReader, Read, Write};
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use record::EngineInfo;

use super::Plan;
use super::wire::{self, Answer, Cut, Request, What, WireError};
use crate::error::Cause;
use crate::{Bias, Control, DecodeOptions, Hypothesis, Result};

/// How often a waiting caller looks at its cancel flag.
const POLL: Duration = Duration::from_millis(20);
/// How long a cancelled decoding may take to answer before its process is killed.
const GRACE: Duration = Duration::from_millis(500);
/// How long a process may take to end after its input has.
const END: Duration = Duration::from_secs(2);
/// How long a process that closed its output may take to say how it ended.
const DEATH: Duration = Duration::from_millis(300);

type Outcome<T> = std::result::Result<T, Cause>;

/// A process in which an engine is open; it ends when this is dropped.
///
/// Threads of their own write and read the pipes, so that a process that stands still holds up nobody here.
#[derive(Debug)]
pub(super) struct Child {
    id: u32,
    /// Absent only while this is dropped, like `frames`.
    process: Option<process::Child>,
    /// Frames for the process; dropping it ends the process's input.
    frames: Option<Sender<Vec<u8>>>,
    answers: Receiver<std::result::Result<Answer, WireError>>,
    last_id: u64,
    /// The words that the process expects, and the number of the request that brought them.
    bias: Option<(u64, Arc<Bias>)>,
    /// Whether no answer is awaited any more.
    given_up: bool,
}

impl Child {
    /// Starts a process and waits until the engine is open in it; with the engine's description and preferred batch.
    pub(super) fn start(plan: &Plan, control: &Control) -> Result<(Self, EngineInfo, usize)> {
        let mut command = Command::new(&plan.command.program);
        command.args(&plan.command.args).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C in a terminal goes to the program, which ends its processes itself.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let failed = |source| Cause::StartProcess { program: plan.command.program.clone(), source };
        let mut process = command.spawn().map_err(failed)?;
        let id = process.id();
        tracing::debug!(process = id, "engine's process started");
        let (frames, outbox) = mpsc::channel();
        let (inbox, answers) = mpsc::channel();
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (process, frames) = (Some(process), Some(frames));
        let mut child = Self { id, process, frames, answers, last_id: 0, bias: None, given_up: false };
        let thread = |name: &str| thread::Builder::new().name(name.to_owned());
        thread("to-engine")
            .spawn(move || stdin.map(|stdin| write_frames(stdin, &outbox)))
            .and(thread("from-engine").spawn(move || stdout.map(|stdout| read_answers(stdout, &inbox))))
            .map_err(|source| Cause::Spawn { source })?;

        child.send(wire::greeting());
        let (engine, config) = (plan.engine.clone(), plan.config.clone());
        let id = child.next_id();
        child.request(&Request::Open { id, engine, config }, &[])?;
        match child.wait(id, control, plan.isolation.start)? {
            What::Ready { info, batch } => Ok((child, info, batch.max(1))),
            What::Failed(report) => Err(report.into()),
            _ => Err(Cause::Wire(WireError::Order { what: "an answer to another request" }).into()),
        }
    }

    /// Decodes windows, each with its place, and delivers each when it is done. The error says that the process is of no
    /// more use.
    pub(super) fn decode(
        &mut self,
        requests: &[(usize, crate::Request<'_>)],
        control: &Control,
        no_progress: Duration,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) -> Outcome<()> {
        let id = self.next_id();
        let mut places = Vec::new();
        for (place, request) in requests {
            match self.add(id, *request) {
                Ok(()) => places.push(*place),
                Err(refused) => deliver(*place, Err(refused.into())),
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        self.request(&Request::Decode { id }, &[])?;
        loop {
            match self.wait(id, control, no_progress)? {
                What::Heard { place, heard } if place < places.len() => {
                    deliver(places[place], heard.map_err(Into::into));
                }
                What::Done => return Ok(()),
                _ => return Err(Cause::Wire(WireError::Order { what: "an answer to another request" })),
            }
        }
    }

    /// Puts a window into the decoding with this number.
    fn add(&mut self, id: u64, request: crate::Request<'_>) -> Outcome<()> {
        let crate::Request { window, options } = request;
        let bias = options.bias.as_ref().map(|bias| self.expect(bias)).transpose()?;
        let options = DecodeOptions { bias: None, ..options.clone() };
        self.request(&Request::Add { id, window: Cut::of(window), options, bias }, &window.samples)
    }

    /// Makes the process expect these words, unless it does; the number that they have there.
    fn expect(&mut self, bias: &Arc<Bias>) -> Outcome<u64> {
        if let Some((id, known)) = &self.bias
            && (Arc::ptr_eq(known, bias) || known == bias)
        {
            return Ok(*id);
        }
        let id = self.next_id();
        self.request(&Request::Expect { id, bias: Arc::clone(bias) }, &[])?;
        self.bias = Some((id, Arc::clone(bias)));
        Ok(id)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn request(&self, request: &Request, samples: &[f32]) -> Outcome<()> {
        let frame = wire::frame(request, samples).map_err(|error| match error {
            WireError::TooLong { message: bytes, .. } => Cause::Oversized { bytes },
            error => Cause::Wire(error),
        })?;
        self.send(frame);
        Ok(())
    }

    fn send(&self, bytes: Vec<u8>) {
        // Where the process is gone, so are its answers, and waiting for one says so.
        let _ = self.frames.as_ref().map(|frames| frames.send(bytes));
    }

    /// The answer to a request. `patience` is how long nothing may come.
    fn wait(&mut self, id: u64, control: &Control, patience: Duration) -> Outcome<What> {
        let answer = self.listen(id, control, patience);
        self.given_up = answer.is_err();
        answer
    }

    fn listen(&mut self, id: u64, control: &Control, patience: Duration) -> Outcome<What> {
        let mut last = Instant::now();
        let mut cancelled: Option<Instant> = None;
        loop {
            match self.answers.recv_timeout(POLL) {
                Ok(Ok(Answer { id: of, what: What::Progress })) if of == id => {
                    control.note_progress();
                    last = Instant::now();
                }
                Ok(Ok(Answer { id: of, what })) if of == id => return Ok(what),
                // Late progress of a window before.
                Ok(Ok(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(RecvTimeoutError::Disconnected) if control.is_cancelled() => {
                    return Err(Cause::Cancelled);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.cause_of_death()),
            }
            match cancelled {
                None if control.is_cancelled() => {
                    self.request(&Request::Cancel { id }, &[])?;
                    cancelled = Some(Instant::now());
                }
                Some(since) if since.elapsed() > GRACE => return Err(Cause::Cancelled),
                _ => {}
            }
            if last.elapsed() > patience {
                return Err(Cause::NoProgress { seconds: patience.as_secs() });
            }
        }
    }

    /// Why no more answers come.
    fn cause_of_death(&mut self) -> Cause {
        let status = self.process.as_mut().and_then(|process| ended_within(process, DEATH));
        let how = status.map_or_else(|| "its output was closed".to_owned(), |status| status.to_string());
        Cause::ProcessDied { how }
    }

    /// This process, if it is still there.
    pub(super) fn living(mut self) -> Option<Self> {
        let ended = self.process.as_mut().and_then(|process| ended_within(process, Duration::ZERO));
        ended.is_none().then_some(self)
    }

    /// The system's number of the process.
    pub(super) fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for Child {
    /// Waits for nothing: a process with gigabytes takes its time to end.
    fn drop(&mut self) {
        self.frames = None;
        let Some(mut process) = self.process.take() else { return };
        if self.given_up {
            kill(&mut process);
        }
        // Without this thread the process ends all the same, as its input has.
        let _ = thread::Builder::new().name("end-engine".into()).spawn(move || {
            if ended_within(&mut process, END).is_none() {
                kill(&mut process);
            }
            process.wait()
        });
    }
}

fn kill(process: &mut process::Child) {
    tracing::warn!(process = process.id(), "engine's process is killed");
    // Fails only where it has ended meanwhile.
    let _ = process.kill();
}

/// How a process ended; `None` where it has not within this time.
fn ended_within(process: &mut process::Child, limit: Duration) -> Option<process::ExitStatus> {
    let end = Instant::now() + limit;
    loop {
        match process.try_wait() {
            Ok(None) if Instant::now() < end => thread::sleep(POLL / 4),
            ended => return ended.ok().flatten(),
        }
    }
}

/// Writes frames until there are no more, or the process is gone.
fn write_frames(mut stdin: impl Write, frames: &Receiver<Vec<u8>>) {
    while let Ok(frame) = frames.recv() {
        if stdin.write_all(&frame).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Reads answers until they end.
fn read_answers(stdout: impl Read, answers: &Sender<std::result::Result<Answer, WireError>>) {
    let mut stdout = BufReader::new(stdout);
    let mut greeted = wire::greet(&mut stdout);
    loop {
        let answer = match greeted.and_then(|()| wire::read(&mut stdout)) {
            Ok(Some((answer, _))) => Ok(answer),
            // A process that dies stops anywhere; how it died says more.
            Ok(None) | Err(WireError::Cut | WireError::Pipe(_)) => return,
            Err(error) => Err(error),
        };
        let broken = answer.is_err();
        if answers.send(answer).is_err() || broken {
            return;
        }
        greeted = Ok(());
    }
}
