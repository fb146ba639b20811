//! From speech to fields: the samples as recordings.

use crate::harness::{Dir, MODEL, args, field, heard_samples, sample};

#[test]
fn the_benchmark_sample_fills_a_visit_form() {
    let dir = Dir::new();
    let file = sample("visit-home.opus");
    let args = args![
        "record",
        &file,
        "--template",
        "visit",
        "-f",
        "json",
        "--recorded-at",
        "2025-09-11T16:40:00+09:00"
    ];
    let record = dir.kikitori(args).json();
    let duration_ms = record["source"]["files"][0]["duration_ms"].as_u64().unwrap();
    assert!((47_900..48_100).contains(&duration_ms), "{duration_ms}");
    assert_eq!(record["source"]["engine"]["model"], MODEL);
    // The small model may mishear 午後; the day is clear.
    let start = field(&record, "at")["value"]["start"].as_str().unwrap().to_owned();
    assert!(start.starts_with("2025-09-11"), "{start}");
    assert_eq!(field(&record, "next")["state"], "stated");
}

#[test]
fn silence_fills_nothing_and_is_a_gap_everywhere() {
    let file = sample("silence.opus");
    let args = args!["record", &file, "--template", "visit", "-f", "json"];
    let record = Dir::new().kikitori(args).json();
    assert!(record["fields"].as_array().unwrap().iter().all(|f| f["state"] == "not_mentioned"));
    assert_eq!(record["transcript"]["segments"].as_array().map(Vec::len), Some(0));
    assert!(record["gaps"].as_array().unwrap().len() >= 10);
}

#[test]
fn several_files_in_order_make_one_record() {
    let dir = Dir::new();
    let (a, b) = (sample("silence.opus"), sample("visit-home.opus"));
    let args = args!["record", a, b, "--template", "visit", "-f", "json", "--tier=fast"];
    let record = dir.kikitori(args).json();
    assert_eq!(record["source"]["files"].as_array().map(Vec::len), Some(2));
    let citations = field(&record, "at")["citations"].as_array().unwrap();
    assert!(citations.iter().all(|c| c["file"] == 1), "the words are in the second file");
}

#[test]
fn a_recording_comes_from_standard_input_too() {
    let dir = Dir::new();
    let file = std::fs::File::open(sample("silence.opus")).unwrap();
    let output = dir.command(["transcribe", "-", "-f", "json"]).stdin(file).output().unwrap();
    let transcript: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(transcript["source"]["files"][0]["name"], "-");
    assert_eq!(transcript["source"]["files"][0]["duration_ms"], 20_000);
}

#[test]
fn the_page_is_one_file_with_its_sound() {
    let dir = Dir::new();
    let file = sample("visit-home.opus");
    let args = args!["record", &file, "--template", "visit", "-f", "html", "-o", "out.html", "--tier=fast"];
    dir.kikitori(args).ok();
    let page = std::fs::read_to_string(dir.path("out.html")).unwrap();
    let sound = std::fs::metadata(&file).unwrap().len() as usize;
    assert!(page.contains("audio/ogg") && page.len() > sound * 4 / 3, "the sound is in the page");
    for address in ["src=\"http", "href=\"http", "url(http", "fetch(", "import("] {
        assert!(!page.contains(address), "the page asks for something: {address}");
    }
}

#[test]
fn subtitles_are_in_order_and_do_not_overlap() {
    let file = sample("visit-home.opus");
    let srt = Dir::new().kikitori(args!["transcribe", &file, "-f", "srt", "--tier=fast"]).ok();
    let times: Vec<(String, String)> = srt
        .lines()
        .filter_map(|l| l.split_once(" --> "))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect();
    assert!(times.len() >= 3, "{srt}");
    assert!(times.iter().all(|(start, end)| start < end));
    assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0));
}

/// At least this share of the fields that the samples' references fill is right, from the recordings with the default model.
const CORRECT_FROM_AUDIO: f64 = 0.5;

#[test]
fn the_samples_recordings_fill_their_fields() {
    let scores = &heard_samples().scores;
    let total = &scores["total"];
    let share = total["correct"].as_f64().unwrap() / total["expected"].as_f64().unwrap();
    assert!(share >= CORRECT_FROM_AUDIO, "{share:.3}: {total}");
    assert_eq!(scores["cases"]["silence"]["wrong_fills"], 0);
}
