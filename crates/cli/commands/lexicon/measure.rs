//! What the speech model really writes for the terms.

use std::fs;
use std::path::{Path, PathBuf};

use asr::Control;
use record::{Document, Segment, Token, Transcript};
use text::lexicon::measure::{Heard, heard, table};
use text::{Chain, Lexicon, Pass};

use super::super::templates::print_text;
use super::super::{Inputs, transcription};
use crate::args::{EngineArgs, Global};
use crate::failure::Failure;
use crate::lexicon;

/// Endings of the tables of what is spoken.
const TABLES: [&str; 2] = [".times.tsv", ".tsv"];
const RECORDINGS: [&str; 6] = ["wav", "opus", "m4a", "mp3", "flac", "ogg"];
/// A token belongs to the spoken row that its middle lies in, or at most this far from.
const SLACK_MS: u64 = 300;

/// What to measure.
pub(super) struct Job<'a> {
    pub(super) dir: &'a Path,
    pub(super) transcripts: Option<&'a Path>,
    pub(super) only: &'a str,
    pub(super) recall: bool,
    pub(super) engine: &'a EngineArgs,
}

/// One row of a table: when, and what was said.
struct Spoken {
    start_ms: u64,
    end_ms: u64,
    words: String,
}

pub(super) fn run(job: &Job<'_>, global: &Global, control: &Control) -> Result<(), Failure> {
    let lexicon = lexicon::office()?.unwrap_or_else(Lexicon::shipped);
    let (mut raw, mut repaired, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for (stem, rows) in tables(job)? {
        let transcript = transcript(job, &stem, global, control)?;
        for row in rows {
            let tokens = between(&transcript, &row);
            let written: String = tokens.iter().map(|t| t.text.as_str()).collect();
            raw.extend(heard(&lexicon, &row.words, &written)?);
            if job.recall {
                let mut doc = document(written, tokens);
                Chain::default().with(lexicon.clone()).run(&mut doc)?;
                repaired.extend(heard(&lexicon, &row.words, doc.text())?);
                // The words as the passes write them: 一歳六か月 is 1歳6か月 in a document.
                let mut said = document(row.words.clone(), Vec::new());
                Chain::default().run(&mut said)?;
                let edits = doc.mapped().edits().iter().filter(|e| e.pass == lexicon.name());
                wrong.extend(
                    edits.filter(|e| !said.text().contains(&e.to)).map(|e| (e.from.clone(), e.to.clone())),
                );
            }
        }
    }
    if job.recall {
        return print_text(&recall(&raw, &repaired, &wrong));
    }
    let rows: Vec<String> = table(raw)
        .into_iter()
        .map(|((term, written), times)| format!("{term}\t{written}\t{times}\n"))
        .collect();
    print_text(&rows.concat())
}

fn document(raw: String, tokens: Vec<Token>) -> Document {
    let segment = Segment { raw, tokens, ..Segment::default() };
    Document::new(&Transcript { segments: vec![segment], edits: Vec::new() }, None)
}

/// Recall before and after, then every term that was lost, with what was written and what the repair made of it, and every
/// repair that wrote what nobody said.
fn recall(raw: &[Heard], repaired: &[Heard], wrong: &[(String, String)]) -> String {
    let right = |all: &[Heard]| all.iter().filter(|h| h.written.as_deref() == Some(&h.term)).count();
    let share = |n: usize| n as f64 / raw.len().max(1) as f64;
    let (before, after) = (right(raw), right(repaired));
    let mut out = format!(
        "terms\t{}\nrecall before\t{:.3}\nrecall after\t{:.3}\nwrong replacements\t{}\n",
        raw.len(),
        share(before),
        share(after),
        wrong.len()
    );
    for (was, is) in raw.iter().zip(repaired) {
        if is.written.as_deref() != Some(&is.term) {
            let word = |h: &Heard| h.written.clone().unwrap_or_else(|| "-".to_owned());
            out.push_str(&format!("lost\t{}\t{}\t{}\n", is.term, word(was), word(is)));
        }
    }
    for (from, to) in wrong {
        out.push_str(&format!("wrong\t{from}\t{to}\n"));
    }
    out
}

/// The tables of the directory with the recordings that they belong to, by name.
fn tables(job: &Job<'_>) -> Result<Vec<(PathBuf, Vec<Spoken>)>, Failure> {
    let mut tables = Vec::new();
    let entries = fs::read_dir(job.dir).map_err(|e| Failure::io(job.dir, &e))?;
    for entry in entries {
        let path = entry.map_err(|e| Failure::io(job.dir, &e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(stem) = TABLES.iter().find_map(|end| name.strip_suffix(end)) else { continue };
        if stem.starts_with(job.only) {
            tables.push((job.dir.join(stem), rows(&path)?));
        }
    }
    tables.sort_by(|a, b| a.0.cmp(&b.0));
    tables.dedup_by(|a, b| a.0 == b.0);
    Ok(tables)
}

fn rows(path: &Path) -> Result<Vec<Spoken>, Failure> {
    let table = fs::read_to_string(path).map_err(|e| Failure::io(path, &e))?;
    let mut rows = Vec::new();
    for (i, line) in table.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let row = match columns[..] {
            [start, end, words] => start
                .parse()
                .ok()
                .zip(end.parse().ok())
                .map(|(start_ms, end_ms)| Spoken { start_ms, end_ms, words: words.to_owned() }),
            _ => None,
        };
        rows.push(row.ok_or_else(|| {
            Failure::bad_input(
                format!("開始ms、終了ms、言葉の3列ではありません: {} {}行目", path.display(), i + 1),
                format!("not start, end and words: {} line {}", path.display(), i + 1),
            )
        })?);
    }
    Ok(rows)
}

fn transcript(job: &Job<'_>, stem: &Path, global: &Global, control: &Control) -> Result<Transcript, Failure> {
    if let Some(dir) = job.transcripts {
        let path = dir.join(stem.file_name().unwrap_or_default()).with_extension("json");
        let bytes = fs::read(&path).map_err(|e| Failure::io(&path, &e))?;
        return Ok(export::read_transcript(&bytes, &path.to_string_lossy())?.transcript);
    }
    let recording = RECORDINGS.iter().map(|end| stem.with_extension(end)).find(|path| path.is_file());
    let recording = recording.ok_or_else(|| {
        Failure::bad_input(
            format!("録音がありません: {}", stem.display()),
            format!("no recording: {}", stem.display()),
        )
    })?;
    let inputs = Inputs::open(&[recording])?;
    let done = transcription(&inputs, job.engine, None, asr::Bias::new(Vec::new()), global, control)?.done;
    if done.cancelled { Err(Failure::interrupted()) } else { Ok(done.transcript) }
}

/// The tokens that were spoken in this row.
fn between(transcript: &Transcript, row: &Spoken) -> Vec<Token> {
    let tokens = transcript.segments.iter().flat_map(|s| &s.tokens);
    let inside = |t: &&Token| {
        let middle = t.start_ms.midpoint(t.end_ms);
        row.start_ms.saturating_sub(SLACK_MS) <= middle && middle <= row.end_ms + SLACK_MS
    };
    tokens.filter(inside).cloned().collect()
}
