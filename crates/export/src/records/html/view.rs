//! What the page shows, ready for its template.

use record::template::{FieldSpec, FieldType, Required, Template};
use record::{Citation, Field, Flag, Lang, Record, Segment, SourceFile, State, Trace};

use crate::label::{self, clean, one_line};
use crate::records::AudioSource;
use crate::records::printed::{Cell, Content, PrintedRow, content, counted_edits, fields, recorded_at};

/// Sound before and after the cited words, in milliseconds.
const MARGIN_MS: u64 = 300;

const GAPS: &str = "聞き漏れ票";

pub(super) struct View<'r> {
    pub(super) title: &'r str,
    pub(super) template: String,
    pub(super) recorded_at: Option<String>,
    pub(super) files: Vec<FileView>,
    pub(super) engine: Option<String>,
    pub(super) has_audio: bool,
    pub(super) checks: Vec<CheckGroup>,
    pub(super) sheets: Vec<Sheet<'r>>,
    pub(super) conflicts: Vec<ConflictView>,
    pub(super) unassigned: Vec<Cite>,
    pub(super) barred: Vec<Line>,
    pub(super) transcripts: Vec<Vec<Line>>,
    pub(super) edits: Vec<EditView>,
    pub(super) edit_count: usize,
}

/// A recording, or a text file.
pub(super) struct FileView {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) length: Option<String>,
    pub(super) partial: bool,
    /// Media type of the sound in the page.
    pub(super) sound: Option<String>,
}

/// Fields that a reviewer looks at first, for one reason.
pub(super) struct CheckGroup {
    pub(super) title: &'static str,
    pub(super) items: Vec<Check>,
}

pub(super) struct Check {
    /// Number of the field on the page; `None` where the form has no such field.
    pub(super) field: Option<usize>,
    pub(super) label: String,
    pub(super) why: String,
}

/// The form, or the part of it that is kept sealed.
pub(super) struct Sheet<'r> {
    pub(super) sealed: bool,
    pub(super) fields: Vec<FieldView<'r>>,
}

pub(super) struct FieldView<'r> {
    pub(super) number: usize,
    pub(super) label: &'r str,
    pub(super) must: bool,
    pub(super) state: &'static str,
    pub(super) state_class: &'static str,
    pub(super) body: Body,
    pub(super) flags: Vec<&'static str>,
    pub(super) cites: Vec<Cite>,
    pub(super) traces: Vec<TraceView>,
}

pub(super) enum Body {
    /// A value in pieces that play their own seconds.
    Words(Vec<Piece>),
    Table(Table),
    NotMentioned,
    ForAPerson,
}

pub(super) struct Piece {
    pub(super) text: String,
    pub(super) play: String,
    pub(super) time: Option<String>,
}

/// Rows under the columns that any of them has.
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<RowView>,
}

pub(super) struct RowView {
    pub(super) cells: Vec<String>,
    pub(super) play: String,
    pub(super) flags: Vec<&'static str>,
    pub(super) cites: Vec<Cite>,
    pub(super) traces: Vec<TraceView>,
}

/// Words and when they were spoken. `play` is empty where there is no sound.
pub(super) struct Cite {
    pub(super) time: Option<String>,
    pub(super) play: String,
    pub(super) quote: String,
}

pub(super) struct TraceView {
    pub(super) time: Option<String>,
    pub(super) play: String,
    pub(super) first: String,
    pub(super) last: String,
}

pub(super) struct ConflictView {
    pub(super) label: String,
    pub(super) statements: Vec<Cite>,
}

/// A segment of the transcript.
pub(super) struct Line {
    pub(super) time: Option<String>,
    pub(super) play: String,
    pub(super) speaker: Option<String>,
    pub(super) text: String,
    pub(super) barred: bool,
    pub(super) flags: Vec<&'static str>,
}

pub(super) struct EditView {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) why: String,
    pub(super) count: usize,
}

/// What turns moments into times and spans of sound.
#[derive(Clone, Copy)]
struct Clock<'r> {
    files: &'r [SourceFile],
    sound: bool,
}

impl<'r> View<'r> {
    pub(super) fn new(record: &'r Record, template: &'r Template, audio: &[AudioSource]) -> Self {
        let clock = Clock { files: &record.source.files, sound: !audio.is_empty() };
        let (mut open, mut sealed) = (Vec::new(), Vec::new());
        for (number, (field, spec)) in fields(record, template).into_iter().enumerate() {
            let sheet = if field.sealed || spec.sealed { &mut sealed } else { &mut open };
            sheet.push(clock.field(number, field, spec));
        }
        let sheets = [Sheet { sealed: false, fields: open }, Sheet { sealed: true, fields: sealed }];
        let segments = &record.transcript.segments;
        Self {
            title: &template.title,
            template: format!("{} 第{}版", record.template.id, one_line(&record.template.version)),
            recorded_at: recorded_at(record),
            files: file_views(record, audio),
            engine: record
                .source
                .engine
                .as_ref()
                .map(|e| format!("{} {}", one_line(&e.name), one_line(&e.model))),
            has_audio: clock.sound,
            checks: checks(record, template),
            sheets: sheets.into_iter().filter(|sheet| !sheet.fields.is_empty()).collect(),
            conflicts: record
                .conflicts
                .iter()
                .map(|conflict| ConflictView {
                    label: label_of(template, &conflict.field),
                    statements: conflict.citations.iter().map(|c| clock.cite(c)).collect(),
                })
                .collect(),
            unassigned: record
                .unassigned
                .iter()
                .map(|u| Cite { quote: one_line(&u.text), ..clock.cite(&u.citation) })
                .collect(),
            barred: segments.iter().filter(|s| !s.is_mapped()).map(|s| clock.barred(s)).collect(),
            transcripts: (0..record.source.files.len())
                .map(|file| segments.iter().filter(|s| s.file == file).map(|s| clock.line(s)).collect())
                .collect(),
            edits: counted_edits(record)
                .into_iter()
                .map(|counted| EditView {
                    from: one_line(&counted.edit.from),
                    to: one_line(&counted.edit.to),
                    why: label::edit(counted.edit, Lang::Ja),
                    count: counted.count,
                })
                .collect(),
            edit_count: record.transcript.edits.len(),
        }
    }

    /// Required fields about which nothing was said.
    pub(super) fn gaps(&self) -> &[Check] {
        self.checks.iter().find(|group| group.title == GAPS).map_or(&[], |group| &group.items)
    }

    /// Number of fields, gaps and conflicts to look at.
    pub(super) fn check_count(&self) -> usize {
        self.checks.iter().map(|group| group.items.len()).sum()
    }
}

fn file_views(record: &Record, audio: &[AudioSource]) -> Vec<FileView> {
    let files = record.source.files.iter().enumerate();
    files
        .map(|(index, file)| FileView {
            number: index + 1,
            name: one_line(&file.name),
            sha256: one_line(&file.sha256),
            length: (file.duration_ms > 0).then(|| label::moment(file.duration_ms)),
            partial: file.partial,
            sound: audio.get(index).map(|source| source.mime.clone()),
        })
        .collect()
}

fn label_of(template: &Template, id: &str) -> String {
    template.field(id).map_or_else(|| one_line(id), |spec| spec.label.clone())
}

/// The review list (ux.md §3): contradictions, review items, gaps, and what is always looked at; each in the form's order.
fn checks(record: &Record, template: &Template) -> Vec<CheckGroup> {
    let all = fields(record, template);
    let number = |id: &str| all.iter().position(|(field, _)| field.id == id);
    let conflicts = record.conflicts.iter().map(|c| Check {
        field: number(&c.field),
        label: label_of(template, &c.field),
        why: format!("{}件の発言が食い違っています", c.citations.len()),
    });
    let in_conflict = |id: &str| record.conflicts.iter().any(|c| c.field == id);
    let flagged = all.iter().enumerate().filter_map(|(index, (field, spec))| {
        let news = |f: &&Flag| **f != Flag::Contradiction || !in_conflict(&field.id);
        let why: Vec<&str> = field.flags.iter().filter(news).map(|f| label::flag(*f, Lang::Ja)).collect();
        (!why.is_empty()).then(|| Check {
            field: Some(index),
            label: spec.label.clone(),
            why: why.join("、"),
        })
    });
    let gaps = record.gaps.iter().map(|gap| Check {
        field: number(&gap.field),
        label: one_line(&gap.label),
        why: one_line(&gap.question),
    });
    let always = all.iter().enumerate().filter(|(_, (field, _))| field.flags.is_empty()).filter_map(
        |(index, (field, spec))| {
            always_checked(field, spec).map(|why| Check {
                field: Some(index),
                label: spec.label.clone(),
                why: why.to_owned(),
            })
        },
    );
    let groups = [
        ("食い違い", conflicts.collect()),
        ("要確認", flagged.collect()),
        (GAPS, gaps.collect()),
        ("ほかに必ず見直す項目", always.collect::<Vec<_>>()),
    ];
    let groups = groups.into_iter().map(|(title, items)| CheckGroup { title, items });
    groups.filter(|group| !group.items.is_empty()).collect()
}

/// Names, dates, numbers and negations are checked even where nothing is suspicious.
fn always_checked(field: &Field, spec: &FieldSpec) -> Option<&'static str> {
    use FieldType as T;
    match (field.state, spec.kind) {
        (State::Denied, _) => Some("否定"),
        (State::Stated, T::Person) => Some("氏名"),
        (State::Stated, T::Date | T::Time | T::Datetime | T::DateRange | T::TimeRange | T::DatetimeRange) => {
            Some("日時")
        }
        (State::Stated, T::Number) => Some("数"),
        (State::Stated, T::Rows) => spec.columns.iter().find_map(|column| match column.kind {
            T::Date | T::Time | T::Datetime => Some("表の中の日時"),
            T::Number => Some("表の中の数"),
            _ if column.id == "name" => Some("表の中の氏名"),
            _ => None,
        }),
        _ => None,
    }
}

impl<'r> Clock<'r> {
    fn field(self, number: usize, field: &'r Field, spec: &'r FieldSpec) -> FieldView<'r> {
        let (state, state_class) = match field.state {
            State::Stated => ("口述あり", "stated"),
            State::Unknown => ("不明", "unknown"),
            State::Denied => ("否定", "denied"),
            State::NotMentioned => ("未口述", "blank"),
        };
        let mut cites: Vec<Cite> = field.citations.iter().map(|c| self.cite(c)).collect();
        let mut flags = flag_words(&field.flags);
        let mut traces = self.traces(&field.trace);
        let body = match content(field, spec) {
            Content::NotMentioned => Body::NotMentioned,
            Content::ForAPerson => Body::ForAPerson,
            Content::Words(words) => match self.pieces(field, &words) {
                Some(pieces) => {
                    cites.clear();
                    Body::Words(pieces)
                }
                None => {
                    Body::Words(vec![Piece { text: words, play: self.spans(&field.citations), time: None }])
                }
            },
            Content::Rows(rows) => {
                let table = self.table(&rows);
                flags.retain(|flag| !rows.iter().any(|r| flag_words(&r.row.flags).contains(flag)));
                traces.clear();
                cites.clear();
                Body::Table(table)
            }
        };
        let must = spec.required == Required::Must;
        FieldView { number, label: &spec.label, must, state, state_class, body, flags, cites, traces }
    }

    /// A value that is its quotes one after the other, each with its own time.
    fn pieces(self, field: &Field, words: &str) -> Option<Vec<Piece>> {
        let joined: String = field.citations.iter().map(|c| clean(&c.quote)).collect();
        (joined == words).then(|| {
            let piece = |c| {
                let cite = self.cite(c);
                Piece { text: clean(&c.quote), play: cite.play, time: cite.time }
            };
            field.citations.iter().map(piece).collect()
        })
    }

    fn table(self, rows: &[PrintedRow<'_>]) -> Table {
        let mut columns: Vec<String> = Vec::new();
        for cell in rows.iter().flat_map(|row| &row.cells) {
            if !columns.iter().any(|column| *column == cell.label) {
                columns.push(cell.label.to_string());
            }
        }
        let text = |cells: &[Cell<'_>], label: &str| {
            cells.iter().find(|cell| cell.label == label).map(|cell| cell.text.clone()).unwrap_or_default()
        };
        let rows = rows.iter().map(|printed| RowView {
            cells: columns.iter().map(|label| text(&printed.cells, label)).collect(),
            play: self.spans(&printed.row.citations),
            flags: flag_words(&printed.row.flags),
            cites: printed.row.citations.iter().map(|c| self.cite(c)).collect(),
            traces: self.traces(&printed.row.trace),
        });
        let rows = rows.collect();
        Table { columns, rows }
    }

    fn traces(self, traces: &[Trace]) -> Vec<TraceView> {
        let view = |trace: &Trace| {
            let cite = self.cite(&trace.citation);
            TraceView {
                time: cite.time,
                play: cite.play,
                first: one_line(&trace.first),
                last: one_line(&trace.last),
            }
        };
        traces.iter().map(view).collect()
    }

    fn cite(self, citation: &Citation) -> Cite {
        Cite {
            time: label::citation(citation, self.files, Lang::Ja),
            play: self.spans(std::slice::from_ref(citation)),
            quote: one_line(&citation.quote),
        }
    }

    fn line(self, segment: &Segment) -> Line {
        let span = Citation {
            file: segment.file,
            start_ms: segment.start_ms,
            end_ms: segment.end_ms,
            quote: String::new(),
        };
        Line {
            // Segments stand under their recording's name.
            time: (segment.end_ms > 0).then(|| label::moment(segment.start_ms)),
            play: self.spans(&[span]),
            speaker: segment.speaker.as_deref().map(one_line).filter(|s| !s.is_empty()),
            text: one_line(if segment.text.is_empty() && !segment.is_mapped() {
                &segment.raw
            } else {
                &segment.text
            }),
            barred: !segment.is_mapped(),
            flags: flag_words(&segment.flags),
        }
    }

    /// A segment away from its recording's others.
    fn barred(self, segment: &Segment) -> Line {
        let time = label::place(segment.file, segment.start_ms, segment.end_ms, self.files, Lang::Ja);
        Line { time, ..self.line(segment) }
    }

    /// `file:start:end` in milliseconds with the margin, joined by spaces; spans of one recording that touch are one.
    fn spans(self, citations: &[Citation]) -> String {
        if !self.sound {
            return String::new();
        }
        let mut spans: Vec<(usize, u64, u64)> = Vec::new();
        for c in citations.iter().filter(|c| c.end_ms > 0 && c.file < self.files.len()) {
            let start = c.start_ms.saturating_sub(MARGIN_MS);
            let end = c.end_ms.saturating_add(MARGIN_MS);
            match spans.last_mut() {
                Some((file, from, to)) if *file == c.file && *from <= start && start <= *to => {
                    *to = end.max(*to);
                }
                _ => spans.push((c.file, start, end)),
            }
        }
        spans.iter().map(|(file, start, end)| format!("{file}:{start}:{end}")).collect::<Vec<_>>().join(" ")
    }
}

fn flag_words(flags: &[Flag]) -> Vec<&'static str> {
    flags.iter().map(|f| label::flag(*f, Lang::Ja)).collect()
}
