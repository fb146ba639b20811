//! `dictate` and `recover`: what is spoken is kept and fills the form, whatever happens to the program or its engine.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Dir, Ran, args, field, sample};

/// Each sentence of a dictation takes so long: three seconds of sound, at whose end nobody speaks any more,
/// and three of silence.
const EACH_MS: u64 = 6_000;
const SPEECH_MS: u64 = 2_500;

/// A dictation of these sentences, as sound in `a.wav` and for the replay engine in `a.json`.
fn dictation(dir: &Dir, sentences: &[&str]) {
    dictation_that_takes(dir, sentences, 0);
}

/// The same for an engine that takes so long for each window.
fn dictation_that_takes(dir: &Dir, sentences: &[&str], decode_ms: u64) {
    let speech = dir.path("speech.wav");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-ss", "1", "-t", "3", "-i"])
        .arg(sample("visit-home.opus"))
        .args(["-ar", "16000", "-ac", "1"])
        .arg(&speech)
        .status();
    assert!(status.expect("ffmpeg is missing: run `make test-setup`").success());
    let mut reader = hound::WavReader::open(&speech).unwrap();
    let speech: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let mut writer = hound::WavWriter::create(dir.path("a.wav"), reader.spec()).unwrap();
    let mut segments = Vec::new();
    for (n, text) in sentences.iter().enumerate() {
        let start_ms = n as u64 * EACH_MS;
        // A microphone is never quite silent.
        let noise = |i: u32| (i.wrapping_mul(0x9e37_79b9) >> 15).wrapping_mul(0x85eb_ca6b) >> 28;
        let rest = (0..(EACH_MS * 16) as u32 - speech.len() as u32).map(|i| noise(i) as i16 - 8);
        speech.iter().copied().chain(rest).for_each(|s| writer.write_sample(s).unwrap());
        let end_ms = start_ms + SPEECH_MS;
        segments.push(serde_json::json!({ "start_ms": start_ms, "end_ms": end_ms, "text": text }));
    }
    writer.finalize().unwrap();
    let fixture = serde_json::json!({ "segments": segments, "decode_ms": decode_ms });
    dir.write("a.json", fixture.to_string());
}

/// Arguments of a dictation from `a.wav`.
fn dictate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let fixed = [
        "dictate",
        "--template=visit",
        "--from-file=a.wav",
        "--engine=replay",
        "--model=a.json",
        "--recordings=kept",
        "--recorded-at=2025-06-03T16:10",
        "--lang=en",
    ];
    fixed.into_iter().chain(more.iter().copied()).collect()
}

/// The visible files with this ending in the folder of the recordings.
fn kept(dir: &Dir, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir.path("kept")) else { return Vec::new() };
    let named = |p: &PathBuf| p.to_string_lossy().ends_with(ending);
    let mut found: Vec<_> = entries.map(|e| e.unwrap().path()).filter(named).collect();
    found.sort();
    found
}

/// What is known about the one recording.
fn info(dir: &Dir) -> serde_json::Value {
    let [sound] = &kept(dir, ".wav")[..] else { panic!("{:?}", kept(dir, ".wav")) };
    serde_json::from_slice(&fs::read(sound.with_extension("json")).unwrap()).unwrap()
}

fn samples(path: &Path) -> Vec<i16> {
    hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect()
}

/// Starts a dictation with its standard error, and standard input, at hand.
fn start(dir: &Dir, more: &[&str]) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut command = dir.command(dictate(more));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap());
    (child, lines)
}

/// Reads lines until one contains `words`; all of them.
fn until(lines: &mut impl BufRead, words: &str) -> String {
    let mut all = String::new();
    while !all.contains(words) {
        assert!(lines.read_line(&mut all).unwrap() > 0, "{words} is missing in: {all}");
    }
    all
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_dictation_fills_the_form_and_obeys_spoken_commands() {
    let dir = Dir::new();
    dictation(
        &dir,
        &[
            "目的、安全確認。",
            "一時停止。",
            "夕飯は何にしよう。",
            "再開。",
            "マーク。",
            "所見。説明が食い違う。",
            "記録終了。",
            "これは要らない。",
        ],
    );
    let ran = dir.kikitori(dictate(&["--speed=3", "-f=json", "--progress=json"]));
    let record = ran.json();
    assert_eq!(field(&record, "purpose")["state"], "stated", "{record}");
    assert_eq!(field(&record, "assess")["value"], "説明が食い違う。");
    assert!(record["recorded_at"].as_str().unwrap().starts_with("2025-06-03T16:10:00"));

    let lines: Vec<serde_json::Value> =
        ran.err().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let said = |key: &'static str| lines.iter().filter(move |line| !line[key].is_null());
    let filled = said("filled").filter(|line| line["filled"].as_array().is_some_and(|f| f.len() == 1));
    assert!(filled.count() >= 1, "a field is filled while others are not");
    assert!(said("partial").count() >= 3);
    let phases: Vec<_> = said("phase").filter_map(|line| line["phase"].as_str()).collect();
    let while_speaking: Vec<_> = phases.into_iter().filter(|p| !["opening", "saved"].contains(p)).collect();
    assert_eq!(while_speaking, ["recording", "paused", "recording", "finishing"]);

    // What was said in the pause is nowhere: not as sound, not as words.
    let info = info(&dir);
    let [gap] = &info["gaps"].as_array().unwrap()[..] else { panic!("{info}") };
    assert_eq!(gap["cause"], "pause");
    let (at, length) = (gap["at_ms"].as_u64().unwrap(), gap["length_ms"].as_u64().unwrap());
    let (from, to) = (at as usize * 16, (at + length) as usize * 16);
    assert!(at < 3 * EACH_MS && at + length >= 3 * EACH_MS, "{gap}");
    assert!(samples(&kept(&dir, ".wav")[0])[from + 16..to - 16].iter().all(|s| *s == 0));
    let transcript = fs::read_to_string(&kept(&dir, ".transcript.json")[0]).unwrap();
    for words in ["夕飯", "一時停止", "再開", "マーク", "記録終了", "要らない"] {
        assert!(!transcript.contains(words), "{words}");
    }
    assert_eq!(info["marks"][0]["kind"], "mark");
    assert!(info["duration_ms"].as_u64().unwrap() < 8 * EACH_MS, "it ended when it was told to");

    // The transcript makes the same record.
    let transcript = kept(&dir, ".transcript.json").remove(0);
    let again = dir.kikitori(args!["map", transcript, "--template=visit", "-f=json"]).json();
    assert_eq!(again["fields"], record["fields"]);
}

#[test]
fn several_forms_fill_up_side_by_side_and_the_sound_is_flac_where_asked_for() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。", "所見。説明が食い違う。", "今後の対応。", "なし。"]);
    let args = ["--template=visit,progress", "--audio-format=flac", "--speed=3", "--progress=json", "-o=out"];
    let mut dictate = dictate(&args);
    dictate.retain(|arg| *arg != "--template=visit");
    let ran = dir.kikitori(dictate);
    ran.ok();
    let told: Vec<serde_json::Value> =
        ran.err().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(told[0]["format"], "flac", "{}", ran.err());
    for form in ["面接・家庭訪問記録 参考様式(例)", "経過記録 参考様式(例)"] {
        let so_far: Vec<_> =
            told.iter().filter(|line| line["form"] == form && line["filled"].is_array()).collect();
        let lengths =
            |key: &str| so_far.iter().map(|line| line[key].as_array().unwrap().len()).collect::<Vec<_>>();
        let (filled, missing) = (lengths("filled"), lengths("missing"));
        assert!(
            filled.first() < filled.iter().max() && missing.last() > Some(&0),
            "{form}: {filled:?} {missing:?}"
        );
    }
    let [sound] = &kept(&dir, ".flac")[..] else { panic!("{:?}", kept(&dir, "")) };
    let back = dir.path("back.wav");
    let status = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(sound).arg(&back).status();
    assert!(status.unwrap().success());
    assert_eq!(samples(&back), samples(&dir.path("a.wav")));
    // It is a recording like any other.
    let listed = dir.kikitori(["recover", "list", "--json", "--recordings=kept"]).json();
    let waits = listed["awaiting_approval"][0]["sound"].as_str().unwrap();
    assert_eq!(Path::new(waits).file_name(), sound.file_name(), "{listed}");
}

#[test]
fn keys_are_lines_where_there_is_no_terminal() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。", "所見。説明が食い違う。", "今後の対応。", "なし。"]);
    let (mut child, mut lines) = start(&dir, &["-o=out.txt"]);
    let mut keys = child.stdin.take().unwrap();
    until(&mut lines, "recording");
    writeln!(keys, "m").unwrap();
    until(&mut lines, "marks: 1");
    writeln!(keys, "p").unwrap();
    until(&mut lines, "paused");
    std::thread::sleep(Duration::from_secs(2));
    writeln!(keys, "p").unwrap();
    until(&mut lines, "recording");
    writeln!(keys, "c\nf").unwrap();
    until(&mut lines, "saving");
    assert!(child.wait().unwrap().success());
    let info = info(&dir);
    let kinds: Vec<_> = info["marks"].as_array().unwrap().iter().map(|m| m["kind"].clone()).collect();
    assert_eq!(kinds, ["mark", "correction"]);
    let gap = &info["gaps"][0];
    // Two seconds, less the second before the word to go on.
    assert!((700..=1_600).contains(&gap["length_ms"].as_u64().unwrap()), "{gap}");
    assert!(fs::read_to_string(dir.path("out.txt")).unwrap().contains("面接・家庭訪問記録"));
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_there_is_a_screen_which_is_given_back() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。"]);
    let program = dir.command(dictate(&["-o=out.txt"]));
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let line = words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    let envs = program.get_envs().filter_map(|(name, value)| Some((name, value?)));
    // util-linux: runs the program on a terminal of its own.
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(dir.path(""))
        .env_clear()
        .envs(envs)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script of util-linux is missing");
    let mut keys = child.stdin.take().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    keys.write_all(b"mf").unwrap();
    let output = child.wait_with_output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{screen}");
    let (opened, closed) = (screen.find("\x1b[?1049h").unwrap(), screen.find("\x1b[?1049l").unwrap());
    assert!(opened < closed && screen[closed..].contains("once the record is approved"), "{screen}");
    assert_eq!(info(&dir)["marks"][0]["kind"], "mark");
    assert!(fs::read_to_string(dir.path("out.txt")).unwrap().contains("面接・家庭訪問記録"));
    drop(keys);
}

#[test]
fn an_interrupted_dictation_saves_its_sound() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。", "所見。説明が食い違う。", "なし。"]);
    for (n, name) in ["-TERM", "-INT"].into_iter().enumerate() {
        let (mut child, mut lines) = start(&dir, &["-o=out.txt"]);
        until(&mut lines, "recording");
        std::thread::sleep(Duration::from_millis(1_500));
        let stopped = Instant::now();
        signal(&child, name);
        let message = until(&mut lines, "the recording was saved");
        assert_eq!(child.wait().unwrap().code(), Some(130), "{message}");
        assert!(stopped.elapsed() < Duration::from_secs(4), "{:?}", stopped.elapsed());
        assert!(!dir.path("out.txt").exists());
        let sounds = kept(&dir, ".wav");
        assert_eq!(sounds.len(), n + 1);
        let (whole, sound) = (samples(&dir.path("a.wav")), samples(&sounds[n]));
        // With the half second after the word to stop.
        assert!(sound.len() >= 1_900 * 16, "{}", sound.len());
        assert_eq!(sound, whole[..sound.len()]);
    }
}

#[test]
fn what_a_crash_left_is_restored_at_the_next_start() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。"]);
    let (mut child, mut lines) = start(&dir, &[]);
    until(&mut lines, "recording");
    std::thread::sleep(Duration::from_secs(1));
    let while_recording = dir.kikitori(["recover", "--recordings=kept", "--lang=en"]).ok();
    assert!(while_recording.contains("nothing was interrupted"), "{while_recording}");
    child.kill().unwrap();
    child.wait().unwrap();
    let listed = dir.kikitori(["recover", "list", "--json", "--recordings=kept"]).json();
    let id = listed["interrupted"][0]["id"].as_str().unwrap().to_owned();
    assert!(listed["interrupted"][0]["duration_ms"].as_u64().unwrap() >= 800, "{listed}");

    let ran = dir.kikitori(dictate(&["--speed=20"]));
    ran.ok();
    assert!(ran.err().contains("was restored") && ran.err().contains(&id), "{}", ran.err());
    let sound = dir.path("kept").join(format!("{id}.wav"));
    let (whole, restored) = (samples(&dir.path("a.wav")), samples(&sound));
    assert_eq!(restored, whole[..restored.len()]);

    // Both wait for approval; one is discarded with a reason.
    let listed = dir.kikitori(["recover", "--recordings=kept", "--lang=en"]).ok();
    assert_eq!(listed.matches("waiting for approval").count(), 2, "{listed}");
    dir.kikitori(["recover", "discard", &id, "--recordings=kept"]).failed(2);
    dir.kikitori(["recover", "discard", &id, "--reason= ", "--recordings=kept"]).failed(2);
    let approved = dir.kikitori(["recover", "approve", &id, "--recordings=kept"]).ok();
    assert!(approved.contains("音声を消しました"), "{approved}");
    assert!(!sound.exists());
    assert!(fs::read_to_string(dir.path("kept/discarded.jsonl")).unwrap().contains("承認済み"));
    dir.kikitori(["recover", "restore", &id, "--recordings=kept"]).failed(4);
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_that_dies_again_and_again_costs_no_sound_and_no_record() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。", "所見。説明が食い違う。"]);
    let (child, mut lines) = start(&dir, &["--speed=2", "-f=json"]);
    until(&mut lines, "recording");
    let all = || fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().filter_map(Result::ok);
    let begun = Instant::now();
    let mut killed = 0;
    while begun.elapsed() < Duration::from_millis(EACH_MS) {
        // Whichever thread started it.
        for task in all() {
            let engines = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for engine in engines.split_whitespace() {
                killed += usize::from(Command::new("kill").args(["-9", engine]).status().unwrap().success());
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(killed >= 3, "{killed} engines were killed");
    let output = child.wait_with_output().unwrap();
    let record = Ran(output).json();
    assert_eq!(field(&record, "assess")["value"], "説明が食い違う。");
    assert_eq!(samples(&kept(&dir, ".wav")[0]), samples(&dir.path("a.wav")));
}

#[test]
fn an_engine_slower_than_speech_catches_up() {
    let dir = Dir::new();
    dictation_that_takes(&dir, &["目的、安全確認。", "本児の様子。元気。", "所見。説明が食い違う。"], 900);
    let ran = dir.kikitori(dictate(&["--speed=6", "-f=json"]));
    let record = ran.json();
    assert_eq!(field(&record, "purpose")["state"], "stated");
    assert_eq!(field(&record, "assess")["value"], "説明が食い違う。");
    assert_eq!(info(&dir)["gaps"], serde_json::json!([]));
    assert_eq!(samples(&kept(&dir, ".wav")[0]), samples(&dir.path("a.wav")));
}

#[test]
fn sound_that_is_never_kept_is_gone_once_the_record_is_there() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。"]);
    let mut command = dir.command(dictate(&["--speed=20", "--keep-audio=never", "-f=html", "-o=out.html"]));
    let ran = Ran(command.output().unwrap());
    ran.ok();
    assert!(ran.err().contains("sound: removed once the record is written"), "{}", ran.err());
    assert!(ran.err().contains("the recording was removed"), "{}", ran.err());
    assert_eq!((kept(&dir, ".wav"), kept(&dir, ".pcm")), (Vec::new(), Vec::new()));
    let page = fs::read_to_string(dir.path("out.html")).unwrap();
    assert!(page.contains("安全確認") && !page.contains("audio/wav"));

    // Without a record it is kept after all.
    fs::write(dir.path("busy"), "a file").unwrap();
    let args = dictate(&["--speed=20", "--keep-audio=never", "-o=busy/out.txt"]);
    dir.kikitori(&args).failed(7);
    assert_eq!(kept(&dir, ".wav"), Vec::<PathBuf>::new(), "it was told before anybody spoke");
}

#[test]
fn what_is_missing_is_told_before_anybody_speaks() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。"]);
    let base = ["dictate", "--template=visit", "--recordings=kept", "--lang=en"];
    let with = |more: &[&'static str]| dir.kikitori(base.into_iter().chain(more.iter().copied()));
    with(&["--device=no such microphone", "--engine=replay", "--model=a.json"]).failed(6);
    with(&["--from-file=missing.wav", "--engine=replay", "--model=a.json"]).failed(4);
    let model = with(&["--from-file=a.wav", "--engine=replay", "--model=missing.json"]);
    model.failed(5);
    fs::write(dir.path("file"), "a file").unwrap();
    let folder = ["--recordings=file/kept", "--from-file=a.wav", "--engine=replay", "--model=a.json"];
    let storage =
        dir.kikitori(["dictate", "--template=visit", "--lang=en"].into_iter().chain(folder)).failed(7);
    assert!(storage.contains("cannot"), "{storage}");
}

#[test]
fn the_log_of_a_dictation_holds_no_words() {
    let dir = Dir::new();
    dictation(&dir, &["目的、安全確認。", "所見。説明が食い違う。"]);
    let mut command = dir.command(dictate(&["--speed=10", "--progress=none", "-q", "-f=json"]));
    let ran = Ran(command.env("KIKITORI_LOG", "trace").output().unwrap());
    let log = ran.err();
    assert_eq!(field(&ran.json(), "assess")["value"], "説明が食い違う。");
    assert!(!log.is_empty(), "the log is on");
    for words in ["安全確認", "食い違う"] {
        assert!(!log.contains(words), "{log}");
    }
}
