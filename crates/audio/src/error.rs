//! What can go wrong with a recording, by what the caller can do about it.

use std::borrow::Cow;
use std::io;

use record::{Explain, Lang};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file has no bytes: copy it again.
    Empty,
    /// A sound file without any sound: record again.
    NoAudio,
    /// Something else than a sound file: choose another.
    NotAudio,
    /// A sound file that is broken: copy or export it again.
    Damaged,
    /// A sound file that this program cannot decode: convert it.
    Unsupported,
    /// The operating system refused: see the source, a [`std::io::Error`].
    Io,
    /// No microphone, or no sound system: connect one.
    NoDevice,
    /// The sound system answered with an error: see the source.
    Device,
    /// A name that is not in the registry: choose one of those listed.
    UnknownName,
    /// A setting outside its range: correct it.
    Config,
}

/// An error of this crate.
///
/// `Display` leaves the file's name out (it may name a person) and never contains bytes of the file.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    kind: ErrorKind,
    detail: Cow<'static, str>,
    detail_ja: Option<Cow<'static, str>>,
    name: Option<String>,
    hint: Option<Hint>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Advice that is more exact than the kind's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// An MP4 file whose index was never written.
    MissingIndex,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), detail_ja: None, name: None, hint: None, source: None }
    }

    /// The detail in Japanese.
    pub(crate) fn in_japanese(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail_ja = Some(detail.into());
        self
    }

    pub(crate) fn io(error: io::Error) -> Self {
        let detail = match error.kind() {
            io::ErrorKind::NotFound => "file not found",
            io::ErrorKind::PermissionDenied => "permission denied",
            io::ErrorKind::IsADirectory => "is a directory",
            io::ErrorKind::StorageFull => "no space left for the temporary copy",
            _ => "reading failed",
        };
        Self::new(ErrorKind::Io, detail).with_source(error)
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn with_hint(mut self, hint: Hint) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Names the recording, for [`Explain::explain`]. The first name stays.
    pub(crate) fn named(mut self, name: &str) -> Self {
        if self.name.is_none() && !name.is_empty() {
            self.name = Some(name.to_owned());
        }
        self
    }

    /// What the caller can do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The [`std::io::ErrorKind`] behind an [`ErrorKind::Io`].
    #[must_use]
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        self.source.as_ref()?.downcast_ref::<io::Error>().map(io::Error::kind)
    }

    fn sentence(&self, lang: Lang) -> Cow<'static, str> {
        let text = match (lang, self.kind) {
            (Lang::En, ErrorKind::NotAudio) => return format!("not a recording ({})", self.detail).into(),
            (Lang::En, _) => return self.detail.clone(),
            (Lang::Ja, ErrorKind::Empty) => "ファイルの中身が空です(0バイト)",
            (Lang::Ja, ErrorKind::NoAudio) => "音声が入っていません",
            (Lang::Ja, ErrorKind::NotAudio) => "音声ファイルではありません",
            (Lang::Ja, ErrorKind::Damaged) => "音声ファイルが壊れています",
            (Lang::Ja, ErrorKind::Unsupported) => "対応していない形式です",
            (Lang::Ja, ErrorKind::Io) => match self.io_kind() {
                Some(io::ErrorKind::NotFound) => "ファイルが見つかりません",
                Some(io::ErrorKind::PermissionDenied) => "ファイルを開く権限がありません",
                Some(io::ErrorKind::IsADirectory) => "ファイルではなくフォルダーです",
                Some(io::ErrorKind::StorageFull) => "一時ファイルを置く空き容量がありません",
                _ => "ファイルを読み込めませんでした",
            },
            (Lang::Ja, ErrorKind::NoDevice) => "マイクが見つかりません",
            (Lang::Ja, ErrorKind::Device) => "音声入力を調べられませんでした",
            (Lang::Ja, ErrorKind::UnknownName) => "登録されていない名前です",
            (Lang::Ja, ErrorKind::Config) => "設定の値が範囲外です",
        };
        match (&self.detail_ja, self.kind) {
            (Some(detail), _) => format!("{text}({detail})").into(),
            // Seen by those who set these values alone.
            (None, ErrorKind::UnknownName | ErrorKind::Config) => format!("{text}({})", self.detail).into(),
            (None, _) => text.into(),
        }
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let sentence = self.sentence(lang);
        match &self.name {
            Some(name) => format!("{sentence}: {name}").into(),
            None => sentence,
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        let (ja, en) = match (self.hint, self.kind) {
            (Some(Hint::MissingIndex), _) => (
                "録音アプリで録音を正しく終了させてから、もう一度書き出すかコピーしてください",
                "finish the recording in the recorder, then export or copy the file again",
            ),
            (None, ErrorKind::Empty) => {
                ("録音機からもう一度コピーしてください", "copy the file from the recorder again")
            }
            (None, ErrorKind::NoAudio) => (
                "録音機で再生して音が聞こえるか確かめてください",
                "play the file on the recorder and check that there is sound in it",
            ),
            (None, ErrorKind::NotAudio) => (
                "録音した音声ファイル(WAV、MP3、M4A、FLAC、Ogg、Opus、WebM)を選んでください",
                "choose a recording: WAV, MP3, M4A, FLAC, Ogg, Opus or WebM",
            ),
            (None, ErrorKind::Damaged) => (
                "録音機からもう一度コピーするか、書き出し直してください",
                "copy the file from the recorder or export it again",
            ),
            (None, ErrorKind::Unsupported) => {
                ("録音アプリの書き出しで WAV か MP3 を選んでください", "export the recording as WAV or MP3")
            }
            (None, ErrorKind::Io) => match self.io_kind() {
                Some(io::ErrorKind::PermissionDenied) => (
                    "ファイルとフォルダーの読み取り権限を確かめてください",
                    "check the read permission of the file and its folder",
                ),
                Some(io::ErrorKind::StorageFull) => (
                    "一時フォルダーの空き容量を増やしてください",
                    "free some space in the folder for temporary files",
                ),
                Some(io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => {
                    ("ファイル名を確かめてください", "check the file name")
                }
                _ => return None,
            },
            (None, ErrorKind::NoDevice) => (
                "マイクを接続し、OSの設定で入力として選ばれているか確かめてください",
                "connect a microphone and check that the system lists it as an input",
            ),
            (None, ErrorKind::Device | ErrorKind::UnknownName | ErrorKind::Config) => return None,
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
    fn a_missing_file_is_explained_with_its_name_but_logged_without() {
        let error = Error::io(io::Error::from(io::ErrorKind::NotFound)).named("訪問.m4a");
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.to_string(), "file not found");
        assert_eq!(error.explain(Lang::Ja), "ファイルが見つかりません: 訪問.m4a");
        assert_eq!(error.explain(Lang::En), "file not found: 訪問.m4a");
        assert_eq!(error.hint(Lang::En).unwrap(), "check the file name");
    }

    #[test]
    fn what_was_found_is_told_in_both_languages() {
        let error = Error::new(ErrorKind::NotAudio, "PNG image").in_japanese("PNG画像").named("a.wav");
        assert_eq!(error.explain(Lang::Ja), "音声ファイルではありません(PNG画像): a.wav");
        assert_eq!(error.explain(Lang::En), "not a recording (PNG image): a.wav");
        assert!(error.hint(Lang::Ja).unwrap().contains("WAV"));
    }
}
