//! Errors of this crate.

use std::borrow::Cow;

use record::{Explain, GroundingError, Lang};

/// What the caller must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Correct the template: it names a rule or a column that does not exist, or gives a rule a field that it cannot fill.
    Template,
    /// Take the weights that belong to this version: these are damaged or were made for other code.
    Weights,
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

    #[cfg(feature = "model")]
    pub(crate) fn weights(what: &str, source: Option<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind: ErrorKind::Weights, context: format!("the tagger cannot be used: {what}"), source }
    }

    #[cfg(feature = "model")]
    pub(crate) fn tensor(error: candle_core::Error) -> Self {
        let context = "the tagger cannot calculate".to_owned();
        Self { kind: ErrorKind::Internal, context, source: Some(error.into()) }
    }

    #[cfg(feature = "train")]
    pub(crate) fn training(what: &str) -> Self {
        Self {
            kind: ErrorKind::Internal,
            context: format!("the training data is wrong: {what}"),
            source: None,
        }
    }

    #[cfg(feature = "train")]
    pub(crate) fn writing(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let context = "the weights cannot be written".to_owned();
        Self { kind: ErrorKind::Internal, context, source: Some(error.into()) }
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
            (Lang::Ja, ErrorKind::Weights) => {
                format!("タグ付けモデルの重みを使えません: {}", self.context).into()
            }
            (Lang::Ja, ErrorKind::Internal) => format!("内部の誤りです: {}", self.context).into(),
            (Lang::En, _) => self.context.clone().into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        let hint = match (self.kind, lang) {
            (ErrorKind::Template, Lang::Ja) => "`kikitori templates check` で様式ファイルを確かめてください",
            (ErrorKind::Template, Lang::En) => "run `kikitori templates check` on the template file",
            (ErrorKind::Weights, Lang::Ja) => {
                "この版の重みを使うか、`--no-model-pass` で規則だけを使ってください"
            }
            (ErrorKind::Weights, Lang::En) => {
                "use the weights of this version, or the rules alone with `--no-model-pass`"
            }
            (ErrorKind::Internal, _) => return None,
        };
        Some(hint.into())
    }
}
