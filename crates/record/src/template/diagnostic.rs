//! Mistakes in a template file, shown where they are.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::{Explain, Lang};

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in English and lower case.
    pub message: String,
    /// Byte range in the file.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
}

/// A template or code-list file with mistakes, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    name: String,
    source: String,
    diagnostics: Vec<Diagnostic>,
}

impl TemplateError {
    pub(super) fn new(name: &str, source: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|d| d.span.start);
        Self { name: name.to_owned(), source: source.to_owned(), diagnostics }
    }

    /// The mistakes in the file's order.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The mistakes with their lines and carets, as a compiler shows them.
    #[must_use]
    pub fn render(&self) -> String {
        let reports: Vec<String> = self.diagnostics.iter().map(|d| self.render_one(d)).collect();
        reports.join("\n\n")
    }

    fn render_one(&self, d: &Diagnostic) -> String {
        let end = d.span.end.min(self.source.len());
        let span = d.span.start.min(end)..end;
        let snippet = Snippet::source(&self.source)
            .path(&self.name)
            .line_start(1)
            .annotation(AnnotationKind::Primary.span(span));
        let mut group = Level::ERROR.primary_title(&d.message).element(snippet);
        if let Some(help) = &d.help {
            group = group.element(Level::HELP.message(help));
        }
        Renderer::plain().render(&[group])
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.diagnostics.first().map_or("", |d| d.message.as_str());
        write!(f, "{} has {} mistakes, the first: {first}", self.name, self.diagnostics.len())
    }
}

impl std::error::Error for TemplateError {}

impl Explain for TemplateError {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let count = self.diagnostics.len();
        match lang {
            Lang::Ja => {
                format!("様式ファイルに{count}か所の誤りがあります: {}\n{}", self.name, self.render()).into()
            }
            Lang::En => {
                format!("mistakes in the template file ({count}): {}\n{}", self.name, self.render()).into()
            }
        }
    }
}

/// "did you mean" for a misspelt name: the nearest known one by edit distance, or the whole list.
pub(super) fn suggest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = known.iter().map(|k| (distance(given, k), *k)).min();
    match nearest {
        Some((d, k)) if d <= 2.max(given.chars().count() / 3) => format!("did you mean `{k}`?"),
        _ => format!("known: {}", known.join(", ")),
    }
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
