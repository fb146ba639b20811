//! Rows of a table, cell by cell out of spans.

use std::ops::Range;

use super::{NormalForm, evidence, lower, push_once, value_of};
use crate::field::GroundingError;
use crate::template::{Choice, ColumnSpec, FieldSpec, FieldType};
use crate::{Document, Flag, Row, Value};

/// The labels of a `bool3` cell.
const PRESENCE: [&str; 3] = ["有", "無", "不明"];

/// Builds one row of a table out of spans.
#[derive(Clone, Debug)]
pub struct RowBuilder<'d> {
    doc: &'d Document,
    spec: &'d FieldSpec,
    pub(super) row: Row,
    pub(super) confidence: Option<f32>,
    pub(super) ranges: Vec<Range<usize>>,
}

impl<'d> RowBuilder<'d> {
    /// An empty row of the field.
    #[must_use]
    pub fn new(doc: &'d Document, spec: &'d FieldSpec) -> Self {
        Self { doc, spec, row: Row::default(), confidence: None, ranges: Vec::new() }
    }

    /// Copies the words of `range` into the column.
    pub fn copy(&mut self, column: &str, range: Range<usize>) -> Result<(), GroundingError> {
        self.column(column)?;
        self.set(column, self.doc.text()[range.clone()].into());
        self.cite(range);
        Ok(())
    }

    /// Sets an enum or a `bool3` column (有, 無, 不明), or adds a label to a `multi` column.
    pub fn choose(&mut self, column: &str, label: &str, trigger: Range<usize>) -> Result<(), GroundingError> {
        let spec = self.column(column)?;
        let known = match spec.kind {
            FieldType::Bool3 => PRESENCE.contains(&label),
            _ => spec.choices.iter().any(|c| c.label == label),
        };
        if !known {
            return Err(GroundingError::NotAChoice(label.to_owned()));
        }
        if spec.kind == FieldType::Multi {
            let cell = self.row.cells.entry(column).or_insert_with(|| serde_json::Value::Array(Vec::new()));
            if let serde_json::Value::Array(labels) = cell
                && !labels.iter().any(|l| l == label)
            {
                labels.push(label.into());
            }
        } else {
            self.set(column, label.into());
        }
        self.cite(trigger);
        Ok(())
    }

    /// Sets a column to a normal form of the words of `range`.
    pub fn normal(
        &mut self,
        column: &str,
        form: &NormalForm,
        range: Range<usize>,
    ) -> Result<(), GroundingError> {
        self.column(column)?;
        let cell = match value_of(form) {
            Some(Value::Text(text)) => text.into(),
            Some(Value::Number(number)) => serde_json::Value::Number(number),
            _ => return Err(GroundingError::WrongType(column.to_owned())),
        };
        self.set(column, cell);
        self.cite(range);
        Ok(())
    }

    /// Keeps the words of a column: the words beside its label (`detail`), or those that its normal form came from.
    pub fn keep(&mut self, column: &str, kind: Kept, range: Range<usize>) -> Result<(), GroundingError> {
        self.column(column)?;
        let key = format!("{column}_{}", kind.suffix());
        self.set(&key, self.doc.text()[range.clone()].into());
        self.cite(range);
        Ok(())
    }

    /// Joins statements as 「label「words」 / label「words」」; the words are copied.
    pub fn statements(
        &mut self,
        column: &str,
        said: &[(&'d Choice, Range<usize>)],
    ) -> Result<(), GroundingError> {
        self.column(column)?;
        let text: Vec<String> = said
            .iter()
            .map(|(who, words)| format!("{}「{}」", who.label, &self.doc.text()[words.clone()]))
            .collect();
        self.set(column, text.join(" / ").into());
        for (_, words) in said {
            self.cite(words.clone());
        }
        Ok(())
    }

    /// Cites words that belong to the row as a whole.
    pub fn cite(&mut self, range: Range<usize>) {
        let evidence = evidence(self.doc, range.clone());
        self.ranges.push(range);
        let covered = self.row.citations.iter().any(|c| {
            c.file == evidence.citation.file
                && c.quote.contains(&evidence.citation.quote)
                && c.start_ms <= evidence.citation.start_ms
                && evidence.citation.end_ms <= c.end_ms
        });
        for trace in evidence.trace {
            push_once(&mut self.row.flags, Flag::SelfCorrected);
            if !self.row.trace.contains(&trace) {
                self.row.trace.push(trace);
            }
        }
        if !covered {
            self.row.citations.push(evidence.citation);
            self.confidence = lower(self.confidence, evidence.confidence);
        }
    }

    /// Adds a review item.
    pub fn flag(&mut self, flag: Flag) {
        push_once(&mut self.row.flags, flag);
    }

    /// Whether a column has a value.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.row.cells.contains_key(column)
    }

    /// The text of a column, where it has one.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&str> {
        self.row.cells.get(column).and_then(|v| v.as_str())
    }

    fn column(&self, id: &str) -> Result<&'d ColumnSpec, GroundingError> {
        self.spec.column(id).ok_or_else(|| GroundingError::NoColumn(format!("{}.{id}", self.spec.id)))
    }

    fn set(&mut self, key: &str, value: serde_json::Value) {
        self.row.cells.insert(key.to_owned(), value);
    }
}

/// Which words of a column [`RowBuilder::keep`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Words beside a label.
    Detail,
    /// Words of a date, a time or a number.
    Words,
}

impl Kept {
    fn suffix(self) -> &'static str {
        match self {
            Self::Detail => "detail",
            Self::Words => "words",
        }
    }
}
