//! Scoring records against expected ones: what `kikitori eval` measures.
//!
//! ```text
//! source: script or recording ─▶ transcript ─▶ map, once for each setting (ablation) ─▶ record
//!                                                                                       │
//! expected record ─▶ score: fields, states, gaps   grounding: words and times   wording: terms, characters
//!                                                                                       │
//!                                              report: table, JSON    plot: SVG    diff: two runs
//! ```

mod ablation;
mod compare;
mod diff;
mod expected;
mod grounding;
mod names;
mod plot;
mod polarity;
mod report;
mod score;
mod source;
mod tally;
mod wording;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use asr::Control;
use extract::Proposer;
use pipeline::MapOptions;
use record::template::Template;
use record::{Lang, Record, Source, Transcript};
use text::Morphology;

pub(crate) use diff::run as diff;

use crate::args::{EvalArgs, Global};
use crate::bias::BiasSetting;
use crate::commands::{engine, parse_recorded_at};
use crate::failure::Failure;
use crate::{forms, output, progress};
use ablation::{Program, Setting};
use grounding::Sentence;
use names::Names;
use report::{Report, Run};
use score::{Score, score};
use source::{Case, Listener};

/// Scores the dictations of a directory, with everything on and once for each ablation. `proposers` speak beside the rules.
pub(crate) fn run(
    args: &EvalArgs,
    dir: &Path,
    proposers: &[&dyn Proposer],
    global: &Global,
    control: &Control,
) -> Result<(), Failure> {
    let bias = args.audio && args.engine.bias != BiasSetting::Off;
    let program = Program { model: !proposers.is_empty(), bias };
    let mut settings = vec![ablation::full()];
    settings.extend(ablation::settings(&args.ablate, program)?);
    let mut cases = source::cases(dir)?;
    let engine = if args.audio { Some(engine(&args.engine)?) } else { None };
    if args.audio {
        let all = cases.len();
        cases.retain(|case| case.recording().is_some());
        if cases.is_empty() {
            return Err(Failure::bad_input(
                format!("録音がありません: {}", dir.display()),
                format!("no recordings: {}", dir.display()),
            ));
        }
        if cases.len() < all && !global.quiet {
            let spoken = cases.len();
            progress::line(&match global.lang() {
                Lang::Ja => format!("{all}件のうち録音のある{spoken}件を評価します"),
                Lang::En => format!("scoring the {spoken} of {all} dictations that have a recording"),
            });
        }
    }
    let listener = engine.as_deref().map(|engine| Listener {
        engine,
        args: &args.engine,
        control,
        cache: args.cache.as_deref(),
    });
    let mut runs: Vec<Run> = settings.iter().map(|s| Run::new(&s.name)).collect();
    for case in &cases {
        if control.is_cancelled() {
            return Err(Failure::interrupted());
        }
        let template = forms::by_id(&case.expected.template, None)?;
        let heard = |biased: bool| match &listener {
            Some(listener) => listener.listen(&case.recording().unwrap_or_default(), &template, biased),
            None => case.scripted(),
        };
        let usual = heard(true)?;
        for (setting, run) in settings.iter().zip(&mut runs) {
            let heard = if setting.bias { usual.clone() } else { heard(false)? };
            let spoken = if setting.model { proposers } else { &[] };
            run.add(case, judge(case, &template, setting, spoken, heard, listener.is_some())?);
        }
    }
    let report = Report::new(listener.is_some(), runs);
    if let Some(path) = &args.plot {
        output::to_file(path, |out| write(out, path, &plot::svg(&report)))?;
    }
    match &args.json {
        Some(path) if path != Path::new("-") => {
            output::to_file(path, |out| write(out, path, &report.json()?))?;
            output::to_stdout(|out| write(out, Path::new("-"), &report.table(args.details)))
        }
        Some(path) => output::to_stdout(|out| write(out, path, &report.json()?)),
        None => output::to_stdout(|out| write(out, Path::new("-"), &report.table(args.details))),
    }
}

fn write(out: &mut dyn std::io::Write, path: &Path, text: &str) -> Result<(), Failure> {
    out.write_all(text.as_bytes()).map_err(|e| Failure::io(path, &e))
}

/// Makes the record of one dictation under one setting and measures it.
fn judge(
    case: &Case,
    template: &Template,
    setting: &Setting,
    proposers: &[&dyn Proposer],
    (transcript, source): (Transcript, Source),
    from_audio: bool,
) -> Result<Score, Failure> {
    let recorded_at = Some(parse_recorded_at(&case.expected.recorded_at)?);
    let map = |transcript: Transcript, source: Source, passes: Option<Vec<String>>| {
        let options = MapOptions {
            recorded_at: recorded_at.clone(),
            passes,
            proposers: proposers.to_vec(),
            ..MapOptions::default()
        };
        pipeline::map(transcript, source, template, &options).map_err(Failure::from)
    };
    let raw = transcript.clone();
    let start = Instant::now();
    let record = map(transcript, source.clone(), setting.passes.clone())?;
    let mapping_ms = start.elapsed().as_secs_f64() * 1000.0;

    let names = if from_audio { Names::Read(Morphology::shared()?) } else { Names::Written };
    let mut score = score(&record, &case.expected, template, names);
    (score.mapping_ms, score.mapping_ms_max) = (mapping_ms, mapping_ms);
    let script =
        map(case.by_sentence().unwrap_or(case.scripted()?.0), Source::default(), setting.passes.clone())?;
    let spoken = from_audio.then(|| case.sentences.as_ref().map(|s| written(s, &script))).flatten();
    score.citations = grounding::citations(&record, spoken.as_deref());
    let repaired = repaired(&raw, setting, |passes| map(raw.clone(), source.clone(), Some(passes)))?;
    score.wording = measure_words(case, &record, &repaired, &wording::text(&script.transcript), from_audio);
    Ok(score)
}

/// The sentences with their words after the passes, as the record cites them.
fn written(sentences: &[Sentence], script: &Record) -> Vec<Sentence> {
    let texts = script.transcript.segments.iter().map(|s| s.text.clone());
    sentences.iter().zip(texts).map(|(s, text)| Sentence { text, ..s.clone() }).collect()
}

/// The words after the repair passes of this setting alone.
fn repaired(
    raw: &Transcript,
    setting: &Setting,
    map: impl FnOnce(Vec<String>) -> Result<Record, Failure>,
) -> Result<String, Failure> {
    let all = || pipeline::pass_names().into_iter().map(ToOwned::to_owned).collect();
    let on: Vec<String> = setting.passes.clone().unwrap_or_else(all);
    let repairs: Vec<String> =
        on.into_iter().filter(|name| wording::REPAIR_PASSES.contains(&name.as_str())).collect();
    if repairs.is_empty() {
        return Ok(wording::raw(raw));
    }
    Ok(wording::text(&map(repairs)?.transcript))
}

fn measure_words(
    case: &Case,
    record: &Record,
    repaired: &str,
    script_written: &str,
    from_audio: bool,
) -> wording::Wording {
    let (transcript, script) = (&record.transcript, case.script.as_str());
    let heard = wording::raw(transcript);
    let (replacements, wrong_replacements) = wording::replacements(transcript, script, !from_audio);
    wording::Wording {
        terms_heard: wording::terms(&heard, script, &case.expected.terms),
        terms_kept: wording::terms(&wording::text(transcript), script, &case.expected.terms),
        wrong_replacements,
        replacements,
        raw: wording::errors(&heard, script),
        repaired: wording::errors(repaired, script),
        written: wording::errors(&wording::text(transcript), script_written),
    }
}

/// Scores by a name: of a form, a style, a dictation.
type Named = BTreeMap<String, Score>;

/// Reads a report that an earlier run wrote.
fn read_report(path: &Path) -> Result<Report, Failure> {
    let source = fs::read_to_string(path).map_err(|e| Failure::io(path, &e))?;
    Report::parse(&source).map_err(|e| {
        Failure::bad_input(
            format!("評価結果のJSONとして読めません: {}: {e}", path.display()),
            format!("not the JSON of an evaluation: {}: {e}", path.display()),
        )
    })
}
