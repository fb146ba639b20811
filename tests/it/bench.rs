//! `kikitori bench`: what suits this machine.

#[cfg(target_os = "linux")]
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::harness::{Dir, MODEL};

#[test]
fn without_time_one_measurement_is_made_and_its_options_are_recommended() {
    let ran = Dir::new().kikitori(["--lang", "en", "bench", "--minutes", "0"]);
    let shown = ran.ok();
    let row = shown.lines().find(|line| line.starts_with(MODEL)).unwrap_or_else(|| panic!("{shown}"));
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((cells[0], cells[1], cells[2]), (MODEL, "careful", "1"), "{shown}");
    assert!(cells[4..7].iter().all(|figure| figure.parse::<f64>().is_ok_and(|v| v > 0.0)), "{shown}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("base")).count(), 1, "{shown}");
    assert!(shown.contains(&format!("--model {MODEL} --tier careful --sessions ")), "{shown}");
    assert!(shown.contains(" --threads 1  (nothing else measured)"), "{shown}");
    assert!(ran.err().contains(&format!("{MODEL} careful ")), "progress: {}", ran.err());
}

#[test]
fn programs_get_it_as_json_and_quiet_is_quiet() {
    let ran = Dir::new().kikitori(["-q", "bench", "--minutes", "0", "--json"]);
    let found = ran.json();
    assert_eq!(ran.err(), "");
    assert_eq!(found["recommended"]["model"], MODEL);
    assert_eq!(found["recommended"]["short"]["threads"], 1);
    assert_eq!(found["recommended"]["batch"], serde_json::Value::Null);
    assert_eq!(found["measurements"].as_array().map(Vec::len), Some(1));
    assert!(found["measurements"][0]["rtf"].as_f64().unwrap() > 0.0, "{found}");
    assert!(found["left_out"].as_u64().unwrap() > 0, "{found}");
}

#[test]
fn without_a_model_it_says_what_transcribe_says() {
    let dir = Dir::new();
    let said = |args: &[&str]| {
        let output = dir.command(args).env("KIKITORI_MODELS", dir.path("nothing")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, message) = said(&["bench"]);
    assert_eq!((code, message.contains("kikitori models pull")), (Some(5), true), "{message}");
    assert_eq!(said(&["transcribe", "visit.opus"]), (code, message));
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children(id: &str) -> Vec<String> {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let lists = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")));
    lists
        .flat_map(|list| list.unwrap().split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>())
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn an_interruption_ends_the_measurement_too() {
    let dir = Dir::new();
    let mut bench = dir.command(["-q", "bench"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let id = bench.id().to_string();
    let measurements = children(&id);
    assert_eq!(measurements.len(), 1);
    let started = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(bench.wait().unwrap().code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(1));
    assert!(!std::path::Path::new("/proc").join(&measurements[0]).exists(), "it has ended");
}
