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
