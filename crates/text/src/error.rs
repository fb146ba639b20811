//! What can go wrong, by what the caller does next.

use std::borrow::Cow;

use record::{EditError, Explain, Lang};

use crate::lexicon::mistakes::{self, LineMistake};

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// A configuration or pass error. It never holds words of the transcript.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Cause);

/// What a caller does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No pass has this name: correct the configuration.
    UnknownPass,
    /// The configuration names a pass twice: name it once.
    RepeatedPass,
    /// The dictionary of the program cannot be read: install the program again.
    Dictionary,
    /// A line of a lexicon is wrong: correct the file; the explanation names lines.
    Lexicon,
    /// A pass made a change that does not fit the text: a defect of that pass; leave it out and report it.
    Pass,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("unknown text pass (known: {known}): {name}")]
    UnknownPass { known: String, name: String },
    #[error("text pass is named twice: {name}")]
    RepeatedPass { name: String },
    #[error("the dictionary of this program cannot be read")]
    Dictionary { source: Box<dyn std::error::Error + Send + Sync> },
    #[error("{} mistakes in a lexicon, the first in line {}", .mistakes.len(), .mistakes.first().map_or(0, |m| m.line))]
    Lexicon { mistakes: Vec<LineMistake> },
    #[error("a text pass made an impossible change: {pass}")]
    Edit { pass: &'static str, source: EditError },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Cause::UnknownPass { .. } => ErrorKind::UnknownPass,
            Cause::RepeatedPass { .. } => ErrorKind::RepeatedPass,
            Cause::Dictionary { .. } => ErrorKind::Dictionary,
            Cause::Lexicon { .. } => ErrorKind::Lexicon,
            Cause::Edit { .. } => ErrorKind::Pass,
        }
    }

    pub(crate) fn edit(pass: &'static str, source: EditError) -> Self {
        Self(Cause::Edit { pass, source })
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let ja = lang == Lang::Ja;
        match &self.0 {
            Cause::UnknownPass { known, name } if ja => {
                format!("この名前の文章処理はありません(使えるもの: {known}): {name}").into()
            }
            Cause::UnknownPass { known, name } => {
                format!("No such text pass (known: {known}): {name}").into()
            }
            Cause::RepeatedPass { name } if ja => {
                format!("同じ文章処理が二度指定されています: {name}").into()
            }
            Cause::RepeatedPass { name } => format!("The text pass is named twice: {name}").into(),
            Cause::Dictionary { .. } if ja => "このプログラムに入っている辞書を読めません".into(),
            Cause::Dictionary { .. } => "The dictionary of this program cannot be read".into(),
            Cause::Lexicon { mistakes } => mistakes::explain(mistakes, lang).into(),
            Cause::Edit { pass, .. } if ja => format!("文章処理の内部で誤りが起きました: {pass}").into(),
            Cause::Edit { pass, .. } => format!("A text pass failed: {pass}").into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        let (ja, en) = match self.kind() {
            ErrorKind::UnknownPass => {
                ("上の名前のどれかを書いてください(--passes)", "use one of these names in `--passes`")
            }
            ErrorKind::RepeatedPass => ("一つ消してください(--passes)", "remove one of them from `--passes`"),
            ErrorKind::Dictionary => ("プログラムを入れ直してください", "install the program again"),
            ErrorKind::Lexicon => (
                "一行に「語、読み(ひらがな)、分類」をタブで区切って書いてください",
                "write one term, its reading in kana and its category a line, separated by tabs",
            ),
            ErrorKind::Pass => (
                "この処理を外して(--passes=-名前)実行し、開発元へ知らせてください",
                "leave this pass out (`--passes=-NAME`) and report it",
            ),
        };
        Some(if lang == Lang::Ja { ja } else { en }.into())
    }
}
