//! Errors of this crate: what a part said, and about which recording.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use record::{Explain, Lang, Violation};

/// What the caller must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Give another recording: this one cannot be used.
    BadInput,
    /// Put the recording aside: the engine crashes on it again and again.
    Crashed,
    /// Give read permission.
    Permission,
    /// Free space or memory and try again.
    Storage,
    /// Fetch or name another model.
    Model,
    /// Correct an option or a template.
    Usage,
    /// Nothing: the caller cancelled.
    Cancelled,
    /// Report it.
    Internal,
}

/// A transcription or mapping that failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Cause);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("cannot read the recording: {path}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("cannot use a recording")]
    Audio { source: audio::Error },
    #[error("the speech engine failed")]
    Engine { source: asr::Error },
    #[error("the speech engine crashed again and again on a recording: {name}")]
    Quarantined { name: String, source: asr::Error },
    #[error("unknown tier (known: {known}): {name}")]
    UnknownTier { name: String, known: String },
    #[error("a text pass failed")]
    Text { source: text::Error },
    #[error("the rule pass failed")]
    Extract { source: extract::Error },
    #[error("the record breaks its own laws: {}", .violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unlawful { violations: Vec<Violation> },
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Cause::Io { path: path.to_owned(), source }.into()
    }

    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Cause::Io { source, .. } => of_io(source.kind()),
            Cause::Audio { source } => match (source.kind(), source.io_kind()) {
                (audio::ErrorKind::Io, Some(kind)) => of_io(kind),
                (audio::ErrorKind::Config, _) => ErrorKind::Internal,
                _ => ErrorKind::BadInput,
            },
            Cause::Engine { source } => match source.kind() {
                asr::ErrorKind::Cancelled => ErrorKind::Cancelled,
                asr::ErrorKind::Model => ErrorKind::Model,
                asr::ErrorKind::UnknownEngine | asr::ErrorKind::Options => ErrorKind::Usage,
                asr::ErrorKind::Memory => ErrorKind::Storage,
                _ => ErrorKind::Internal,
            },
            Cause::Quarantined { .. } => ErrorKind::Crashed,
            Cause::UnknownTier { .. } => ErrorKind::Usage,
            Cause::Extract { source } if source.kind() == extract::ErrorKind::Template => ErrorKind::Usage,
            Cause::Text { source } if is_configuration(source.kind()) => ErrorKind::Usage,
            Cause::Text { .. } | Cause::Extract { .. } | Cause::Unlawful { .. } => ErrorKind::Internal,
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match &self.0 {
            Cause::Audio { source } => Some(source),
            Cause::Engine { source } => Some(source),
            Cause::Text { source } => Some(source),
            Cause::Extract { source } => Some(source),
            Cause::Io { .. }
            | Cause::Quarantined { .. }
            | Cause::UnknownTier { .. }
            | Cause::Unlawful { .. } => None,
        }
    }
}

fn is_configuration(kind: text::ErrorKind) -> bool {
    matches!(kind, text::ErrorKind::UnknownPass | text::ErrorKind::RepeatedPass)
}

fn of_io(kind: std::io::ErrorKind) -> ErrorKind {
    use std::io::ErrorKind as Io;
    match kind {
        Io::PermissionDenied => ErrorKind::Permission,
        Io::StorageFull | Io::QuotaExceeded | Io::OutOfMemory => ErrorKind::Storage,
        _ => ErrorKind::BadInput,
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        match (&self.0, self.inner()) {
            (_, Some(inner)) => inner.explain(lang),
            (Cause::Io { path, source }, None) => match lang {
                Lang::Ja => format!("録音を読めません: {} ({source})", path.display()).into(),
                Lang::En => format!("cannot read the recording: {} ({source})", path.display()).into(),
            },
            (Cause::Quarantined { name, .. }, None) => match lang {
                Lang::Ja => {
                    format!("この録音で音声認識エンジンが繰り返し異常終了したため、処理をやめました: {name}")
                        .into()
                }
                Lang::En => {
                    format!("given up: the speech engine crashed again and again on this recording: {name}")
                        .into()
                }
            },
            (Cause::UnknownTier { name, known }, None) => match lang {
                Lang::Ja => format!("この名前の段階はありません(使えるもの: {known}): {name}").into(),
                Lang::En => format!("no such tier (known: {known}): {name}").into(),
            },
            (_, None) => match lang {
                Lang::Ja => format!("内部の誤りです: {self}").into(),
                Lang::En => format!("internal error: {self}").into(),
            },
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        self.inner().and_then(|inner| inner.hint(lang))
    }
}
