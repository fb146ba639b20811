//! Engines in processes of their own.
//!
//! ```text
//! IsolatedEngine ──session()──▶ IsolatedSession ══pipes══▶ process: serve ──▶ Engine, Session
//! ```
//!
//! Native code that crashes takes its process with it, and native code that hangs cannot be stopped from inside. Here
//! each session runs in a process of its own, so that either costs the one window that was being decoded: it ends with
//! [`ErrorKind::Crashed`](crate::ErrorKind::Crashed), and the session starts another process for the next window. The
//! price is memory: each process holds the weights.
//!
//! A process ends when its standard input does, so it never outlives the program that started it.

mod child;
mod serve;
pub mod wire;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use record::{EngineInfo, Window};

pub use self::serve::serve;

use self::child::Child;
use self::wire::Report;
use crate::engine::{alone, check_window};
use crate::{Control, DecodeOptions, Engine, EngineConfig, Hypothesis, Request, Result, Session};

/// How a process that calls [`serve`] is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl WorkerCommand {
    /// This program itself with these arguments; on Linux also where its file was replaced or removed meanwhile.
    ///
    /// # Errors
    /// When the system does not tell where the program is.
    pub fn this_program<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> io::Result<Self> {
        let program =
            if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        Ok(Self { program, args: args.into_iter().map(Into::into).collect() })
    }
}

/// When a process is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsolationConfig {
    /// Longest time from the start of a process until the model is loaded.
    pub start: Duration,
    /// Longest time in which a decoding does not advance. One encoder pass of a large model, which is a single step, takes
    /// tens of seconds on a slow machine.
    pub no_progress: Duration,
}

impl Default for IsolationConfig {
    fn default() -> Self {
        Self { start: Duration::from_mins(5), no_progress: Duration::from_mins(2) }
    }
}

/// What a process is started and set up with.
#[derive(Debug)]
struct Plan {
    command: WorkerCommand,
    engine: String,
    config: EngineConfig,
    isolation: IsolationConfig,
}

/// An engine whose sessions run in processes of their own.
#[derive(Debug)]
pub struct IsolatedEngine {
    plan: Arc<Plan>,
    info: EngineInfo,
    batch: usize,
    /// The process that told about the engine, until the first session takes it.
    first: Mutex<Option<Child>>,
}

impl IsolatedEngine {
    /// Starts a process, in which the engine with this registered name is opened.
    ///
    /// # Errors
    /// What the engine says about the model; [`ErrorKind::SessionLost`](crate::ErrorKind::SessionLost) when the program
    /// cannot be started or is no engine's process of this version;
    /// [`ErrorKind::Crashed`](crate::ErrorKind::Crashed) when the process dies or is not ready in time.
    pub fn new(
        command: WorkerCommand,
        engine: &str,
        config: EngineConfig,
        isolation: IsolationConfig,
    ) -> Result<Self> {
        let plan = Arc::new(Plan { command, engine: engine.to_owned(), config, isolation });
        let (child, info, batch) = Child::start(&plan, &Control::new())?;
        Ok(Self { plan, info, batch, first: Mutex::new(Some(child)) })
    }

    /// As [`Engine::session`]: a session with a process that has loaded the model.
    ///
    /// # Errors
    /// As [`IsolatedEngine::new`].
    pub fn open_session(&self) -> Result<IsolatedSession> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let child = match first.and_then(Child::living) {
            Some(child) => child,
            None => Child::start(&self.plan, &Control::new())?.0,
        };
        Ok(IsolatedSession { plan: Arc::clone(&self.plan), child: Some(child) })
    }
}

impl Engine for IsolatedEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(self.open_session()?))
    }

    fn preferred_batch(&self) -> usize {
        self.batch
    }
}

/// A session in a process of its own; dropping it ends the process.
#[derive(Debug)]
pub struct IsolatedSession {
    plan: Arc<Plan>,
    /// Absent after a process that died or was given up.
    child: Option<Child>,
}

impl IsolatedSession {
    /// Number of the process; `None` where the next window starts one.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }
}

impl Session for IsolatedSession {
    /// Besides the session's own errors: [`ErrorKind::Crashed`](crate::ErrorKind::Crashed) when the process died or made
    /// no progress.
    fn decode(&mut self, window: &Window, options: &DecodeOptions, control: &Control) -> Result<Hypothesis> {
        alone(|deliver| self.decode_batch(&[Request { window, options }], control, deliver))
    }

    /// As [`Session::decode`]: a process that dies takes with it all windows of the batch that it has not delivered.
    fn decode_batch(
        &mut self,
        requests: &[Request<'_>],
        control: &Control,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) {
        let mut left = Vec::new();
        for (place, request) in requests.iter().enumerate() {
            match check_window(request.window) {
                Ok(()) => left.push((place, *request)),
                Err(error) => deliver(place, Err(error)),
            }
        }
        let sound = left.clone();
        let asked = self.ask(&sound, control, &mut |place, result| {
            left.retain(|(of, _)| *of != place);
            deliver(place, result);
        });
        if let Err(error) = asked {
            let report = Report::from(&error);
            let mut places = left.into_iter().map(|(place, _)| place);
            // The first one keeps the cause.
            let first = places.next();
            places.for_each(|place| deliver(place, Err(report.clone().into())));
            if let Some(first) = first {
                deliver(first, Err(error));
            }
        }
    }
}

impl IsolatedSession {
    /// Lets the process decode windows, each with its place.
    fn ask(
        &mut self,
        requests: &[(usize, Request<'_>)],
        control: &Control,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) -> Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        control.check()?;
        // One that died while it had nothing to do costs no window.
        let mut child = match self.child.take().and_then(Child::living) {
            Some(child) => child,
            None => Child::start(&self.plan, control)?.0,
        };
        child.decode(requests, control, self.plan.isolation.no_progress, deliver)?;
        self.child = Some(child);
        Ok(())
    }
}
