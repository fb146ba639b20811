//! The form as lines of text: for a terminal, and to paste into another program.

use std::io::{self, Write};

use record::template::Template;
use record::{Citation, Flag, Lang, Record, Trace};

use super::printed::{Content, content, counted_edits, fields, recorded_at};
use super::{RecordExporter, RecordOptions, check_template};
use crate::label::{self, clean, one_line};
use crate::{Error, Result};

pub(super) struct Text;

impl RecordExporter for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn export(
        &self,
        record: &Record,
        template: &Template,
        options: &RecordOptions,
        out: &mut dyn Write,
    ) -> Result<()> {
        check_template(record, template)?;
        let words = if options.lang == Lang::Ja { &JA } else { &EN };
        let mut page = Page { record, template, lang: options.lang, words, out };
        page.head().and_then(|()| page.form()).and_then(|()| page.lists()).map_err(Error::write)
    }
}

/// The words around the form's own.
struct Chrome {
    colon: &'static str,
    draft: &'static str,
    recorded_at: &'static str,
    recording: &'static str,
    text_file: &'static str,
    partial: &'static str,
    engine: &'static str,
    not_mentioned: &'static str,
    for_a_person: &'static str,
    sealed: &'static str,
    check: &'static str,
    corrected: &'static str,
    gaps: &'static str,
    conflicts: &'static str,
    unassigned: &'static str,
    barred: &'static str,
    edits: &'static str,
    deleted: &'static str,
    none: &'static str,
}

static JA: Chrome = Chrome {
    colon: ": ",
    draft: "下書き(未確認)",
    recorded_at: "録音日時",
    recording: "録音",
    text_file: "文字の入力",
    partial: "途中まで",
    engine: "音声認識",
    not_mentioned: "(未口述)",
    for_a_person: "(職員が記入)",
    sealed: "【封印】",
    check: "要確認",
    corrected: "言い直し",
    gaps: "聞き漏れ票",
    conflicts: "食い違い",
    unassigned: "未分類",
    barred: "除外した音声",
    edits: "修正の記録",
    deleted: "(削除)",
    none: "なし",
};

static EN: Chrome = Chrome {
    colon: ": ",
    draft: "Draft, not confirmed",
    recorded_at: "Recorded at",
    recording: "Recording",
    text_file: "Text input",
    partial: "incomplete",
    engine: "Speech recognition",
    not_mentioned: "(not mentioned)",
    for_a_person: "(for a person to fill in)",
    sealed: " [sealed]",
    check: "To check",
    corrected: "Corrected",
    gaps: "Not covered",
    conflicts: "Statements that differ",
    unassigned: "Unassigned",
    barred: "Speech left out",
    edits: "Edits",
    deleted: "(deleted)",
    none: "none",
};

struct Page<'a> {
    record: &'a Record,
    template: &'a Template,
    lang: Lang,
    words: &'static Chrome,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn head(&mut self) -> io::Result<()> {
        let Chrome { colon, draft, recorded_at: at, recording, text_file, partial, engine, .. } = self.words;
        writeln!(self.out, "{}\n{draft}", self.template.title)?;
        if let Some(moment) = recorded_at(self.record) {
            writeln!(self.out, "{at}{colon}{moment}")?;
        }
        let files = &self.record.source.files;
        for (index, file) in files.iter().enumerate() {
            let gap = if self.lang == Lang::Ja { "" } else { " " };
            let number = if files.len() > 1 { format!("{gap}{}", index + 1) } else { String::new() };
            let what = if file.duration_ms > 0 { recording } else { text_file };
            write!(self.out, "{what}{number}{colon}{}", one_line(&file.name))?;
            if file.duration_ms > 0 {
                write!(self.out, " ({})", label::moment(file.duration_ms))?;
            }
            writeln!(self.out, "{}", if file.partial { format!(" {partial}") } else { String::new() })?;
        }
        if let Some(info) = &self.record.source.engine {
            writeln!(self.out, "{engine}{colon}{} {}", one_line(&info.name), one_line(&info.model))?;
        }
        Ok(())
    }

    fn form(&mut self) -> io::Result<()> {
        let colon = self.words.colon;
        writeln!(self.out)?;
        for (field, spec) in fields(self.record, self.template) {
            let sealed = if field.sealed || spec.sealed { self.words.sealed } else { "" };
            write!(self.out, "{}{sealed}", spec.label)?;
            match content(field, spec) {
                Content::NotMentioned => writeln!(self.out, "{colon}{}", self.words.not_mentioned)?,
                Content::ForAPerson => writeln!(self.out, "{colon}{}", self.words.for_a_person)?,
                Content::Words(text) => {
                    let text = text.trim();
                    writeln!(self.out, "{colon}{}", text.replace('\n', "\n  "))?;
                    self.flags("    ", &field.flags)?;
                    for citation in &field.citations {
                        self.citation("    ", citation, Some(text))?;
                    }
                    self.traces("    ", &field.trace)?;
                }
                Content::Rows(rows) => {
                    writeln!(self.out, "{}", colon.trim_end())?;
                    for (number, printed) in (1..).zip(&rows) {
                        let cells: Vec<String> = printed
                            .cells
                            .iter()
                            .map(|cell| format!("{}{}{}", cell.label, self.words.colon, one_line(&cell.text)))
                            .collect();
                        writeln!(self.out, "  {number}. {}", cells.join(" / "))?;
                        self.flags("      ", &printed.row.flags)?;
                        for citation in &printed.row.citations {
                            self.citation("      ", citation, None)?;
                        }
                        self.traces("      ", &printed.row.trace)?;
                    }
                    let of_rows = |flag: &&Flag| !rows.iter().any(|r| r.row.flags.contains(*flag));
                    let rest: Vec<Flag> = field.flags.iter().filter(of_rows).copied().collect();
                    self.flags("    ", &rest)?;
                }
            }
        }
        Ok(())
    }

    fn lists(&mut self) -> io::Result<()> {
        let record = self.record;
        self.title(self.words.gaps, record.gaps.len())?;
        for gap in &record.gaps {
            writeln!(self.out, "  {}{}{}", one_line(&gap.label), self.words.colon, one_line(&gap.question))?;
        }
        self.title(self.words.conflicts, record.conflicts.len())?;
        for conflict in &record.conflicts {
            let spec = self.template.field(&conflict.field);
            writeln!(self.out, "  {}", spec.map_or(conflict.field.as_str(), |spec| &spec.label))?;
            for citation in &conflict.citations {
                self.citation("    ", citation, None)?;
            }
        }
        self.title(self.words.unassigned, record.unassigned.len())?;
        for sentence in &record.unassigned {
            writeln!(self.out, "  {}{}", self.place(&sentence.citation), one_line(&sentence.text))?;
        }
        let barred: Vec<_> = record.transcript.segments.iter().filter(|s| !s.is_mapped()).collect();
        self.title(self.words.barred, barred.len())?;
        for segment in barred {
            let files = &record.source.files;
            let place = label::place(segment.file, segment.start_ms, segment.end_ms, files, self.lang);
            let place = place.map(|place| format!("[{place}] ")).unwrap_or_default();
            let why: Vec<&str> = segment.flags.iter().map(|f| label::flag(*f, self.lang)).collect();
            let words = one_line(if segment.text.is_empty() { &segment.raw } else { &segment.text });
            writeln!(
                self.out,
                "{}",
                format!("  {place}{}{}{words}", why.join(", "), self.words.colon).trim_end()
            )?;
        }
        self.title(self.words.edits, record.transcript.edits.len())?;
        for counted in counted_edits(record) {
            let edit = counted.edit;
            let to = if edit.to.is_empty() { self.words.deleted.to_owned() } else { quoted(&edit.to) };
            let times = if counted.count > 1 { format!(" ×{}", counted.count) } else { String::new() };
            let why = label::edit(edit, self.lang);
            writeln!(self.out, "  {}→{to}{times} ({why})", quoted(&edit.from))?;
        }
        Ok(())
    }

    fn title(&mut self, title: &str, count: usize) -> io::Result<()> {
        let Chrome { colon, none, .. } = self.words;
        match count {
            0 => writeln!(self.out, "\n■ {title}{colon}{none}"),
            _ => writeln!(self.out, "\n■ {title} ({count})"),
        }
    }

    /// The time and the words; the words are left out where they are all that the form prints.
    fn citation(&mut self, indent: &str, citation: &Citation, printed: Option<&str>) -> io::Result<()> {
        let place = self.place(citation);
        let quote = if printed == Some(clean(&citation.quote).trim()) {
            String::new()
        } else {
            quoted(&citation.quote)
        };
        let line = format!("{indent}{place}{quote}");
        if line.trim().is_empty() { Ok(()) } else { writeln!(self.out, "{}", line.trim_end()) }
    }

    fn place(&self, citation: &Citation) -> String {
        let place = label::citation(citation, &self.record.source.files, self.lang);
        place.map(|place| format!("[{place}] ")).unwrap_or_default()
    }

    fn flags(&mut self, indent: &str, flags: &[Flag]) -> io::Result<()> {
        if flags.is_empty() {
            return Ok(());
        }
        let words: Vec<&str> = flags.iter().map(|f| label::flag(*f, self.lang)).collect();
        let comma = if self.lang == Lang::Ja { "、" } else { ", " };
        writeln!(self.out, "{indent}{}{}{}", self.words.check, self.words.colon, words.join(comma))
    }

    fn traces(&mut self, indent: &str, traces: &[Trace]) -> io::Result<()> {
        for trace in traces {
            let place = self.place(&trace.citation);
            let (first, last) = (quoted(&trace.first), quoted(&trace.last));
            writeln!(self.out, "{indent}{place}{}{}{first}→{last}", self.words.corrected, self.words.colon)?;
        }
        Ok(())
    }
}

/// The words, unchanged, in brackets.
fn quoted(words: &str) -> String {
    format!("「{}」", one_line(words))
}
