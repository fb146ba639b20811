//! Reading and checking one template file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::codes::{choices, syntax};
use super::diagnostic::suggest;
use super::raw::{RawChoice, RawColumn, RawField, RawTemplate};
use super::{
    Choice, CodeLists, ColumnSpec, Diagnostic, FieldSpec, FieldType, Fill, Required, Style, Template,
    TemplateError,
};

/// The version of the file format.
const SCHEMA: u32 = 1;
/// Whisper's prompt holds 223 tokens; Japanese takes about one and a half for a character.
const MAX_PROMPT_CHARS: usize = 150;
/// A deadline further away than thirty days is no number of hours.
const MAX_HOURS: u16 = 720;
/// A list with `detail` that lacks it ends with this choice (forms.md §0).
const OTHER: &str = "その他";

/// Reads a template. `name` is the file's name, whose stem must be the template's id; `rules` are the rule names that
/// `extract` knows.
///
/// All mistakes are reported together, unless the TOML itself cannot be read.
pub fn parse_template(
    source: &str,
    name: &str,
    codes: &CodeLists,
    rules: &[&str],
) -> Result<Template, TemplateError> {
    let raw: RawTemplate =
        toml::from_str(source).map_err(|e| TemplateError::new(name, source, vec![syntax(&e)]))?;
    let mut check = Check { codes, rules, mistakes: Vec::new() };
    let template = check.template(raw, name);
    if check.mistakes.is_empty() {
        Ok(template)
    } else {
        Err(TemplateError::new(name, source, check.mistakes))
    }
}

struct Check<'a> {
    codes: &'a CodeLists,
    rules: &'a [&'a str],
    mistakes: Vec<Diagnostic>,
}

impl Check<'_> {
    fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.mistakes.push(Diagnostic { message: message.into(), span, help: help.into() });
    }

    fn template(&mut self, raw: RawTemplate, name: &str) -> Template {
        if *raw.schema.get_ref() != SCHEMA {
            let help = format!("this program reads schema = {SCHEMA}");
            self.wrong(raw.schema.span(), format!("unknown schema: {}", raw.schema.get_ref()), help);
        }
        let stem = name.rsplit(['/', '\\']).next().unwrap_or(name).trim_end_matches(".toml");
        let id = raw.id.get_ref();
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            self.wrong(
                raw.id.span(),
                format!("not a template id: {id}"),
                "lower-case letters, digits, hyphens".to_owned(),
            );
        } else if stem != id {
            self.wrong(
                raw.id.span(),
                format!("the id is not the file's name: {id}"),
                format!("expected `{stem}`"),
            );
        }
        self.field_ids(&raw.field);
        if raw.field.is_empty() {
            self.wrong(raw.id.span(), "the template has no field", None);
        }
        if let Some(prompt) = raw.prompt.as_ref().filter(|p| p.get_ref().chars().count() > MAX_PROMPT_CHARS) {
            let help = format!("at most {MAX_PROMPT_CHARS} characters: the engine uses the end only");
            self.wrong(prompt.span(), "the prompt is too long", help);
        }
        let fields = raw.field.into_iter().map(|f| self.field(f)).collect();
        Template {
            prompt: raw.prompt.map(Spanned::into_inner),
            id: raw.id.into_inner(),
            title: raw.title,
            version: raw.version,
            basis: raw.basis,
            fields,
            codes: Arc::new(self.codes.clone()),
        }
    }

    fn field_ids(&mut self, fields: &[RawField]) {
        let mut seen = BTreeMap::new();
        for field in fields {
            let id = field.id.get_ref().as_str();
            let parts_ok = id.split('.').all(is_snake);
            if !parts_ok {
                let help = "lower snake case, parts joined by dots: `wish.child`".to_owned();
                self.wrong(field.id.span(), format!("not a field id: {id}"), help);
            }
            if seen.insert(id, field.id.span()).is_some() {
                self.wrong(field.id.span(), format!("two fields have this id: {id}"), None);
            }
        }
        for (id, span) in &seen {
            let dots = id.match_indices('.').map(|(at, _)| &id[..at]);
            if let Some(prefix) = dots.into_iter().find(|p| seen.contains_key(p)) {
                self.wrong(
                    span.clone(),
                    format!("`{prefix}` and `{id}` cannot both be fields of one template"),
                    None,
                );
            }
        }
    }

    fn field(&mut self, raw: RawField) -> FieldSpec {
        let kind = self.named("type", &raw.kind, FieldType::NAMES, FieldType::Text);
        let fill = self.named("fill", &raw.fill, Fill::NAMES, Fill::Human);
        let required = raw
            .required
            .as_ref()
            .map_or(Required::IfApplicable, |r| self.named("required", r, Required::NAMES, Required::Usual));
        let style = raw.style.as_ref().map(|s| self.named("style", s, Style::NAMES, Style::Items));
        let span = raw.kind.span();
        let choices = self.choices(kind, &span, raw.codes.as_ref(), raw.choices.as_ref(), raw.detail);
        self.attributes(kind, &span, raw.detail, raw.unit.as_ref());
        if let Some(style) =
            raw.style.as_ref().filter(|_| !matches!(kind, FieldType::Text | FieldType::Quote))
        {
            self.wrong(style.span(), "only a text has a style", None);
        }
        if let Some(rows) = raw.max_rows.as_ref().filter(|_| kind != FieldType::Rows) {
            self.wrong(rows.span(), "only rows have max_rows", None);
        }
        if let Some(hours) = &raw.hours {
            if fill != Fill::Computed || kind != FieldType::Datetime {
                let help = "type = \"datetime\" and fill = \"C\"".to_owned();
                self.wrong(hours.span(), "only a computed datetime has hours", help);
            } else if !(1..=MAX_HOURS).contains(hours.get_ref()) {
                self.wrong(hours.span(), "not a number of hours", format!("1 to {MAX_HOURS}"));
            }
        }
        if raw.sealed
            && let Some(first) = raw.sealed_when.first()
        {
            let help = format!("take out `sealed`, or the words such as 「{first}」");
            self.wrong(raw.id.span(), "a field is `sealed` or `sealed_when`, not both", help);
        }
        if kind == FieldType::Rows && raw.column.is_empty() {
            self.wrong(span.clone(), "rows need at least one column", "add [[field.column]]".to_owned());
        }
        if let Some(column) = raw.column.first().filter(|_| kind != FieldType::Rows) {
            self.wrong(column.id.span(), "only rows have columns", None);
        }
        self.rule(raw.rule.as_ref(), fill, &raw.fill.span());
        let mut seen = Vec::new();
        let columns = raw.column.into_iter().map(|c| self.column(c, &mut seen)).collect();
        if raw.label.get_ref().trim().is_empty() {
            self.wrong(raw.label.span(), "the label is empty", None);
        }
        let id = raw.id.into_inner();
        let label = raw.label.into_inner();
        FieldSpec {
            question: raw.question.unwrap_or_else(|| format!("{label}が口述にありません。")),
            bind: raw.bind.unwrap_or_else(|| id.replace('.', "_")),
            id,
            label,
            kind,
            required,
            fill,
            choices,
            detail: raw.detail,
            unit: raw.unit.map(Spanned::into_inner),
            max_rows: raw.max_rows.map(Spanned::into_inner),
            hours: raw.hours.map(Spanned::into_inner),
            style,
            sealed: raw.sealed,
            sealed_when: raw.sealed_when,
            fact: raw.fact,
            headings: raw.headings,
            cues: raw.cues,
            rule: raw.rule.map(Spanned::into_inner),
            required_when: raw.required_when,
            columns,
        }
    }

    fn column(&mut self, raw: RawColumn, seen: &mut Vec<String>) -> ColumnSpec {
        let kind = self.named("type", &raw.kind, FieldType::NAMES, FieldType::Text);
        let id = raw.id.get_ref();
        if !is_snake(id) {
            self.wrong(raw.id.span(), format!("not a column id: {id}"), "lower snake case".to_owned());
        }
        if seen.contains(id) {
            self.wrong(raw.id.span(), format!("two columns have this id: {id}"), None);
        }
        seen.push(id.clone());
        let span = raw.kind.span();
        if matches!(kind, FieldType::Rows | FieldType::Person) {
            self.wrong(span.clone(), format!("a column cannot have this type: {}", kind.name()), None);
        }
        let choices = self.choices(kind, &span, raw.codes.as_ref(), raw.choices.as_ref(), raw.detail);
        self.attributes(kind, &span, raw.detail, raw.unit.as_ref());
        ColumnSpec {
            id: raw.id.into_inner(),
            label: raw.label,
            kind,
            choices,
            detail: raw.detail,
            unit: raw.unit.map(Spanned::into_inner),
        }
    }

    fn named<T: Copy>(&mut self, what: &str, given: &Spanned<String>, known: &[(&str, T)], fallback: T) -> T {
        if let Some((_, value)) = known.iter().find(|(name, _)| name == given.get_ref()) {
            return *value;
        }
        let help = suggest(given.get_ref(), known.iter().map(|(name, _)| *name));
        self.wrong(given.span(), format!("unknown {what}: {}", given.get_ref()), help);
        fallback
    }

    fn choices(
        &mut self,
        kind: FieldType,
        span: &Range<usize>,
        codes: Option<&Spanned<String>>,
        own: Option<&Spanned<Vec<RawChoice>>>,
        detail: bool,
    ) -> Vec<Choice> {
        let takes_choices = matches!(kind, FieldType::Enum | FieldType::Multi);
        let mut list = match (codes, own) {
            (Some(codes), Some(_)) => {
                self.wrong(codes.span(), "a field has `codes` or `choices`, not both", None);
                Vec::new()
            }
            (Some(codes), None) => {
                let list = self.codes.get(codes.get_ref()).map(<[Choice]>::to_vec);
                if list.is_none() {
                    let help = suggest(codes.get_ref(), self.codes.ids());
                    self.wrong(codes.span(), format!("unknown code list: {}", codes.get_ref()), help);
                }
                list.unwrap_or_default()
            }
            (None, Some(own)) => choices(own, &mut self.mistakes),
            (None, None) if takes_choices => {
                self.wrong(span.clone(), "this type needs `codes` or `choices`", None);
                Vec::new()
            }
            (None, None) => Vec::new(),
        };
        if !takes_choices {
            if !list.is_empty() {
                self.wrong(span.clone(), format!("this type has no choices: {}", kind.name()), None);
            }
            return Vec::new();
        }
        if detail && !list.iter().any(|c| c.label == OTHER) {
            list.push(Choice { label: OTHER.to_owned(), spoken: Vec::new() });
        }
        list
    }

    fn attributes(
        &mut self,
        kind: FieldType,
        span: &Range<usize>,
        detail: bool,
        unit: Option<&Spanned<String>>,
    ) {
        if detail && !matches!(kind, FieldType::Enum | FieldType::Multi | FieldType::Bool3) {
            self.wrong(span.clone(), format!("this type has no detail: {}", kind.name()), None);
        }
        if let Some(unit) = unit.filter(|_| kind != FieldType::Number) {
            self.wrong(unit.span(), "only a number has a unit", None);
        }
    }

    fn rule(&mut self, rule: Option<&Spanned<String>>, fill: Fill, fill_span: &Range<usize>) {
        match rule {
            Some(rule) if fill == Fill::Human => {
                self.wrong(rule.span(), "a field that only a person fills has no rule", None);
            }
            Some(rule) if !self.rules.contains(&rule.get_ref().as_str()) => {
                let help = suggest(rule.get_ref(), self.rules.iter().copied());
                self.wrong(rule.span(), format!("unknown rule: {}", rule.get_ref()), help);
            }
            None if matches!(fill, Fill::Program | Fill::Literal | Fill::Candidates) => {
                let help = format!("known: {}", self.rules.join(", "));
                self.wrong(fill_span.clone(), "a field that the program fills needs a rule", help);
            }
            _ => {}
        }
    }
}

fn is_snake(id: &str) -> bool {
    let mut chars = id.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
