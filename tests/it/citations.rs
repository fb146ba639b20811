//! Every value cites words of the transcript that are spoken at that time.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::harness::{Dir, args, heard_samples, root, schema_errors};

/// Farthest that a citation may leave the sentence in which its words are spoken.
const TOLERANCE_MS: u64 = 300;
/// Share of the quotes that may stand elsewhere: the alignment moves a word over the pause beside it now and then, and a
/// word that was misheard may be one of another sentence.
const ELSEWHERE: f64 = 0.06;

struct Sentence {
    start_ms: u64,
    end_ms: u64,
    text: String,
}

/// When each sentence of a sample was spoken, from its synthesis.
fn spoken(stem: &str) -> Vec<Sentence> {
    let table = fs::read_to_string(root().join(format!("samples/{stem}.times.tsv"))).unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        let (start_ms, end_ms) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
        Some(Sentence { start_ms, end_ms, text: cells.next()?.to_owned() })
    });
    rows.collect()
}

/// The records of all samples from what was heard, made once for all tests here.
fn records() -> &'static [(String, serde_json::Value)] {
    static RECORDS: OnceLock<Vec<(String, serde_json::Value)>> = OnceLock::new();
    RECORDS.get_or_init(|| {
        let heard = heard_samples().transcripts().into_iter();
        heard.map(|(stem, transcript)| (stem.clone(), record(&stem, &transcript))).collect()
    })
}

fn record(stem: &str, transcript: &Path) -> serde_json::Value {
    let template = stem.split('-').next().unwrap();
    let form = args!["--template", template, "--recorded-at", "2025-09-11", "-f", "json"];
    Dir::new().kikitori(args!["map", transcript].into_iter().chain(form)).json()
}

fn citations(record: &serde_json::Value) -> Vec<(String, u64, u64)> {
    let mut found = Vec::new();
    for field in record["fields"].as_array().unwrap() {
        let rows = field["value"].as_array().into_iter().flatten();
        for holder in std::iter::once(field).chain(rows) {
            for c in holder["citations"].as_array().into_iter().flatten() {
                let ms = |key: &str| c[key].as_u64().unwrap();
                found.push((c["quote"].as_str().unwrap().to_owned(), ms("start_ms"), ms("end_ms")));
            }
        }
    }
    found
}

#[test]
fn the_records_of_recordings_validate_against_the_schema() {
    for (stem, record) in records() {
        assert_eq!(schema_errors(record), [""; 0], "{stem}");
    }
}

#[test]
fn quotes_are_words_of_the_segments_that_are_spoken_then() {
    for (stem, record) in records() {
        let segments = record["transcript"]["segments"].as_array().unwrap();
        for (quote, start_ms, end_ms) in citations(record) {
            assert!(start_ms <= end_ms, "{stem}: a citation that ends before it starts");
            let then = segments.iter().filter(|s| {
                s["start_ms"].as_u64().unwrap() <= end_ms && s["end_ms"].as_u64().unwrap() >= start_ms
            });
            let text: String = then.map(|s| s["text"].as_str().unwrap()).collect();
            assert!(text.contains(&quote), "{stem}: not said in {start_ms}–{end_ms}");
        }
    }
}

/// Of the quotes whose words stand in one sentence of the script, as they were spoken.
#[test]
fn quotes_are_spoken_at_their_time() {
    let (mut checked, mut misses) = (0_u32, Vec::new());
    for (stem, record) in records() {
        let sentences = spoken(stem);
        for (quote, start_ms, end_ms) in citations(record) {
            let words = quote.trim_end_matches(['。', '、']);
            if words.chars().count() < 2 {
                continue;
            }
            let places: Vec<&Sentence> = sentences.iter().filter(|s| s.text.contains(words)).collect();
            let [sentence] = places.as_slice() else { continue };
            checked += 1;
            if start_ms + TOLERANCE_MS < sentence.start_ms || end_ms > sentence.end_ms + TOLERANCE_MS {
                misses.push(format!(
                    "{stem}: cited {start_ms}–{end_ms}, spoken within {}–{}",
                    sentence.start_ms, sentence.end_ms
                ));
            }
        }
    }
    assert!(checked >= 30, "too few quotes to judge: {checked}");
    let share = misses.len() as f64 / f64::from(checked);
    assert!(share <= ELSEWHERE, "{} of {checked}: {misses:#?}", misses.len());
}
