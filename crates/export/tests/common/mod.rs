//! The hand-made record that the tests of this crate export.
#![allow(dead_code, clippy::unwrap_used, reason = "helpers of tests, each of which uses a part")]

use export::{RecordExporter, RecordOptions, TranscriptExporter, TranscriptFile};
use record::Record;
use record::template::{Template, parse_template, shipped_codes};

pub(crate) fn template() -> Template {
    let codes = shipped_codes().unwrap();
    parse_template(include_str!("../fixtures/visit.toml"), "visit.toml", &codes, &["any"]).unwrap()
}

/// A visit in two recordings, with every state, a table, a correction, a conflict, and speech that was kept out.
pub(crate) fn record() -> Record {
    serde_json::from_str(include_str!("../fixtures/visit.record.json")).unwrap()
}

pub(crate) fn transcript() -> TranscriptFile {
    let record = record();
    TranscriptFile::new(record.recorded_at, record.source, record.transcript)
}

pub(crate) fn write_transcript(exporter: &dyn TranscriptExporter, file: &TranscriptFile) -> String {
    let mut out = Vec::new();
    exporter.export(file, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn write_record(
    exporter: &dyn RecordExporter,
    record: &Record,
    options: &RecordOptions,
) -> String {
    let mut out = Vec::new();
    exporter.export(record, &template(), options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Words that try to be markup, script, a cue, a terminal command and a text in the other direction.
pub(crate) const HOSTILE: &str = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\n\n00:00:01.000 --> 00:00:02.000\nNOTE\u{1b}[2J\u{202e}逆{{7*7}}";

/// The record with hostile words wherever words can stand.
pub(crate) fn hostile() -> Record {
    let mut record = record();
    let text = || HOSTILE.to_owned();
    record.source.files[0].name = text();
    record.recorded_at = Some(text());
    if let Some(engine) = &mut record.source.engine {
        engine.model = text();
    }
    for segment in &mut record.transcript.segments {
        segment.speaker = Some(text());
        (segment.raw, segment.text) = (text(), text());
        segment.tokens.clear();
    }
    for edit in &mut record.transcript.edits {
        (edit.from, edit.to, edit.pass, edit.reason) = (text(), text(), text(), text());
    }
    for field in &mut record.fields {
        field.label = text();
        if field.state == record::State::Stated {
            field.display = text();
            field.detail = Some(text());
        }
        field.by = field.by.is_some().then(text);
        for citation in &mut field.citations {
            citation.quote = text();
        }
        for trace in &mut field.trace {
            (trace.first, trace.last) = (text(), text());
        }
        if let Some(record::Value::Rows(rows)) = &mut field.value {
            for row in rows {
                row.cells.values_mut().for_each(|cell| *cell = HOSTILE.into());
                row.cells.insert(text(), HOSTILE.into());
                row.citations.iter_mut().for_each(|c| c.quote = text());
            }
        }
    }
    for gap in &mut record.gaps {
        (gap.label, gap.question) = (text(), text());
    }
    for conflict in &mut record.conflicts {
        conflict.citations.iter_mut().for_each(|c| c.quote = text());
    }
    for sentence in &mut record.unassigned {
        sentence.text = text();
        sentence.citation.quote = text();
    }
    record
}
