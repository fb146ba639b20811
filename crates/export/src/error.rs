//! What can go wrong, by what the caller does next.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use record::{Explain, Lang};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of reading a transcript or writing a file.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Problem>);

/// What the caller must do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No format has this name: use a known one.
    UnknownFormat,
    /// The file is not a transcript: give another file.
    NotATranscript,
    /// The file is our transcript JSON with a mistake in it: correct it or make it anew.
    InvalidTranscript,
    /// The format cannot hold this content: choose another one.
    Unsupported,
    /// The record, the template and the options do not belong together: pass those of one job.
    Mismatch,
    /// The audio to be embedded cannot be read: look at the path, or export without sound.
    Audio,
    /// The destination is full: make room.
    DiskFull,
    /// The destination cannot be written: look at the path and its permissions.
    Write,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("unknown {what} format (known: {known}): {name}")]
    UnknownFormat { what: What, known: String, name: String },
    #[error("the file holds no words: {name}")]
    Empty { name: String },
    #[error("the file is not text: {name}")]
    Binary { name: String },
    #[error("the text is in an unknown encoding: {name}")]
    Encoding { name: String },
    #[error("the file is a record, not a transcript: {name}")]
    IsRecord { name: String },
    #[error("the json is of another schema than {}: {name}", crate::TRANSCRIPT_SCHEMA)]
    Schema { name: String },
    // The message of the JSON parser may quote the file, so only the position is kept.
    #[error("the json cannot be read at line {line}, column {column}: {name}")]
    Json { name: String, line: usize, column: usize },
    #[error("{law} ({place}): {name}")]
    Invalid { name: String, place: String, law: &'static str },
    #[error("the transcript has no times, which this format needs: {format}")]
    NoTimes { format: &'static str },
    #[error("the record is of template {record}, not of the one given: {given}")]
    OtherTemplate { record: String, given: String },
    #[error("the record has {files} recordings, but audio was given for: {audio}")]
    AudioCount { files: usize, audio: usize },
    #[error("not an audio media type: {mime}")]
    MediaType { mime: String },
    #[error("the audio to be embedded cannot be read: {}", path.display())]
    Audio { path: PathBuf, source: io::Error },
    #[error("the output cannot be written")]
    Write { source: io::Error },
}

/// Which of the two kinds of format an unknown name was looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Transcript,
    Record,
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Transcript => "transcript",
            Self::Record => "record",
        })
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl Error {
    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Problem::UnknownFormat { .. } => ErrorKind::UnknownFormat,
            Problem::Empty { .. }
            | Problem::Binary { .. }
            | Problem::Encoding { .. }
            | Problem::IsRecord { .. }
            | Problem::Schema { .. } => ErrorKind::NotATranscript,
            Problem::Json { .. } | Problem::Invalid { .. } => ErrorKind::InvalidTranscript,
            Problem::NoTimes { .. } => ErrorKind::Unsupported,
            Problem::OtherTemplate { .. } | Problem::AudioCount { .. } | Problem::MediaType { .. } => {
                ErrorKind::Mismatch
            }
            Problem::Audio { .. } => ErrorKind::Audio,
            Problem::Write { source } if source.kind() == io::ErrorKind::StorageFull => ErrorKind::DiskFull,
            Problem::Write { .. } => ErrorKind::Write,
        }
    }

    pub(crate) fn write(source: io::Error) -> Self {
        Problem::Write { source }.into()
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let ja = lang == Lang::Ja;
        match &*self.0 {
            Problem::UnknownFormat { known, name, .. } if ja => {
                format!("この名前の出力形式はありません(使えるもの: {known}): {name}").into()
            }
            Problem::UnknownFormat { known, name, .. } => {
                format!("There is no output format of this name (known: {known}): {name}").into()
            }
            Problem::Empty { name } if ja => format!("中身のないファイルです: {name}").into(),
            Problem::Empty { name } => format!("The file holds no words: {name}").into(),
            Problem::Binary { name } if ja => format!("文字のファイルではありません: {name}").into(),
            Problem::Binary { name } => format!("This is not a text file: {name}").into(),
            Problem::Encoding { name } if ja => {
                format!("文字コードが UTF-8 でも UTF-16 でも Shift_JIS でもありません: {name}").into()
            }
            Problem::Encoding { name } => {
                format!("The text is not in UTF-8, UTF-16 or Shift_JIS: {name}").into()
            }
            Problem::IsRecord { name } if ja => {
                format!("文字起こしではなく、できあがった記録のファイルです: {name}").into()
            }
            Problem::IsRecord { name } => {
                format!("This is a finished record, not a transcript: {name}").into()
            }
            Problem::Schema { name } if ja => {
                format!("この版の聞き取りが読める文字起こしの JSON ではありません: {name}").into()
            }
            Problem::Schema { name } => {
                format!("This JSON is not a transcript that this version reads: {name}").into()
            }
            Problem::Json { name, line, column } if ja => {
                format!("文字起こしの JSON に誤りがあります({line} 行目 {column} 文字目): {name}").into()
            }
            Problem::Json { name, line, column } => {
                format!("The transcript's JSON has a mistake at line {line}, column {column}: {name}").into()
            }
            Problem::Invalid { name, place, .. } if ja => {
                format!("文字起こしの JSON の中身がつじつまの合わないものです({place}): {name}").into()
            }
            Problem::Invalid { name, place, law } => {
                format!("The transcript contradicts itself ({place}: {law}): {name}").into()
            }
            Problem::NoTimes { format } if ja => {
                format!("音声から作った文字起こしではないため、時刻の要るこの形式にはできません: {format}")
                    .into()
            }
            Problem::NoTimes { format } => {
                format!("The transcript has no times, which this format needs: {format}").into()
            }
            Problem::OtherTemplate { record, given } if ja => {
                format!("この記録は様式 {record} のもので、指定の様式と違います: {given}").into()
            }
            Problem::OtherTemplate { record, given } => {
                format!("The record is of form {record}, not of the one given: {given}").into()
            }
            Problem::AudioCount { files, audio } if ja => {
                format!("録音は {files} 件ですが、埋め込む音声の数が違います: {audio}").into()
            }
            Problem::AudioCount { files, audio } => {
                format!("There are {files} recordings, but another number of sounds to embed: {audio}").into()
            }
            Problem::MediaType { mime } if ja => format!("音声の種類の名前ではありません: {mime}").into(),
            Problem::MediaType { mime } => format!("This is not an audio media type: {mime}").into(),
            Problem::Audio { path, .. } if ja => {
                format!("ページに入れる音声を読めませんでした: {}", path.display()).into()
            }
            Problem::Audio { path, .. } => {
                format!("The sound for the page cannot be read: {}", path.display()).into()
            }
            Problem::Write { .. } => match (self.kind(), ja) {
                (ErrorKind::DiskFull, true) => "ディスクの空きが足りず、書き出せませんでした".into(),
                (ErrorKind::DiskFull, false) => "The disk is full, so the output was not written".into(),
                (_, true) => "書き出せませんでした".into(),
                (_, false) => "The output could not be written".into(),
            },
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        let (ja, en) = match (self.kind(), &*self.0) {
            (ErrorKind::UnknownFormat, _) => {
                ("-f に上の名前のどれかを指定してください", "name one of these with -f")
            }
            (_, Problem::IsRecord { .. }) => (
                "`kikitori transcribe -f json` で作ったファイルか、文字だけのファイルを指定してください",
                "give a file made by `kikitori transcribe -f json`, or plain text",
            ),
            (_, Problem::Binary { .. }) => (
                "録音なら `kikitori record` を使ってください。文字なら UTF-8 で保存し直してください",
                "use `kikitori record` for a recording; save text as UTF-8",
            ),
            (ErrorKind::NotATranscript, _) => (
                "文字だけのファイル(UTF-8)か、`kikitori transcribe -f json` で作ったファイルを指定してください",
                "give plain text in UTF-8, or a file made by `kikitori transcribe -f json`",
            ),
            (ErrorKind::InvalidTranscript, _) => (
                "`kikitori transcribe -f json` で作り直してください",
                "make it anew with `kikitori transcribe -f json`",
            ),
            (ErrorKind::Unsupported, _) => ("-f txt か -f json を使ってください", "use -f txt or -f json"),
            (ErrorKind::Mismatch, Problem::OtherTemplate { .. }) => {
                ("記録を作ったときの様式を指定してください", "name the form that the record was made with")
            }
            (ErrorKind::Audio, _) => (
                "音声ファイルの場所と読み取りの許可を確かめてください",
                "check the sound file's path and its permissions",
            ),
            (ErrorKind::DiskFull, _) => (
                "不要なファイルを消すか、-o で空きのある場所を指定してください",
                "make room, or name a place with room with -o",
            ),
            (ErrorKind::Write, _) => (
                "書き出し先の場所と書き込みの許可を確かめてください",
                "check the output's path and its permissions",
            ),
            _ => return None,
        };
        Some(if lang == Lang::Ja { ja } else { en }.into())
    }
}
