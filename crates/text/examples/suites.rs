//! Scores the passes on public suites: `cargo run -p text --example suites [-- --misses]`.
//!
//! Reads `text/itn_wetext.tsv` and `text/timex.tsv` from the directory that `KIKITORI_EVAL_DIR` names. The suites have their
//! own conventions (〜 or ~, 3/4 or 4分の3, XXXX for a missing year); a row counts only where the normal form of this crate
//! says the same.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use jiff::civil::{Date, date};
use record::{Annotation, ClockTime, Document, Entity, Segment, Transcript};
use text::Chain;

#[derive(Default)]
struct Score {
    right: usize,
    all: usize,
    misses: Vec<String>,
}

impl Score {
    fn add(&mut self, input: &str, expected: &str, got: &str) {
        self.all += 1;
        if expected == got {
            self.right += 1;
        } else {
            self.misses.push(format!("{input} → {got} (expected {expected})"));
        }
    }
}

fn main() -> ExitCode {
    let Some(dir) = std::env::var_os("KIKITORI_EVAL_DIR") else {
        println!("not run: KIKITORI_EVAL_DIR is not set");
        return ExitCode::FAILURE;
    };
    let dir = Path::new(&dir).join("text");
    let misses = std::env::args().any(|a| a == "--misses");
    let mut failed = false;
    for (file, score) in [("itn_wetext.tsv", itn as fn(&[&str]) -> Option<Row>), ("timex.tsv", timex)] {
        match std::fs::read_to_string(dir.join(file)) {
            Ok(data) => report(file, &data, score, misses),
            Err(error) => {
                println!("{file}: {error}");
                failed = true;
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// One scored row: its group, the input, what was expected and what came out.
struct Row {
    group: String,
    input: String,
    expected: String,
    got: String,
}

fn report(file: &str, data: &str, score: fn(&[&str]) -> Option<Row>, misses: bool) {
    let mut groups: BTreeMap<String, Score> = BTreeMap::new();
    let mut total = Score::default();
    for line in data.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let Some(row) = score(&columns) else { continue };
        groups.entry(row.group).or_default().add(&row.input, &row.expected, &row.got);
        total.add(&row.input, &row.expected, &row.got);
    }
    println!("{file}: {} of {} ({:.3})", total.right, total.all, share(&total));
    for (name, group) in groups {
        println!("  {name}: {} of {} ({:.3})", group.right, group.all, share(&group));
        if misses {
            group.misses.iter().for_each(|miss| println!("    {miss}"));
        }
    }
}

fn share(score: &Score) -> f64 {
    score.right as f64 / score.all.max(1) as f64
}

/// Spoken to written form; the groups that switch single-digit or standalone numbers off contradict each other and are
/// left out.
fn itn(columns: &[&str]) -> Option<Row> {
    let [kind, category, input, expected] = columns else { return None };
    if *kind != "itn" || category.starts_with("normalizer_") {
        return None;
    }
    let got = run(input, None).text().replace('〜', "~");
    let plain = |s: &str| s.replace(',', "").replace('〜', "~");
    Some(Row {
        group: (*category).into(),
        input: (*input).into(),
        expected: plain(expected),
        got: plain(&got),
    })
}

/// Values of expressions that are dates, times or lengths of time in the sense of this crate.
fn timex(columns: &[&str]) -> Option<Row> {
    let [_, test, _, attribute, input, expected] = columns else { return None };
    let row = |got: String| {
        let group = format!("{attribute} {test}");
        Some(Row { group, input: (*input).into(), expected: (*expected).into(), got })
    };
    match *attribute {
        "value" if is_day(expected) => {
            // A missing year comes from the anchor: compare month and day.
            let anchor = expected.starts_with("XXXX").then(|| date(2025, 6, 15));
            let day = first(input, anchor, |a| match a.entity {
                Entity::Date(day) => day,
                _ => None,
            });
            let got = day.map_or("-".into(), |d: Date| d.to_string());
            row(if anchor.is_some() { format!("XXXX{}", got.get(4..).unwrap_or_default()) } else { got })
        }
        "value" if expected.starts_with('T') && !expected.contains("TXX") && !expected.starts_with("T24") => {
            let time = first(input, None, |a| match a.entity {
                Entity::Time(time) => Some(time),
                _ => None,
            });
            let got = time.map_or("-".into(), |t: ClockTime| {
                let hour = if t.next_day { t.hour + 24 } else { t.hour };
                format!("T{hour:02}-{:02}", t.minute)
            });
            // 1時 is T01-XX there; seconds are not kept here.
            let wanted = expected.get(..6).unwrap_or(expected).replace("XX", "00");
            let group = format!("{attribute} {test}");
            Some(Row { group, input: (*input).into(), expected: wanted, got })
        }
        "value"
            if expected.starts_with("PT")
                && expected.ends_with(['H', 'M'])
                && *test != "test_just_suffix" =>
        {
            let minutes = first(input, None, |a| match a.entity {
                Entity::Duration(minutes) => Some(minutes),
                _ => None,
            });
            let number: f64 = expected.trim_start_matches("PT").trim_end_matches(['H', 'M']).parse().ok()?;
            let wanted = if expected.ends_with('H') { number * 60.0 } else { number };
            let group = format!("{attribute} {test}");
            let got = minutes.map_or("-".into(), |m: u32| m.to_string());
            Some(Row { group, input: (*input).into(), expected: format!("{wanted:.0}"), got })
        }
        "return"
            if test.starts_with("test_kansuji2number") || test.starts_with("test_test_kansuji2number") =>
        {
            row(run(&format!("{input}個"), None).text().trim_end_matches('個').replace(',', ""))
        }
        "return" if test.starts_with("test_normalize") || test.starts_with("test_remove_comma") => {
            row(run(input, None).text().to_owned())
        }
        "return" => {
            let found = run(input, None).annotations().iter().filter(|a| is_time(a)).count();
            row(found.to_string())
        }
        _ => None,
    }
}

fn is_day(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    parts.len() == 3 && parts[1..].iter().all(|p| p.parse::<u8>().is_ok()) && parts[0].len() == 4
}

fn is_time(annotation: &Annotation) -> bool {
    matches!(
        annotation.entity,
        Entity::Date(_) | Entity::Time(_) | Entity::TimeRange(..) | Entity::Duration(_)
    )
}

fn first<T>(input: &str, anchor: Option<Date>, pick: impl Fn(&Annotation) -> Option<T>) -> Option<T> {
    run(input, anchor).annotations().iter().find_map(pick)
}

fn run(input: &str, anchor: Option<Date>) -> Document {
    let segment = Segment { raw: input.to_owned(), ..Segment::default() };
    let mut doc = Document::new(&Transcript { segments: vec![segment], edits: vec![] }, anchor);
    if let Err(error) = Chain::default().run(&mut doc) {
        println!("{error}");
    }
    doc
}
