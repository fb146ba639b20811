//! Forms as data: what a template file says after it was read and checked.

mod codes;
mod diagnostic;
mod load;
mod raw;
mod shipped;
mod skeleton;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use codes::{CodeLists, parse_codes};
pub use diagnostic::{Diagnostic, TemplateError};
pub use load::parse_template;
pub use shipped::{shipped_codes, shipped_templates};
pub use skeleton::skeleton;

/// A form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Template {
    /// Lower-case name with hyphens, equal to the file's stem: `visit`.
    pub id: String,
    /// Title with the suffix 「参考様式(例)」.
    pub title: String,
    /// Version of the form, any text.
    pub version: String,
    /// Where the items come from.
    pub basis: String,
    /// Words in the style of a dictation for this form: the engine is shown them before each window, so that it writes
    /// the form's terms and sets full stops. Headings and terms only, never facts of a case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Fields in the form's order.
    pub fields: Vec<FieldSpec>,
    /// The code lists that the form was read with: ours, and the office's in front of them.
    #[serde(skip)]
    pub codes: Arc<CodeLists>,
}

impl Template {
    /// The field with this id.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|f| f.id == id)
    }

    /// Every heading word that routes text to a field, without repetition.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        let mut seen = std::collections::BTreeSet::new();
        self.fields.iter().flat_map(|f| &f.headings).map(String::as_str).filter(move |h| seen.insert(*h))
    }
}

/// One item of a form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldSpec {
    /// Lower snake case with dots, unique in the template, no dotted prefix of another.
    pub id: String,
    /// Printed name.
    pub label: String,
    /// Shape of the value.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether the record needs it.
    pub required: Required,
    /// Who fills it.
    pub fill: Fill,
    /// Choices of `enum` and `multi`, from a code list or the field itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Words beside the label are kept in `detail`.
    pub detail: bool,
    /// Unit of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Most rows that the form has room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<usize>,
    /// Hours from the moment that a deadline counts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<u16>,
    /// Manner of writing of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// Part of the sealed sheet (通告者).
    pub sealed: bool,
    /// Part of the sealed sheet when one of these words was spoken (a caller who reports abuse).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sealed_when: Vec<String>,
    /// Key of the fact that other templates share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// Canonical heading words whose text belongs here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// Words that mark a sentence as being about this field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cues: Vec<String>,
    /// Name of the rule in the `extract` registry that fills the field; absent for person-only fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// A required field is a gap only when one of these words was spoken; empty: always.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_when: Vec<String>,
    /// What the gap list asks.
    pub question: String,
    /// Export target: xlsx defined name or docx content-control tag.
    pub bind: String,
    /// Columns of `rows`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnSpec>,
}

impl FieldSpec {
    /// The column with this id.
    #[must_use]
    pub fn column(&self, id: &str) -> Option<&ColumnSpec> {
        self.columns.iter().find(|c| c.id == id)
    }
}

/// One column of a `rows` field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnSpec {
    /// Lower snake case, unique in the field.
    pub id: String,
    /// Printed name.
    pub label: String,
    /// Shape of the cell; never `rows` or `person`.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Choices of `enum` and `multi`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Words beside the label are kept in `<id>_detail`.
    pub detail: bool,
    /// Unit of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// One choice of an enum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The stored and printed value.
    pub label: String,
    /// Words in which it is spoken, beside the label itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spoken: Vec<String>,
}

macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value with its name in a template file.
            pub const NAMES: &[(&str, Self)] = &[$(($text, Self::$variant)),+];

            /// The name in a template file.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

names! {
    /// The types of a field (forms.md §0.1).
    FieldType {
        /// `YYYY-MM-DD`
        Date = "date",
        /// `HH:MM`
        Time = "time",
        /// `YYYY-MM-DDTHH:MM`
        Datetime = "datetime",
        /// From a day to a day.
        DateRange = "date_range",
        /// From a time to a time.
        TimeRange = "time_range",
        /// From a moment to a moment.
        DatetimeRange = "datetime_range",
        /// A number in the field's unit.
        Number = "number",
        /// One label.
        Enum = "enum",
        /// Several labels.
        Multi = "multi",
        /// 有 / 無 / 不明
        Bool3 = "bool3",
        /// Name, relation, age, role, organisation.
        Person = "person",
        /// Copied words.
        Text = "text",
        /// Copied words of somebody.
        Quote = "quote",
        /// A table.
        Rows = "rows",
    }
}

names! {
    /// Whether the record needs a field.
    Required {
        /// ◎ needed to accept the record; may be 不明.
        Must = "must",
        /// ○ usual.
        Usual = "usual",
        /// △ if applicable.
        IfApplicable = "if_applicable",
    }
}

names! {
    /// Who fills a field (記入).
    Fill {
        /// The program, from spans.
        Program = "P",
        /// Only when the value itself is spoken.
        Literal = "L",
        /// Candidate quotations; a person marks.
        Candidates = "Q",
        /// Calculated from other fields.
        Computed = "C",
        /// Copied from another signed record, or from the same dictation where it holds the fact.
        Copied = "K",
        /// A person alone.
        Human = "H",
    }
}

names! {
    /// Manner of writing of a text field.
    Style {
        /// 逐語体
        Verbatim = "逐語体",
        /// 叙述体(圧縮)
        NarrativeBrief = "叙述体(圧縮)",
        /// 叙述体(過程)
        NarrativeProcess = "叙述体(過程)",
        /// 要約体
        Summary = "要約体",
        /// 説明体
        Explanatory = "説明体",
        /// 項目体
        Items = "項目体",
    }
}
