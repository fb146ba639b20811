//! Batches, workers and their jobs, as real processes. The engine plays what somebody wrote down, in processes of its own;
//! one test listens with the real model.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Dir, Ran, args, sample};

/// What the engine hears in every recording. The words at 100 s take its process down.
fn fixture(decode_ms: u64) -> String {
    let said = |start: u64, text: &str| serde_json::json!({ "start_ms": start, "end_ms": start + 8_000, "text": text });
    let mut segments: Vec<_> = (0..6)
        .map(|n| said(n * 8_000, "家庭訪問。本児の様子。元気に遊んでいた。所見。特に心配な点はない。"))
        .collect();
    let mut poison = said(96_000, "この部分でエンジンが落ちる");
    poison["aborts"] = true.into();
    segments.push(poison);
    serde_json::json!({ "decode_ms": decode_ms, "segments": segments }).to_string()
}

/// So many recordings of the sample, each with an end of its own so that none is the same as another; `repeated` plays it
/// several times.
fn recording(path: &Path, number: usize, repeated: usize) {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-stream_loop", &(repeated - 1).to_string(), "-i"])
        .arg(sample("visit-home.opus"))
        .args(["-c", "copy", "-metadata", &format!("comment={number}")])
        .arg(path)
        .status();
    assert!(status.expect("ffmpeg is missing: run `make test-setup`").success());
}

fn recordings(dir: &Dir, number: usize) {
    fs::create_dir_all(dir.path("in")).unwrap();
    for n in 0..number {
        recording(&dir.path("in").join(format!("visit-{n:03}.opus")), n, 1);
    }
}

/// The arguments of a batch with the engine that plays `heard.json`.
fn batch<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let always = [
        "--lang",
        "en",
        "batch",
        "--template",
        "visit",
        "--out",
        "out",
        "--engine",
        "replay",
        "--model",
        "heard.json",
        "--tier",
        "fast",
        "--window",
        "8",
    ];
    [&always[..], more].concat()
}

fn started(dir: &Dir, args: &[&str]) -> Child {
    let mut command = dir.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn jobs(dir: &Dir) -> serde_json::Value {
    dir.kikitori(["jobs", "list", "--out", "out", "--limit", "1000", "--json"]).json()
}

fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_mins(1), "{what}");
        sleep(Duration::from_millis(50));
    }
}

/// The rows of `report.csv` without its header.
fn report(dir: &Dir) -> Vec<csv::StringRecord> {
    let text = fs::read_to_string(dir.path("out/report.csv")).unwrap();
    csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes())
        .records()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn a_recording_that_crashes_the_engine_is_quarantined_and_the_others_are_done() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(0));
    recordings(&dir, 2);
    recording(&dir.path("in/poison.opus"), 7, 3);
    dir.write("in/broken.wav", b"no sound");
    let ran = dir.kikitori(batch(&["in"]));
    assert_eq!(ran.code(), 3, "{}", ran.err());
    let outcomes: Vec<(String, String)> =
        report(&dir).iter().map(|row| (row[0].to_owned(), row[2].to_owned())).collect();
    let expected = [
        ("broken.wav", "failed"),
        ("poison.opus", "quarantined"),
        ("visit-000.opus", "ok"),
        ("visit-001.opus", "ok"),
    ];
    assert_eq!(outcomes, expected.map(|(file, outcome)| (file.to_owned(), outcome.to_owned())));
    assert!(ran.err().contains("poison.opus") && ran.err().contains("again and again"), "{}", ran.err());
    for ending in ["json", "txt", "html"] {
        assert!(dir.path(&format!("out/visit-000.visit.{ending}")).is_file(), "{ending}");
    }
    assert!(!dir.path("out/poison.visit.json").exists());
    let listed = jobs(&dir);
    let (done, quarantined) = (&listed["counts"]["done"], &listed["counts"]["quarantined"]);
    assert_eq!((done, quarantined), (&2.into(), &1.into()), "{listed}");
    let poison = listed["jobs"].as_array().unwrap().iter().find(|job| job["state"] == "quarantined").unwrap();
    assert!(poison["done_ms"].as_u64().unwrap() > 0, "what came before the poison is kept: {poison}");

    // Again: nothing is left to do, and nothing is written anew.
    let written = dir.path("out/visit-000.visit.json").metadata().unwrap().modified().unwrap();
    let again = dir.kikitori(batch(&["in"]));
    assert_eq!(again.code(), 3, "{}", again.err());
    assert_eq!(dir.path("out/visit-000.visit.json").metadata().unwrap().modified().unwrap(), written);
    let id = poison["id"].to_string();
    assert_eq!(dir.kikitori(["jobs", "retry", &id, "--out", "out"]).code(), 0);
    assert_eq!(jobs(&dir)["counts"]["queued"], 1);
    assert_eq!(dir.kikitori(["jobs", "cancel", &id, "--out", "out"]).code(), 0);
    let purge = ["jobs", "purge", "--state", "done,cancelled", "--out", "out"];
    assert_eq!(dir.kikitori(purge).code(), 2, "not without --yes");
    assert_eq!(dir.kikitori(purge.iter().chain(&["--yes"])).code(), 0);
    assert_eq!(jobs(&dir)["jobs"].as_array().unwrap().len(), 1, "the failed one stays");
}

#[test]
fn an_interrupted_batch_says_how_to_go_on_and_does_so() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(400));
    recordings(&dir, 3);
    let mut runs = Vec::new();
    // Ctrl-C, then a kill, then to the end.
    for name in ["-INT", "-KILL"] {
        let child = started(&dir, &batch(&["in", "--sessions", "1", "--progress", "json"]));
        let before = runs.len();
        let done = || -> u64 {
            let listed = jobs(&dir);
            listed["jobs"].as_array().unwrap().iter().map(|job| job["done_ms"].as_u64().unwrap()).sum()
        };
        until("no window is finished", || dir.path("out/.kikitori/jobs.sqlite").exists());
        let start = done();
        until("no window is finished", || done() > start + 8_000);
        signal(&child, name);
        let asked = Instant::now();
        let ran = Ran(child.wait_with_output().unwrap());
        if name == "-INT" {
            assert_eq!(ran.code(), 130, "{}", ran.err());
            assert!(asked.elapsed() < Duration::from_secs(20));
            assert!(ran.err().contains("run the same command again"), "{}", ran.err());
            let listed = jobs(&dir);
            assert!(listed["counts"]["leased"].is_null(), "every job is given back: {listed}");
        }
        runs.push(before);
    }
    let ran = dir.kikitori(batch(&["in", "--sessions", "1"]));
    assert_eq!(ran.code(), 0, "{}", ran.err());
    assert_eq!(report(&dir).iter().filter(|row| &row[2] == "ok").count(), 3);
    // What was done in pieces is what is done in one go.
    let mut whole = batch(&["in/visit-000.opus", "--formats", "json"]);
    whole[6] = "whole";
    assert_eq!(dir.kikitori(whole).code(), 0);
    let read = |path: &str| fs::read_to_string(dir.path(path)).unwrap();
    assert_eq!(read("out/visit-000.visit.json"), read("whole/visit-000.visit.json"));
}

#[test]
fn a_second_interrupt_ends_at_once_and_costs_nothing_that_was_finished() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(1_500));
    recordings(&dir, 1);
    let child = started(&dir, &batch(&["in", "--sessions", "1"]));
    let done = || jobs(&dir)["jobs"][0]["done_ms"].as_u64().unwrap_or(0);
    until("the queue is there", || dir.path("out/.kikitori/jobs.sqlite").exists());
    until("no window is finished", || done() > 8_000);
    signal(&child, "-INT");
    sleep(Duration::from_millis(100));
    signal(&child, "-INT");
    let asked = Instant::now();
    let ran = Ran(child.wait_with_output().unwrap());
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(ran.code(), 130, "{}", ran.err());
    let kept = done();
    assert!(kept > 8_000, "what was finished is kept: {kept}");
    let ran = dir.kikitori(batch(&["in", "--sessions", "1"]));
    assert_eq!(ran.code(), 0, "{}", ran.err());
}

#[test]
fn results_of_somebody_else_are_kept_and_equal_recordings_are_one_job() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(0));
    recordings(&dir, 1);
    fs::copy(dir.path("in/visit-000.opus"), dir.path("in/copy.opus")).unwrap();
    let at = fs::metadata(dir.path("in/visit-000.opus")).unwrap().modified().unwrap();
    fs::File::options().write(true).open(dir.path("in/copy.opus")).unwrap().set_modified(at).unwrap();
    fs::create_dir_all(dir.path("out")).unwrap();
    dir.write("out/visit-000.visit.json", b"a caseworker's own");
    let ran = dir.kikitori(batch(&["in"]));
    assert_eq!(ran.code(), 3, "{}", ran.err());
    assert_eq!(fs::read(dir.path("out/visit-000.visit.json")).unwrap(), b"a caseworker's own");
    assert!(dir.path("out/copy.visit.json").is_file());
    assert_eq!(jobs(&dir)["jobs"].as_array().unwrap().len(), 1, "equal bytes and settings are one job");
    assert_eq!(dir.kikitori(batch(&["in", "--force"])).code(), 0);
    let planned = dir.kikitori(batch(&["in", "--dry-run"]));
    assert!(planned.ok().contains("visit-000.opus -> out/visit-000"), "{}", planned.out());
}

#[test]
fn a_watched_folder_is_worked_off_as_recordings_come() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(0));
    fs::create_dir_all(dir.path("in")).unwrap();
    let child = started(&dir, &batch(&["in", "--watch", "--formats", "json"]));
    sleep(Duration::from_millis(500));
    recordings(&dir, 2);
    until("they are not done", || {
        ["000", "001"].iter().all(|n| dir.path(&format!("out/visit-{n}.visit.json")).is_file())
    });
    signal(&child, "-TERM");
    let ran = Ran(child.wait_with_output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.err());
    assert_eq!(report(&dir).len(), 2);
}

#[test]
fn several_recordings_of_a_visit_make_one_record() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(0));
    recordings(&dir, 2);
    let manifest =
        "file,group,recorded_at\nin/visit-001.opus,訪問,2025-06-03T16:10\nin/visit-000.opus,訪問,\n";
    dir.write("visits.csv", manifest);
    let ran = dir.kikitori(batch(&["--manifest", "visits.csv", "--formats", "json"]));
    assert_eq!(ran.code(), 0, "{}", ran.err());
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path("out/訪問.visit.json")).unwrap()).unwrap();
    let files: Vec<_> =
        record["source"]["files"].as_array().unwrap().iter().map(|file| file["name"].clone()).collect();
    assert_eq!(files, ["visit-001.opus", "visit-000.opus"]);
}

#[test]
fn a_worker_that_is_told_to_end_keeps_what_is_finished_and_gives_the_job_back() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(700));
    recordings(&dir, 1);
    // The batch only queues and waits: it names the same file as a database that others share.
    let shared = format!("sqlite:{}", dir.path("shared.sqlite").display());
    let heard = dir.path("heard.json").to_string_lossy().into_owned();
    let mut waits = batch(&["in", "--formats", "json", "--database", &shared]);
    waits[10] = &heard;
    let mut waiting = started(&dir, &waits);
    let list = || dir.kikitori(args!["jobs", "list", "--database", &shared, "--json"]).json();
    until("nothing is queued", || dir.path("shared.sqlite").exists() && list()["counts"]["queued"] == 1);
    let worker = ["worker", "--database", &shared, "--sessions", "1", "--health", "health.json"];
    let child = started(&dir, &worker);
    until("no window is finished", || list()["jobs"][0]["done_ms"].as_u64() > Some(0));
    let health: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path("health.json")).unwrap()).unwrap();
    assert_eq!(health["healthy"], true);
    signal(&child, "-TERM");
    let asked = Instant::now();
    let ran = Ran(child.wait_with_output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.err());
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    let job = list()["jobs"][0].clone();
    assert_eq!((&job["state"], &job["attempt"]), (&"queued".into(), &0.into()), "{job}");
    assert!(waiting.try_wait().unwrap().is_none(), "the batch waits for a worker");
    assert_eq!(dir.kikitori(["worker", "--database", &shared, "--until-empty"]).code(), 0);
    assert!(waiting.wait().unwrap().success());
    assert!(dir.path("out/visit-000.visit.json").is_file());
}

#[test]
fn a_batch_with_the_real_model_gives_what_record_gives() {
    let dir = Dir::new();
    let file = sample("visit-home.opus");
    let settings = ["--template", "visit", "--tier", "fast"];
    let batch = dir
        .command(args!["--lang", "en", "batch", &file, "--out", "out", "--formats", "json"])
        .args(settings)
        .output();
    let ran = Ran(batch.unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.err());
    let record = dir.command(args!["record", &file, "-f", "json"]).args(settings).output();
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert_eq!(
        read(&fs::read(dir.path("out/visit-home.visit.json")).unwrap()),
        read(&Ran(record.unwrap()).0.stdout)
    );
    // The queue's lists and files name the recording and hold no words of it.
    let listed = dir.kikitori(["jobs", "show", "1", "--out", "out"]).ok();
    assert!(listed.contains("visit-home.opus") && !listed.contains("訪問"), "{listed}");
}

/// The results are on a disk that is too small, then has room, then may only be read.
#[test]
fn a_full_or_read_only_disk_is_named_and_costs_nothing_that_was_done() {
    let dir = Dir::new();
    dir.write("heard.json", fixture(0));
    recordings(&dir, 2);
    fs::create_dir_all(dir.path("out")).unwrap();
    let mut script = String::new();
    for mount in ["-t tmpfs -o size=700k none", "-o remount,size=50M", "-o remount,ro"] {
        let run = batch(&["in"]).join(" ");
        script.push_str(&format!("mount {mount} out || exit; \"$0\" {run}; echo code $? >&2;"));
    }
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_kikitori")])
        .current_dir(dir.path(""))
        .env("HOME", dir.path(""))
        .env("KIKITORI_MODELS", crate::harness::models());
    let said = Ran(command.output().expect("unshare is missing")).err();
    let codes: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("code ")).collect();
    assert_eq!(codes, ["7", "0", "8"], "{said}");
    assert!(said.contains("disk"), "{said}");
    let done = said.lines().filter(|line| line.starts_with("done: visit-")).count();
    assert_eq!(done, 2, "each is told once: {said}");
}
