//! Ctrl-C: stops within a second and says what was kept.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Dir, sample};

/// Twenty times the benchmark sample: a quarter of an hour.
fn long(dir: &Dir) {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-stream_loop", "19", "-i"])
        .arg(sample("visit-home.opus"))
        .args(["-c", "copy"])
        .arg(dir.path("long.opus"))
        .status();
    assert!(status.expect("ffmpeg is missing: run `make test-setup`").success());
}

/// Starts the program, waits until it has transcribed something and for some time more, and interrupts it.
fn interrupt(dir: &Dir, args: &[&str], signal: &str, later: Duration) -> (Duration, i32, String) {
    let mut child = dir
        .command(["--lang", "en", "--progress", "plain"].iter().chain(args))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut first = [0; 1];
    stderr.read_exact(&mut first).expect("a line of progress");
    std::thread::sleep(later);
    let id = child.id().to_string();
    let started = Instant::now();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    let status = child.wait().unwrap();
    let took = started.elapsed();
    let mut message = String::new();
    stderr.read_to_string(&mut message).unwrap();
    (took, status.code().unwrap_or(-1), message)
}

#[test]
fn what_was_heard_is_kept_beside_the_output() {
    let dir = Dir::new();
    long(&dir);
    // After two seconds the next windows are ready and wait for the engine.
    let second = ("-TERM", Duration::from_secs(2), "out.json.partial-2.json");
    for (signal, later, kept) in [("-INT", Duration::ZERO, "out.json.partial.json"), second] {
        let args = ["record", "long.opus", "--template", "visit", "-f", "json", "-o", "out.json"];
        let (took, code, message) = interrupt(&dir, &args, signal, later);
        assert_eq!(code, 130, "{message}");
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(message.contains(kept), "{message}");
        assert!(!dir.path("out.json").exists());
        let record = dir.kikitori(["map", kept, "--template", "visit", "-f", "json"]).json();
        assert!(!record["transcript"]["segments"].as_array().unwrap().is_empty());
    }
    assert!(dir.path("out.json.partial.json").exists(), "what was kept before stays");
}

#[test]
fn without_an_output_file_nothing_is_written() {
    let dir = Dir::new();
    long(&dir);
    let (took, code, message) = interrupt(&dir, &["transcribe", "long.opus"], "-INT", Duration::ZERO);
    assert_eq!(code, 130);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(message.contains("the recording is untouched"), "{message}");
}
