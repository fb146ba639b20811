//! Nothing that was said reaches a log or the terminal.
#![allow(clippy::unwrap_used)]

mod common;

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use asr::{Control, DecodeOptions, Engine};
use common::{engine, speech};
use tracing_subscriber::fmt::MakeWriter;

fn words() -> String {
    let mut session = engine().session().unwrap();
    session.decode(&speech(), &DecodeOptions::default(), &Control::new()).unwrap().text()
}

/// Every run of three characters: no line of a log holds one of them by chance.
fn traces_of(words: &str) -> Vec<String> {
    let characters: Vec<char> = words.chars().collect();
    characters.windows(3).map(|run| run.iter().collect()).collect()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn the_log_at_its_finest_holds_no_words() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // whisper.cpp runs on a thread of its own: a scoped subscriber would not see it.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let words = words();
    let bytes = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("asr::whisper_cpp"), "whisper.cpp's lines are in the log");
    assert!(traces_of(&words).iter().all(|trace| !text.contains(trace)), "transcribed words are in the log");
}

/// Run by itself as a child of the next test.
#[test]
fn a_decoding_without_a_log() {
    assert!(!words().is_empty());
}

#[test]
fn nothing_is_printed() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_decoding_without_a_log", "--nocapture", "--test-threads", "1"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("1 passed"));
    assert_eq!(
        printed.lines().filter(|line| !line.is_empty()).count(),
        3,
        "only the test harness printed: {printed}"
    );
}
