//! What a transcription took, for developers and benchmarks. It holds no words.

use std::fs;
use std::path::Path;
use std::time::Duration;

use pipeline::{TranscribeOptions, Transcription};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::output;

/// Clock ticks in which Linux counts processor time, a second (proc(5)).
const TICKS_PER_S: f64 = 100.0;

/// One transcription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stats {
    pub(crate) schema_version: u32,
    pub(crate) model: String,
    pub(crate) tier: String,
    pub(crate) window_ms: u32,
    pub(crate) sessions: usize,
    pub(crate) threads: usize,
    /// Length of the recordings.
    pub(crate) audio_s: f64,
    /// Checking and loading the model.
    pub(crate) load_s: f64,
    /// From the first byte of sound to the last word; without loading the model.
    pub(crate) wall_s: f64,
    /// Processor time of the whole process, where the system tells it.
    pub(crate) cpu_s: Option<f64>,
    /// Most memory that the process had, in megabytes of 10⁶ bytes, where the system tells it.
    pub(crate) peak_mb: Option<f64>,
    pub(crate) windows: usize,
    pub(crate) decodings: usize,
    pub(crate) retried: usize,
    pub(crate) tokens: usize,
    /// How soon words appeared, where they were shown while they were spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<LiveStats>,
}

/// Delays of words, from the moment at which one has been spoken until it is on the screen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the unit belongs to the name, as in all statistics")]
pub(crate) struct LiveStats {
    pub(crate) first_word_s: f64,
    pub(crate) median_word_s: f64,
    pub(crate) slowest_word_s: f64,
    /// From the end of the last word until everything is final.
    pub(crate) finished_s: f64,
}

impl Stats {
    pub(crate) fn new(
        done: &Transcription,
        options: &TranscribeOptions,
        load: Duration,
        wall: Duration,
    ) -> Self {
        let audio_ms: u64 = done.source.files.iter().map(|file| file.duration_ms).sum();
        Self {
            schema_version: 1,
            model: done.source.engine.as_ref().map(|engine| engine.model.clone()).unwrap_or_default(),
            tier: options.tier.name.to_owned(),
            window_ms: options.pack.max_window_ms,
            sessions: options.sessions,
            threads: options.decode.threads,
            audio_s: audio_ms as f64 / 1_000.0,
            load_s: load.as_secs_f64(),
            wall_s: wall.as_secs_f64(),
            cpu_s: fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_s),
            peak_mb: fs::read_to_string("/proc/self/status").ok().as_deref().and_then(peak_mb),
            windows: done.work.windows,
            decodings: done.work.decodings,
            retried: done.work.retried,
            tokens: done.work.tokens,
            live: None,
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        output::to_file(path, |out| {
            serde_json::to_writer_pretty(&mut *out, self).map_err(|e| Failure::io(path, &e.into()))?;
            writeln!(out).map_err(|e| Failure::io(path, &e))
        })
    }
}

/// User and system time: the 14th and 15th fields of `/proc/self/stat`, counted from behind the program's name.
fn cpu_s(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks as f64 / TICKS_PER_S)
}

/// The line `VmHWM` of `/proc/self/status`, in kibibytes.
fn peak_mb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1_024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_memory_are_read_as_the_system_writes_them() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 3 0 100 1 1";
        assert_eq!(cpu_s(stat), Some(3.0));
        assert_eq!(peak_mb("VmPeak:\t 9 kB\nVmHWM:\t  1000 kB\n"), Some(1.024));
        assert_eq!((cpu_s("nonsense"), peak_mb("nonsense")), (None, None));
    }
}
