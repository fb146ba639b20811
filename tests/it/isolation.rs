//! The engine's process of the program.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use asr::isolated::{IsolatedEngine, IsolationConfig, WorkerCommand, wire};
use asr::{Control, DecodeOptions, Engine, EngineConfig};
use record::{TimeMap, Window};

use crate::harness::Dir;

#[test]
fn the_program_is_the_process_of_an_isolated_engine() {
    let dir = Dir::new();
    let fixture = dir.path("heard.json");
    fs::write(&fixture, r#"{ "segments": [ { "start_ms": 0, "end_ms": 900, "text": "家庭訪問。" } ] }"#)
        .unwrap();
    let command =
        WorkerCommand { program: env!("CARGO_BIN_EXE_kikitori").into(), args: vec!["engine-worker".into()] };
    let config = EngineConfig { model_path: fixture, ..EngineConfig::default() };
    let engine = IsolatedEngine::new(command, "replay", config, IsolationConfig::default()).unwrap();
    let window =
        Window { index: 0, file: 0, samples: vec![0.0; 16_000], map: TimeMap::contiguous(0, 16_000) };
    let mut session = engine.session().unwrap();
    let heard = session.decode(&window, &DecodeOptions::default(), &Control::new()).unwrap();
    assert_eq!(heard.text(), "家庭訪問。");
}

#[cfg(unix)]
#[test]
fn it_is_deaf_to_signals_says_nothing_and_ends_with_its_input() {
    let dir = Dir::new();
    let mut command = dir.command(["engine-worker"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut answers = process.stdout.take().unwrap();
    wire::greet(&mut answers).unwrap();
    thread::sleep(Duration::from_millis(300));
    for signal in ["-INT", "-TERM", "-INT"] {
        assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
        thread::sleep(Duration::from_millis(500));
    }
    thread::sleep(Duration::from_secs(1));
    assert!(process.try_wait().unwrap().is_none(), "a signal ended it");
    process.stdin.take().unwrap().write_all(&wire::greeting()).unwrap();
    assert!(process.wait().unwrap().success());
    let (mut rest, mut printed) = (Vec::new(), String::new());
    answers.read_to_end(&mut rest).unwrap();
    process.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!((rest, printed), (Vec::new(), String::new()));
}

#[test]
fn it_is_in_no_help() {
    let help = Dir::new().kikitori(["--help"]).ok();
    assert!(!help.contains("engine-worker"), "{help}");
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>()).collect()
}

/// Transcribes a sample with the engine in another process, which is killed so often; the exit code and what was printed.
#[cfg(target_os = "linux")]
fn with_kills(dir: &Dir, kills: usize) -> (i32, String) {
    let sample = crate::harness::sample("visit-home.opus");
    let mut command = dir.command(["--lang", "en", "transcribe"]);
    // The slower engine: the other is done before it can be killed three times.
    command.arg(sample).args(["--engine=whisper.cpp", "--tier=fast", "--isolate"]);
    command.args(["-f", "json", "-o", "out.json", "--force"]);
    let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut killed = Vec::new();
    while killed.len() < kills && process.try_wait().unwrap().is_none() {
        let young = children(process.id()).into_iter().find(|child| !killed.contains(child));
        if let Some(child) = young {
            // Long enough to load the model, and not to decode a window.
            thread::sleep(Duration::from_millis(if killed.is_empty() { 2_000 } else { 300 }));
            Command::new("kill").args(["-KILL", &child]).status().unwrap();
            killed.push(child);
        }
        thread::sleep(Duration::from_millis(20));
    }
    let mut printed = String::new();
    process.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    (process.wait().unwrap().code().unwrap_or(-1), printed)
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_that_is_killed_costs_one_window_that_is_decoded_again() {
    let dir = Dir::new();
    let mut heard = Vec::new();
    for kills in [0, 1] {
        let (code, printed) = with_kills(&dir, kills);
        assert_eq!(code, 0, "{printed}");
        let file: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.path("out.json")).unwrap()).unwrap();
        heard.push(file["transcript"].clone());
    }
    assert!(!heard[0]["segments"].as_array().unwrap().is_empty());
    assert_eq!(heard[0], heard[1]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_that_crashes_the_engine_three_times_is_given_up() {
    let dir = Dir::new();
    let (code, printed) = with_kills(&dir, 3);
    assert_eq!(code, 4, "{printed}");
    assert!(printed.contains("visit-home.opus") && printed.contains("again and again"), "{printed}");
    assert!(!dir.path("out.json").exists());
}

#[cfg(unix)]
#[test]
fn what_was_heard_of_a_recording_before_it_is_given_up_is_kept() {
    let dir = Dir::new();
    let words = r#"{ "start_ms": 500, "end_ms": 9000, "text": "本日家庭訪問を実施し母と面談した。" }"#;
    let poison = r#"{ "start_ms": 40000, "end_ms": 44000, "text": "以上", "aborts": true }"#;
    let model = dir.write("heard.json", format!(r#"{{ "segments": [ {words}, {poison} ] }}"#));
    let sample = crate::harness::sample("visit-home.opus");
    let given = |command: &'static [&str]| {
        let mut args: Vec<std::ffi::OsString> = ["--lang", "en"].map(Into::into).to_vec();
        args.extend(command.iter().map(Into::into));
        args.extend(["--engine", "replay", "--isolate", "--sessions", "1", "--window", "10"].map(Into::into));
        args.extend(["--model".into(), model.clone().into(), sample.clone().into()]);
        dir.kikitori(args)
    };
    for (command, kept) in [
        (&["record", "--template", "visit", "-f", "json", "-o", "a.json"][..], "a.json.partial.json"),
        (&["transcribe", "-f", "json", "-o", "b.json"], "b.json.partial.json"),
    ] {
        let message = given(command).failed(4);
        assert!(message.contains("again and again") && message.contains(kept), "{message}");
        let record = dir.kikitori(["map", kept, "--template", "visit", "-f", "json"]).json();
        let segments = record["transcript"]["segments"].as_array().unwrap();
        let text: String = segments.iter().map(|segment| segment["raw"].as_str().unwrap()).collect();
        assert_eq!(text, "本日家庭訪問を実施し母と面談した。");
        assert_eq!(record["source"]["files"][0]["partial"], true);
    }
    assert!(!dir.path("a.json").exists() && !dir.path("b.json").exists());
    let message = given(&["transcribe"]).failed(4);
    assert!(message.contains("with -o FILE"), "{message}");
}
