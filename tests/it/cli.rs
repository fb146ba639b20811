//! Help, exit codes, languages, and where output goes.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{Dir, args, sample};

#[test]
fn help_leads_with_examples_and_names_the_exit_codes() {
    let help = Dir::new().kikitori(["--help"]).ok();
    assert!(help.contains("kikitori record visit.m4a --template visit"), "{help}");
    assert!(help.contains("130 interrupted"), "{help}");
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    Dir::new().kikitori(["transcribe", "--loudly", "a.wav"]).failed(2);
}

#[test]
fn messages_are_japanese_unless_asked_otherwise() {
    let dir = Dir::new();
    let ja = dir.kikitori(["map", "missing.txt", "--template", "visit"]).failed(4);
    assert!(ja.contains("エラー: ファイルがありません: missing.txt"), "{ja}");
    let en = dir.kikitori(["--lang", "en", "map", "missing.txt", "--template", "visit"]).failed(4);
    assert!(en.contains("error: no such file: missing.txt"), "{en}");
}

#[test]
fn an_unknown_form_or_format_lists_the_known_ones() {
    let dir = Dir::new();
    let text = dir.write("a.txt", "所見。なし。");
    let form = dir.kikitori(args!["map", &text, "--template", "visti"]).failed(2);
    assert!(form.contains("intake, visit"), "{form}");
    let args = args!["map", &text, "--template", "visit", "-f", "pdf"];
    let format = dir.kikitori(args).failed(2);
    assert!(format.contains("text, json, html"), "{format}");
}

#[test]
fn a_dash_is_standard_output() {
    let dir = Dir::new();
    dir.write("a.txt", "所見。なし。");
    let printed = dir.kikitori(["map", "a.txt", "--template", "visit", "-o", "-"]).ok();
    assert!(printed.contains("所見"), "{printed}");
    assert!(!dir.path("-").exists());
}

#[test]
fn an_existing_output_is_kept_unless_forced() {
    let dir = Dir::new();
    dir.write("a.txt", "所見。なし。");
    let out = dir.write("out.json", "mine");
    let args = ["map", "a.txt", "--template", "visit", "-f", "json", "-o", "out.json"];
    let message = dir.kikitori(args).failed(7);
    assert!(message.contains("--force"), "{message}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
    assert_eq!(dir.kikitori(args.into_iter().chain(["--force"])).ok(), "");
    assert!(std::fs::read_to_string(&out).unwrap().contains("kikitori.record/1"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_into_and_a_link_is_followed() {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    let dir = Dir::new();
    dir.write("a.txt", "所見。なし。");
    let to = |out| ["map", "a.txt", "--template", "visit", "-f", "json", "-o", out];

    let pipe = dir.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    dir.kikitori(to("pipe")).ok();
    assert!(reader.join().unwrap().contains("kikitori.record/1"));
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo(), "a file lies in its place");

    let file = dir.write("out.json", "mine");
    let link = dir.path("link.json");
    symlink(&file, &link).unwrap();
    dir.kikitori(to("link.json").into_iter().chain(["--force"])).ok();
    assert!(link.is_symlink(), "a file lies in its place");
    assert!(std::fs::read_to_string(&file).unwrap().contains("kikitori.record/1"));
}

#[test]
fn text_comes_from_standard_input_too() {
    let dir = Dir::new();
    let mut child = dir
        .command(["map", "-", "--template", "visit", "-f", "json", "--recorded-at", "2025-06-03"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all("所見。説明が食い違う。".as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(crate::harness::field(&record, "assess")["value"], "説明が食い違う。");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = Dir::new();
    let mut child = dir.command(["man"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn results_go_to_standard_output_and_nothing_else_does() {
    let dir = Dir::new();
    let ran = dir.kikitori(args!["transcribe", sample("silence.opus"), "-f", "json"]);
    let transcript = ran.json();
    assert_eq!(transcript["transcript"]["segments"].as_array().map(Vec::len), Some(0));
    assert_eq!(ran.err().trim(), "話し声が見つかりませんでした", "no progress where there is no terminal");
}

#[test]
fn what_is_done_is_told_where_asked_for() {
    let ran = Dir::new().kikitori(args!["-v", "transcribe", sample("silence.opus")]);
    ran.ok();
    assert!(ran.err().contains("native engine opened"), "{}", ran.err());
}

#[test]
fn progress_as_json_is_on_standard_error() {
    let dir = Dir::new();
    let file = sample("visit-home.opus");
    let args = args!["--progress", "json", "transcribe", &file];
    let ran = dir.kikitori(args);
    ran.ok();
    let last = ran.err().lines().last().map(ToOwned::to_owned).unwrap();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert!(last["until_ms"].as_u64().unwrap() > 40_000, "{last}");
    assert!(last["eta_ms"].is_u64(), "{last}");
}

#[test]
fn the_doctor_finds_the_model_and_says_what_was_compiled_in() {
    let report = Dir::new().kikitori(["doctor", "--json"]).json();
    let check = |name: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|c| c["check"] == name).cloned().unwrap()
    };
    assert_eq!(check("model")["ok"], true);
    assert_eq!(check("templates")["ok"], true);
    assert!(check("disk")["detail"].as_str().unwrap().contains("GiB free"));
    let native = check("native")["detail"].as_str().unwrap().to_owned();
    assert!(native.starts_with("portable") && native.ends_with("(used)"), "{native}");
    let engine = check("whisper.cpp")["detail"].as_str().unwrap().to_owned();
    assert!(engine.contains("LLAMAFILE = 1"), "the fast kernels are on: {engine}");
}

#[test]
fn instructions_are_chosen_and_those_that_the_processor_lacks_are_refused() {
    let dir = Dir::new();
    let report = dir.command(["doctor", "--json"]).env("KIKITORI_KERNELS", "portable").output().unwrap();
    assert!(String::from_utf8_lossy(&report.stdout).contains("portable (used)"));
    let report = dir.command(["doctor"]).env("KIKITORI_KERNELS", "sse9").output().unwrap();
    assert_eq!(report.status.code(), Some(3));
    for (lang, words) in [("ja", "このパソコンのCPUでは使えない命令です"), ("en", "no such instructions")]
    {
        let run = ["--lang", lang, "transcribe", "nothing.wav", "--kernels", "sse9"];
        let output = dir.command(run).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words) && said.contains("portable"), "{said}");
    }
}

#[test]
fn the_doctor_says_what_to_do_without_a_model() {
    let dir = Dir::new();
    let output = dir.command(["doctor"]).env("KIKITORI_MODELS", dir.path("nothing")).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("kikitori models pull"));
}
