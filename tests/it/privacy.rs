//! Nothing leaves: no network, and no words of a transcript in logs.

use std::process::Command;

use crate::harness::{Dir, Ran, args, models, sample};

#[test]
fn a_record_is_made_without_any_network() {
    let dir = Dir::new();
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--net", env!("CARGO_BIN_EXE_kikitori"), "record"])
        .arg(sample("visit-home.opus"))
        .args(["--template", "visit", "-f", "json", "--recorded-at", "2025-09-11"])
        .current_dir(dir.path(""))
        .env("HOME", dir.path(""))
        .env("KIKITORI_MODELS", models());
    let record = Ran(command.output().expect("unshare is missing")).json();
    assert_eq!(record["schema"], "kikitori.record/1");
}

#[test]
fn the_most_talkative_log_holds_no_words_of_the_transcript() {
    let dir = Dir::new();
    let file = sample("visit-home.opus");
    let mut command = dir.command(args!["record", &file, "--template", "visit"]);
    let ran = Ran(command.args(["-f", "json"]).env("KIKITORI_LOG", "trace").output().unwrap());
    let record = ran.json();
    let log = ran.err();
    assert!(!log.is_empty(), "the log is on");
    for segment in record["transcript"]["segments"].as_array().unwrap() {
        let words: Vec<char> = segment["raw"].as_str().unwrap().chars().collect();
        for run in words.windows(4) {
            let run: String = run.iter().collect();
            assert!(!log.contains(&run), "words of the transcript are in the log");
        }
    }
}
