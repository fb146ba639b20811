//! What every format must keep, as functions that the tests of each one run.

use std::io::{self, Write};

use record::template::Template;
use record::{Lang, Record, State};

use crate::{Error, ErrorKind, RecordExporter, RecordOptions, TranscriptExporter, TranscriptFile};

/// Checks a transcript format with one transcript, whose words have no characters that the format escapes.
///
/// # Panics
/// When a duty of [`TranscriptExporter`] is not kept, naming it.
pub fn transcript_exporter(exporter: &dyn TranscriptExporter, file: &TranscriptFile) {
    let name = exporter.name();
    check_name(name);
    let output = check_output(name, &|out| exporter.export(file, out));
    let squeezed = squeeze(&output);
    for segment in file.transcript.segments.iter().filter(|s| s.is_mapped()) {
        assert!(
            squeezed.contains(&squeeze(&segment.text)),
            "{name}: the words of the segment at {} ms are missing",
            segment.start_ms
        );
    }
    let empty = TranscriptFile::new(None, record::Source::default(), record::Transcript::default());
    check_output(name, &|out| exporter.export(&empty, out));
}

/// Checks a record format with one record and its template, in both languages. The record's words have no characters
/// that the format escapes.
///
/// # Panics
/// When a duty of [`RecordExporter`] is not kept, naming it.
pub fn record_exporter(exporter: &dyn RecordExporter, record: &Record, template: &Template) {
    let name = exporter.name();
    check_name(name);
    for lang in [Lang::Ja, Lang::En] {
        let options = RecordOptions { lang, audio: Vec::new() };
        let output = squeeze(&check_output(name, &|out| exporter.export(record, template, &options, out)));
        let has = |words: &str| output.contains(&squeeze(words));
        for (index, field) in record.fields.iter().enumerate() {
            let is_table = matches!(field.value, Some(record::Value::Rows(_)));
            let labelled = template.field(&field.id).is_none_or(|spec| has(&spec.label));
            assert!(labelled, "{name}: the label of field {index} is missing");
            // A value that is its quotes may be printed in pieces with times between them.
            let whole = field.display.lines().all(has) || field.citations.iter().all(|c| has(&c.quote));
            let printed = is_table || field.state == State::NotMentioned || whole;
            assert!(printed, "{name}: the value of field {index} is missing");
        }
        assert!(record.gaps.iter().all(|gap| has(&gap.question)), "{name}: a gap is missing");
        assert!(record.unassigned.iter().all(|u| has(&u.text)), "{name}: an unassigned sentence is missing");
        let mut statements = record.conflicts.iter().flat_map(|c| &c.citations);
        assert!(statements.all(|c| has(&c.quote)), "{name}: a statement of a conflict is missing");
        let mut barred = record.transcript.segments.iter().filter(|s| !s.is_mapped());
        assert!(barred.all(|s| has(&s.text)), "{name}: speech that was kept out is missing");
        assert!(record.transcript.edits.iter().all(|e| has(&e.from)), "{name}: an edit is missing");
    }
    let other = Template { id: format!("{}-other", template.id), ..template.clone() };
    let kind =
        exporter.export(record, &other, &RecordOptions::default(), &mut io::sink()).err().map(|e| e.kind());
    assert_eq!(kind, Some(ErrorKind::Mismatch), "{name}: a record of another template was written");
}

fn check_name(name: &str) {
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    assert!(is_name, "not lower-case ASCII: {name}");
}

/// Writes twice and to a full disk, and gives back the output.
fn check_output(name: &str, export: &dyn Fn(&mut dyn Write) -> Result<(), Error>) -> String {
    let write = || {
        let mut out = Vec::new();
        export(&mut out).map(|()| out)
    };
    let first = match write() {
        Ok(output) => output,
        Err(error) => panic!("{name}: {error}"),
    };
    assert!(write().is_ok_and(|second| second == first), "{name}: the same input gave another output");
    for room in [0, first.len() / 2, first.len() - 1] {
        let kind = export(&mut Full { room }).err().map(|e| e.kind());
        assert_eq!(
            kind,
            Some(ErrorKind::DiskFull),
            "{name}: a full disk after {room} bytes was not reported"
        );
    }
    assert!(first.ends_with(b"\n"), "{name}: the output does not end with a line feed");
    let Ok(output) = String::from_utf8(first) else { panic!("{name}: the output is not UTF-8") };
    let stray = output.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
    assert_eq!(stray, None, "{name}: a control character in the output");
    output
}

/// The characters without spaces, line feeds and what formats put in the place of forbidden ones.
fn squeeze(words: &str) -> String {
    crate::label::clean(words).chars().filter(|c| !c.is_whitespace()).collect::<String>().replace("-->", "→")
}

/// A disk with room for some bytes.
struct Full {
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = bytes.len().min(self.room);
        self.room -= written;
        if written == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(written) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
