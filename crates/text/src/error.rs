//! What can go wrong, by what the caller does next.

use std::borrow::Cow;

use record::{EditError, Explain, Lang};

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
    /// A pass made a change that does not fit the text: a defect of that pass; leave it out and report it.
    Pass,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("unknown text pass (known: {known}): {name}")]
    UnknownPass { known: String, name: String },
    #[error("text pass is named twice: {name}")]
    RepeatedPass { name: String },
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
            Cause::Edit { pass, .. } if ja => format!("文章処理の内部で誤りが起きました: {pass}").into(),
            Cause::Edit { pass, .. } => format!("A text pass failed: {pass}").into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        let (ja, en) = match self.kind() {
            ErrorKind::UnknownPass => {
                ("設定の passes に上の名前のどれかを書いてください", "use one of these names in `passes`")
            }
            ErrorKind::RepeatedPass => {
                ("設定の passes から一つ消してください", "remove one of them from `passes`")
            }
            ErrorKind::Pass => (
                "設定の passes からこの処理を外して実行し、開発元へ知らせてください",
                "leave this pass out of `passes` and report it",
            ),
        };
        Some(if lang == Lang::Ja { ja } else { en }.into())
    }
}
