//! What a long operation tells its caller while it runs.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    Result,
    error::{Error, Problem},
};

/// The part of a long operation that is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Bytes come over the network.
    Downloading,
    /// Tensors are rewritten into a ggml file.
    Converting,
    /// A file is read to compute its digest.
    Verifying,
}

/// One report of a long operation.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A source is tried.
    Source {
        /// Kind and place, e.g. `hub (host.example)`.
        label: &'a str,
    },
    /// A source did not deliver; the next one is tried.
    SourceFailed {
        /// Kind and place.
        label: &'a str,
        /// Why.
        error: &'a Error,
    },
    /// Work was done.
    Bytes {
        /// What kind of work.
        stage: Stage,
        /// Bytes done in this stage, bytes of an earlier, resumed download included. Falls back to a lower number when
        /// a download starts over.
        done: u64,
        /// Bytes of this stage in all, where known.
        total: Option<u64>,
    },
}

/// Receives the reports of a long operation. Closures over `&Event` are the implementations.
///
/// # For implementations
///
/// * `report` is called often, up to several hundred times a second, on the thread that does the work: return quickly.
pub trait Progress {
    /// Takes one report.
    fn report(&mut self, event: &Event<'_>);
}

impl<F: FnMut(&Event<'_>)> Progress for F {
    fn report(&mut self, event: &Event<'_>) {
        self(event);
    }
}

/// Reports bytes of one stage and stops when the caller asks for it.
pub(crate) struct Meter<'a> {
    progress: &'a mut dyn Progress,
    cancel: &'a AtomicBool,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(progress: &'a mut dyn Progress, cancel: &'a AtomicBool) -> Self {
        Self { progress, cancel }
    }

    /// Reports and fails with `Cancelled` when the flag is set.
    pub(crate) fn bytes(&mut self, stage: Stage, done: u64, total: impl Into<Option<u64>>) -> Result<()> {
        self.check()?;
        self.progress.report(&Event::Bytes { stage, done, total: total.into() });
        Ok(())
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) {
        self.progress.report(event);
    }

    /// Fails with `Cancelled` when the flag is set.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(Problem::Cancelled.into());
        }
        Ok(())
    }
}
