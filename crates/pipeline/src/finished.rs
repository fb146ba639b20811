//! What is finished of a transcription, so that another run goes on behind it.

use std::collections::BTreeMap;

use record::Segment;
use serde::{Deserialize, Serialize};

use crate::Work;

/// A window that is decoded, in whatever order.
///
/// The same recordings and the same options give the same windows, so its number says which one it is in another run. Times
/// are those of the recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinishedWindow {
    /// Its number among all windows of the job, from 0.
    pub index: usize,
    /// Which recording it is of.
    pub file: usize,
    /// Its end in the recording, in milliseconds.
    pub until_ms: u64,
    /// Where speech without a pause was cut before it, in milliseconds: it overlaps there with the window before.
    pub cut_before_ms: Option<u64>,
    /// The same at its end.
    pub cut_after_ms: Option<u64>,
    /// What was heard in it, before it is joined with its neighbours.
    pub segments: Vec<Segment>,
    /// What it took.
    pub work: Work,
}

/// Windows that an earlier run of the same job has finished, by number: those are not decoded again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finished(pub(crate) BTreeMap<usize, FinishedWindow>);

impl Finished {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<FinishedWindow> for Finished {
    fn from_iter<I: IntoIterator<Item = FinishedWindow>>(windows: I) -> Self {
        Self(windows.into_iter().map(|window| (window.index, window)).collect())
    }
}
