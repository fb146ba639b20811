//! Errors of this crate.

use std::borrow::Cow;

use record::{Explain, GroundingError, Lang};

/// What the caller must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Correct the template: it names a rule or a column that does not exist, or gives a rule a field that it cannot fill.
    Template,
    /// Report it: a rule or a data file of ours is wrong.
    Internal,
}

/// The rule pass could not run.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    kind: ErrorKind,
    context: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn unknown_rule(name: &str, known: &[&str]) -> Self {
        let context = format!("unknown rule: {name} (known: {})", known.join(", "));
        Self { kind: ErrorKind::Template, context, source: None }
    }

    pub(crate) fn from_matcher(error: aho_corasick::BuildError) -> Self {
        Self {
            kind: ErrorKind::Internal,
            context: "cannot build a word matcher".to_owned(),
            source: Some(error.into()),
        }
    }
}

impl From<GroundingError> for Error {
    fn from(error: GroundingError) -> Self {
        Self {
            kind: ErrorKind::Template,
            context: format!("the template gives a rule a field that it cannot fill: {error}"),
            source: Some(error.into()),
        }
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        match (lang, self.kind) {
            (Lang::Ja, ErrorKind::Template) => {
                format!("様式ファイルと規則が合いません: {}", self.context).into()
            }
            (Lang::Ja, ErrorKind::Internal) => format!("内部の誤りです: {}", self.context).into(),
            (Lang::En, _) => self.context.clone().into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        (self.kind == ErrorKind::Template).then(|| match lang {
            Lang::Ja => "`kikitori templates check` で様式ファイルを確かめてください".into(),
            Lang::En => "run `kikitori templates check` on the template file".into(),
        })
    }
}
