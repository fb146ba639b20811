//! `kikitori eval`: scores records against expected ones.

use std::fs;
use std::path::{Path, PathBuf};

use asr::Control;
use export::read_transcript;
use extract::model::Tagger;
use pipeline::{Input, MapOptions};
use record::Record;

use super::templates::{print_json, print_text};
use super::{engine, parse_recorded_at, proposers, tagger, transcribe_options};
use crate::args::{EvalArgs, Global};
use crate::failure::Failure;
use crate::forms;
use crate::score::{Expected, Score, score};

const EXPECTED: &str = ".expected.json";
const RECORDINGS: &[&str] = &["opus", "wav", "flac", "mp3", "m4a", "ogg", "webm"];

pub(crate) fn run(args: &EvalArgs, _global: &Global, control: &Control) -> Result<(), Failure> {
    let mut cases = Vec::new();
    let mut total = Score::default();
    let tagger = tagger(args.no_model_pass)?;
    let engine = if args.audio { Some(engine(&args.engine)?) } else { None };
    for (stem, path) in stems(&args.dir)? {
        let source = fs::read_to_string(&path).map_err(|e| Failure::io(&path, &e))?;
        let expected: Expected = serde_json::from_str(&source).map_err(|e| {
            Failure::bad_input(
                format!("期待値を読めません: {}: {e}", path.display()),
                format!("not an expected record: {}: {e}", path.display()),
            )
        })?;
        let base = args.dir.join(&stem);
        let record = match &engine {
            Some(engine) => from_audio(&base, &expected, &**engine, args, control, &tagger)?,
            None => from_text(&base, &expected, &tagger)?,
        };
        let scored = score(&record, &expected);
        total.add(&scored);
        cases.push((stem, scored));
    }
    if cases.is_empty() {
        return Err(Failure::bad_input(
            format!("評価するものがありません: {}", args.dir.display()),
            format!("nothing to score: {}", args.dir.display()),
        ));
    }
    if args.json {
        let rows: serde_json::Map<String, serde_json::Value> =
            cases.iter().map(|(stem, score)| (stem.clone(), serde_json::json!(score))).collect();
        return print_json(&serde_json::json!({ "schema_version": 1, "cases": rows, "total": total }));
    }
    let mut text = format!("{:<20} {:>10} {:>10} {:>6} {:>7}\n", "", "correct", "states", "wrong", "gaps");
    for (stem, score) in cases.iter().chain([&("total".to_owned(), total)]) {
        text.push_str(&line(stem, score));
        if args.details {
            score.differences.iter().for_each(|d| text.push_str(&format!("    {d}\n")));
        }
    }
    print_text(&text)
}

fn line(name: &str, s: &Score) -> String {
    let share = if s.expected == 0 { 1.0 } else { s.correct as f64 / s.expected as f64 };
    format!(
        "{name:<20} {:>4}/{:<3} {:>4.0}% {:>4}/{:<4} {:>5} {:>3}/{:<3}\n",
        s.correct,
        s.expected,
        share * 100.0,
        s.states,
        s.fields,
        s.wrong_fills,
        s.gaps_found,
        s.gaps_expected
    )
}

/// Stems with an expected record, by name.
fn stems(dir: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| Failure::io(dir, &e))? {
        let path = entry.map_err(|e| Failure::io(dir, &e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(EXPECTED) {
            found.push((stem.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

fn from_text(base: &Path, expected: &Expected, tagger: &Option<Tagger>) -> Result<Record, Failure> {
    let path = base.with_extension("txt");
    let bytes = fs::read(&path).map_err(|e| Failure::io(&path, &e))?;
    // A script without words is the script of a silent recording.
    let (transcript, source) = if bytes.iter().all(u8::is_ascii_whitespace) {
        Default::default()
    } else {
        let file = read_transcript(&bytes, &path.to_string_lossy())?;
        (file.transcript, file.source)
    };
    finish(transcript, source, expected, tagger)
}

fn from_audio(
    base: &Path,
    expected: &Expected,
    engine: &dyn asr::Engine,
    args: &EvalArgs,
    control: &Control,
    tagger: &Option<Tagger>,
) -> Result<Record, Failure> {
    let path = RECORDINGS.iter().map(|e| base.with_extension(e)).find(|p| p.exists()).ok_or_else(|| {
        Failure::bad_input(
            format!("録音がありません: {}", base.display()),
            format!("no recording: {}", base.display()),
        )
    })?;
    let inputs = [Input::new(path)];
    let template = forms::by_id(&expected.template, None)?;
    let options = transcribe_options(&args.engine, &inputs, template.prompt.as_deref());
    let done = pipeline::transcribe(&inputs, engine, &options, control, &mut |_| {})?;
    finish(done.transcript, done.source, expected, tagger)
}

fn finish(
    transcript: record::Transcript,
    source: record::Source,
    expected: &Expected,
    tagger: &Option<Tagger>,
) -> Result<Record, Failure> {
    let template = forms::by_id(&expected.template, None)?;
    let recorded_at = Some(parse_recorded_at(&expected.recorded_at)?);
    let options = MapOptions { recorded_at, proposers: proposers(tagger), ..MapOptions::default() };
    Ok(pipeline::map(transcript, source, &template, &options)?)
}
