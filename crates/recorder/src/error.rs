//! What can go wrong with keeping a recording, by what the caller must do.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use record::{Explain, Lang};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Connect or choose another microphone.
    Device,
    /// Give another file to play as a microphone.
    BadInput,
    /// Free space on the disk.
    Storage,
    /// Give permission to write.
    Permission,
    /// Wait until the other program has finished with the recording.
    InUse,
    /// Name another recording: there is none of this name.
    NotFound,
    /// Report it.
    Internal,
}

/// An error of this crate. Where sound had been recorded before it, [`kept`](Self::kept) says where that is.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Box<Cause>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the sound cannot be captured")]
    Capture { source: audio::Error },
    #[error("cannot {action}")]
    Io { action: Action, path: PathBuf, kept: Option<PathBuf>, source: io::Error },
    #[error("another program is recording: {id}")]
    InUse { id: String },
    #[error("no recording of this name: {id}")]
    NotFound { id: String },
    #[error("the recorder stopped at a mistake of its own")]
    Panicked { kept: PathBuf },
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Begin,
    Write,
    Finish,
    Read,
    Remove,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Begin => "begin a recording",
            Self::Write => "go on recording",
            Self::Finish => "save the recording",
            Self::Read => "read a recording",
            Self::Remove => "remove a recording",
        })
    }
}

impl Error {
    pub(crate) fn io(action: Action, path: &Path, source: io::Error) -> Self {
        Box::new(Cause::Io { action, path: path.to_owned(), kept: None, source }).into()
    }

    pub(crate) fn capture(source: audio::Error) -> Self {
        Box::new(Cause::Capture { source }).into()
    }

    /// Says where the sound is that was recorded until now.
    pub(crate) fn keeping(mut self, sound: &Path) -> Self {
        if let Cause::Io { kept, .. } = &mut *self.0 {
            *kept = Some(sound.to_owned());
        }
        self
    }

    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Cause::Capture { source } => match source.kind() {
                audio::ErrorKind::NoDevice | audio::ErrorKind::Device => ErrorKind::Device,
                _ => ErrorKind::BadInput,
            },
            Cause::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Permission,
                _ => ErrorKind::Storage,
            },
            Cause::InUse { .. } => ErrorKind::InUse,
            Cause::NotFound { .. } => ErrorKind::NotFound,
            Cause::Panicked { .. } => ErrorKind::Internal,
        }
    }

    /// The unfinished recording with the sound until the error, where there is one. It can be restored.
    #[must_use]
    pub fn kept(&self) -> Option<&Path> {
        match &*self.0 {
            Cause::Io { kept, .. } => kept.as_deref(),
            Cause::Panicked { kept } => Some(kept),
            Cause::Capture { .. } | Cause::InUse { .. } | Cause::NotFound { .. } => None,
        }
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let (ja, en) = match &*self.0 {
            Cause::Capture { source } => return source.explain(lang),
            Cause::Io { action, path, source, .. } => {
                let (ja_action, en_action) = match action {
                    Action::Begin => ("録音を始められません", "cannot begin recording"),
                    Action::Write => ("録音を続けられません", "cannot go on recording"),
                    Action::Finish => ("録音を保存できません", "cannot save the recording"),
                    Action::Read => ("録音を読めません", "cannot read the recording"),
                    Action::Remove => ("録音を消せません", "cannot remove the recording"),
                };
                let (ja, en) = match source.kind() {
                    io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::FileTooLarge => ("ディスクの空きがありません", "the disk is full"),
                    io::ErrorKind::PermissionDenied => ("書き込む権限がありません", "no permission to write"),
                    io::ErrorKind::ReadOnlyFilesystem => ("読み取り専用です", "it is read-only"),
                    _ => ("読み書きに失敗しました", "reading or writing failed"),
                };
                let path = path.display();
                (format!("{ja_action}({ja}): {path}"), format!("{en_action}, {en}: {path}"))
            }
            Cause::InUse { id } => (
                format!("この録音は、ほかの画面で録音しているところです: {id}"),
                format!("another program is recording this: {id}"),
            ),
            Cause::NotFound { id } => {
                (format!("この名前の録音はありません: {id}"), format!("no recording of this name: {id}"))
            }
            Cause::Panicked { .. } => (
                "録音の処理が誤りのために止まりました".to_owned(),
                "the recorder stopped at a mistake of its own".to_owned(),
            ),
        };
        match lang {
            Lang::Ja => ja.into(),
            Lang::En => en.into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        if let Cause::Capture { source } = &*self.0 {
            return source.hint(lang);
        }
        let (ja, en) = match (self.kept().is_some(), self.kind()) {
            (true, ErrorKind::Storage) => (
                "それまでの録音は残っています。空きを作ってから `kikitori recover restore` を実行してください",
                "what was recorded is kept: free some space, then run `kikitori recover restore`",
            ),
            (true, _) => (
                "それまでの録音は残っています。`kikitori recover restore` で復元できます",
                "what was recorded is kept: `kikitori recover restore` brings it back",
            ),
            (false, ErrorKind::Permission) => (
                "`--recordings フォルダ` で、書き込めるフォルダを指定してください",
                "name a folder that can be written with `--recordings DIR`",
            ),
            (false, ErrorKind::Storage) => ("ディスクに空きを作ってください", "free some space on the disk"),
            (false, ErrorKind::NotFound) => {
                ("`kikitori recover` で一覧が見られます", "`kikitori recover` lists them")
            }
            (false, _) => return None,
        };
        Some(match lang {
            Lang::Ja => ja.into(),
            Lang::En => en.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_what_is_kept_and_what_to_do() {
        let error = Error::io(Action::Write, Path::new("a.pcm"), io::ErrorKind::StorageFull.into());
        assert_eq!((error.kind(), error.kept()), (ErrorKind::Storage, None));
        let error = error.keeping(Path::new("a.pcm"));
        assert_eq!(error.kept(), Some(Path::new("a.pcm")));
        assert_eq!(error.explain(Lang::Ja), "録音を続けられません(ディスクの空きがありません): a.pcm");
        assert_eq!(error.explain(Lang::En), "cannot go on recording, the disk is full: a.pcm");
        assert!(error.hint(Lang::Ja).unwrap().contains("kikitori recover restore"));
    }
}
