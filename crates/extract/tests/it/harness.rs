//! From words to fields, with the passes of the chain in front.

use extract::Extraction;
use jiff::civil::date;
use record::template::{Template, shipped_templates};
use record::{Document, Field, Reason, Row, Segment, State, Transcript, Value};
use text::{Chain, Headings};

/// The day of the recording: 令和7年6月3日(火).
pub(crate) fn map(form: &str, words: &str) -> Mapped {
    let template = template(form);
    let extraction = extract_with(&template, words);
    Mapped { extraction }
}

pub(crate) fn template(id: &str) -> Template {
    shipped_templates(extract::rule_names()).unwrap().into_iter().find(|t| t.id == id).unwrap()
}

pub(crate) fn extract_with(template: &Template, words: &str) -> Extraction {
    let document = document(template, words);
    extract::extract(&document, template, &[]).unwrap()
}

pub(crate) fn document(template: &Template, words: &str) -> Document {
    let segment = Segment { raw: words.into(), text: words.into(), ..Segment::default() };
    let transcript = Transcript { segments: vec![segment], edits: vec![] };
    let mut document = Document::new(&transcript, Some(date(2025, 6, 3)));
    let headings: Vec<String> = template.headings().map(ToOwned::to_owned).collect();
    Chain::default().with(Headings::with(&headings)).run(&mut document).unwrap();
    document
}

pub(crate) struct Mapped {
    pub(crate) extraction: Extraction,
}

impl Mapped {
    pub(crate) fn field(&self, id: &str) -> &Field {
        self.extraction.fields.iter().find(|f| f.id == id).unwrap_or_else(|| panic!("no field {id}"))
    }

    /// The value as JSON text; empty where there is none.
    #[track_caller]
    pub(crate) fn value(&self, id: &str) -> String {
        match &self.field(id).value {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Labels(labels)) => labels.join("・"),
            Some(Value::Range(range)) => {
                format!(
                    "{}〜{}",
                    range.start.clone().unwrap_or_default(),
                    range.end.clone().unwrap_or_default()
                )
            }
            Some(Value::Person(p)) => [&p.relation, &p.org, &p.role, &p.name]
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(" "),
            Some(Value::Rows(rows)) => panic!("{} rows in {id}", rows.len()),
            None => String::new(),
        }
    }

    /// The rows of a table, each as `column=value` joined by a space, original words left out.
    pub(crate) fn rows(&self, id: &str) -> Vec<String> {
        let Some(Value::Rows(rows)) = &self.field(id).value else { return Vec::new() };
        rows.iter().map(cells).collect()
    }

    pub(crate) fn state(&self, id: &str) -> (State, Option<Reason>) {
        let field = self.field(id);
        (field.state, field.reason)
    }

    pub(crate) fn is_empty(&self, id: &str) -> bool {
        self.field(id).state == State::NotMentioned
    }

    pub(crate) fn gaps(&self) -> Vec<&str> {
        self.extraction.gaps.iter().map(|g| g.field.as_str()).collect()
    }
}

fn cells(row: &Row) -> String {
    let cell = |v: &serde_json::Value| match v {
        serde_json::Value::String(s) => s.clone(),
        serde_json::Value::Array(labels) => {
            labels.iter().filter_map(|l| l.as_str()).collect::<Vec<_>>().join("・")
        }
        other => other.to_string(),
    };
    let shown = row.cells.iter().filter(|(key, _)| !key.ends_with("_words"));
    shown.map(|(key, v)| format!("{key}={}", cell(v))).collect::<Vec<_>>().join(" ")
}
