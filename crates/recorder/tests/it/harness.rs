//! The program `record-sound` in a directory of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use recorder::{Interrupted, RecordingInfo};
use tempfile::TempDir;

/// Where one recorder keeps its recordings.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn inflight(&self) -> PathBuf {
        self.0.path().join("inflight")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().join("recordings")
    }

    pub(crate) fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_record-sound"));
        command.arg(self.0.path()).args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    /// Starts the program.
    pub(crate) fn start(&self, options: &[&str]) -> Running {
        let mut child = self.command(options).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Running { child, lines }
    }

    /// Runs the program to its end; the line of its result.
    pub(crate) fn record(&self, options: &[&str]) -> Recorded {
        let mut running = self.start(options);
        let lines: Vec<_> = std::iter::from_fn(|| running.line()).collect();
        assert!(running.child.wait().unwrap().success());
        let last = lines.last().unwrap();
        let sound = PathBuf::from(last["recording"].as_str().expect("a recording"));
        let info = serde_json::from_value(last["info"].clone()).unwrap();
        Recorded { samples: samples(&sound), info, lines }
    }

    /// The finished recordings.
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder()) else { return Vec::new() };
        let visible = |p: &PathBuf| p.extension().is_some_and(|e| e == "wav" || e == "flac");
        entries.map(|e| e.unwrap().path()).filter(visible).collect()
    }

    pub(crate) fn interrupted(&self) -> Vec<Interrupted> {
        recorder::interrupted(&self.inflight()).unwrap()
    }
}

/// A finished recording, and what was said while it was made.
pub(crate) struct Recorded {
    pub(crate) samples: Vec<i16>,
    pub(crate) info: RecordingInfo,
    pub(crate) lines: Vec<serde_json::Value>,
}

impl Recorded {
    /// How many tenths of a second after the start an alarm first rang.
    pub(crate) fn alarm(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|line| line["alarm"] == name)
    }
}

pub(crate) struct Running {
    pub(crate) child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    /// The next line; nothing at the end.
    pub(crate) fn line(&mut self) -> Option<serde_json::Value> {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }

    /// Waits until samples are being kept; how many milliseconds of them.
    pub(crate) fn until_recording(&mut self) -> u64 {
        loop {
            let line = self.line().expect("it records");
            if line["phase"] == "Recording" {
                return line["elapsed_ms"].as_u64().unwrap();
            }
        }
    }
}

/// The samples of a recording.
pub(crate) fn samples(path: &PathBuf) -> Vec<i16> {
    if path.extension().is_some_and(|e| e == "flac") {
        return flac(path);
    }
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels), (16_000, 1));
    reader.samples().map(Result::unwrap).collect()
}

/// The samples of a FLAC file as another decoder than ours hears them.
fn flac(path: &PathBuf) -> Vec<i16> {
    let output =
        Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(path).args(["-f", "s16le", "-"]).output();
    let output = output.expect("ffmpeg is missing: run `make test-setup`");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

/// Sample `n` of the sound that the pretended microphone gives.
pub(crate) fn known(n: u64) -> i16 {
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 48) as i16 | 1
}

/// Whether these are the first samples of the known sound, and nothing else.
pub(crate) fn is_known_prefix(samples: &[i16]) -> bool {
    samples.iter().enumerate().all(|(n, sample)| *sample == known(n as u64))
}

/// Does the same with each of several things at the same time: recorders mostly wait.
pub(crate) fn at_once<T: Send>(things: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    std::thread::scope(|threads| {
        for thing in things {
            threads.spawn(|| check(thing));
        }
    });
}
