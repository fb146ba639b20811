//! What can go wrong with model files.

use std::{borrow::Cow, error::Error as StdError, fmt, io, path::PathBuf};

use record::{Explain, Lang};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller must do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No such model name, format name or file: correct the argument.
    NotFound,
    /// A known model that is not in the model directory: pull or import it.
    NotInstalled,
    /// The file's digest is in no manifest: use a listed file, or insist on this one.
    Unverified,
    /// The file is not what its name or source promises: fetch it again.
    Corrupt,
    /// Not a speech model that this crate can read: give another file.
    Unsupported,
    /// The target exists, or another process is writing: choose another name or wait.
    Conflict,
    /// No source answered: connect to the network, or import a file.
    Unreachable,
    /// A program that is needed is not installed: install it.
    ToolMissing,
    /// The disk is full: make room.
    DiskFull,
    /// Reading or writing failed: look at the path and its permissions.
    Io,
    /// The caller asked to stop.
    Cancelled,
    /// The manifest itself is wrong: correct it.
    Manifest,
}

/// A source that did not deliver, with the reason.
#[derive(Debug)]
#[non_exhaustive]
pub struct SourceFailure {
    /// The source's kind and place, e.g. `hub (host.example)`.
    pub source: String,
    /// Why it failed.
    pub error: Error,
}

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Problem>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("unknown {what} `{name}`, known: {known}")]
    Unknown { what: &'static str, name: String, known: String },
    #[error("no model, file or folder at `{}`", path.display())]
    NoSuchFile { path: PathBuf },
    #[error("model `{name}` is not installed")]
    NotInstalled { name: String },
    #[error("digest {sha256} of `{}` is not in the manifest", path.display())]
    Unverified { path: PathBuf, sha256: String },
    #[error("{what} has digest {actual}, expected {expected}")]
    Digest { what: String, expected: String, actual: String },
    #[error("{what} has {actual} bytes, expected {expected}")]
    Size { what: String, expected: u64, actual: u64 },
    #[error("`{}` is not a usable model: {reason}", path.display())]
    Format { path: PathBuf, reason: String },
    #[error("`{}` exists", path.display())]
    Exists { path: PathBuf },
    #[error("another process is writing to `{}`", path.display())]
    Busy { path: PathBuf },
    #[error("no source delivered model `{name}`: {}", list(failures))]
    AllSources { name: String, failures: Vec<SourceFailure> },
    #[error("{place}: {reason}")]
    Remote {
        place: String,
        reason: String,
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    #[error("{tool} is not installed")]
    ToolMissing { tool: &'static str },
    #[error("{action} `{}`: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cancelled")]
    Cancelled,
    #[error("model manifest: {reason}")]
    Manifest { reason: String },
}

fn list(failures: &[SourceFailure]) -> String {
    failures.iter().map(|f| format!("{}: {}", f.source, f.error)).collect::<Vec<_>>().join("; ")
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
            Problem::Unknown { .. } | Problem::NoSuchFile { .. } => ErrorKind::NotFound,
            Problem::NotInstalled { .. } => ErrorKind::NotInstalled,
            Problem::Unverified { .. } => ErrorKind::Unverified,
            Problem::Digest { .. } | Problem::Size { .. } => ErrorKind::Corrupt,
            Problem::Format { .. } => ErrorKind::Unsupported,
            Problem::Exists { .. } | Problem::Busy { .. } => ErrorKind::Conflict,
            Problem::AllSources { .. } | Problem::Remote { .. } => ErrorKind::Unreachable,
            Problem::ToolMissing { .. } => ErrorKind::ToolMissing,
            Problem::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => ErrorKind::DiskFull,
            Problem::Io { .. } => ErrorKind::Io,
            Problem::Cancelled => ErrorKind::Cancelled,
            Problem::Manifest { .. } => ErrorKind::Manifest,
        }
    }

    /// The sources that were tried, in order, where a pull failed.
    #[must_use]
    pub fn failures(&self) -> &[SourceFailure] {
        match &*self.0 {
            Problem::AllSources { failures, .. } => failures,
            _ => &[],
        }
    }

    /// Whether a second try of the same request can succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(&*self.0, Problem::Remote { source: Some(_), .. })
    }

    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Problem::Io { action, path, source }.into()
    }

    pub(crate) fn format(path: impl Into<PathBuf>, reason: impl fmt::Display) -> Self {
        Problem::Format { path: path.into(), reason: reason.to_string() }.into()
    }

    pub(crate) fn manifest(reason: impl fmt::Display) -> Self {
        Problem::Manifest { reason: reason.to_string() }.into()
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let ja = lang == Lang::Ja;
        let text = match &*self.0 {
            Problem::Unknown { what, name, .. } => match (ja, *what) {
                (true, "format") => format!("知らないファイル形式です: {name}"),
                (true, _) => format!("その名前の音声認識モデルは一覧にありません: {name}"),
                (false, what) => format!("There is no {what} of this name: {name}"),
            },
            Problem::NoSuchFile { path } if ja => {
                format!("モデルのファイルが見つかりません: {}", path.display())
            }
            Problem::NoSuchFile { path } => format!("There is no model file here: {}", path.display()),
            Problem::NotInstalled { name } if ja => {
                format!("音声認識モデルがまだ入っていません: {name}")
            }
            Problem::NotInstalled { name } => format!("The speech model is not installed: {name}"),
            Problem::Unverified { path, .. } if ja => {
                format!("出どころを確認できないモデルなので使いません: {}", path.display())
            }
            Problem::Unverified { path, .. } => {
                format!("This model's origin cannot be verified, so it is not used: {}", path.display())
            }
            Problem::Digest { what, .. } | Problem::Size { what, .. } if ja => {
                format!("ファイルが壊れているか、別のものにすり替わっています: {what}")
            }
            Problem::Digest { what, .. } | Problem::Size { what, .. } => {
                format!("The file is damaged or is not the one that was expected: {what}")
            }
            Problem::Format { path, .. } if ja => {
                format!("音声認識モデルとして読めないファイルです: {}", path.display())
            }
            Problem::Format { path, reason } => {
                format!("This cannot be read as a speech model ({reason}): {}", path.display())
            }
            Problem::Exists { path } if ja => format!("同じ名前のモデルがすでにあります: {}", path.display()),
            Problem::Exists { path } => format!("A model of this name exists: {}", path.display()),
            Problem::Busy { path } if ja => {
                format!("別の聞き取りがモデルの置き場所に書き込み中です: {}", path.display())
            }
            Problem::Busy { path } => {
                format!("Another kikitori is writing to the model directory: {}", path.display())
            }
            Problem::AllSources { name, failures } => {
                let each = failures.iter().map(|f| format!("{} — {}", f.source, f.error.explain(lang)));
                let each = each.collect::<Vec<_>>().join(if ja { "、" } else { ", " });
                if ja {
                    format!("モデル {name} をどこからも取得できませんでした: {each}")
                } else {
                    format!("Model {name} could not be fetched from any source: {each}")
                }
            }
            Problem::Remote { place, .. } if ja => format!("取得先から受け取れませんでした: {place}"),
            Problem::Remote { place, reason, .. } => {
                format!("The source did not deliver ({reason}): {place}")
            }
            Problem::ToolMissing { tool } if ja => {
                format!("必要なプログラムが入っていません: {tool}")
            }
            Problem::ToolMissing { tool } => format!("A program that is needed is not installed: {tool}"),
            Problem::Io { path, .. } if ja => match self.kind() {
                ErrorKind::DiskFull => format!("ディスクの空きが足りません: {}", path.display()),
                _ => format!("ファイルを読み書きできませんでした: {}", path.display()),
            },
            Problem::Io { path, .. } => match self.kind() {
                ErrorKind::DiskFull => format!("The disk is full: {}", path.display()),
                _ => format!("The file could not be read or written: {}", path.display()),
            },
            Problem::Cancelled if ja => "中止しました".to_owned(),
            Problem::Cancelled => "Stopped on request".to_owned(),
            Problem::Manifest { reason } if ja => format!("モデル一覧に誤りがあります: {reason}"),
            Problem::Manifest { reason } => format!("The model list is wrong: {reason}"),
        };
        text.into()
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        let ja = lang == Lang::Ja;
        Some(match &*self.0 {
            Problem::Unknown { known, .. } if ja => format!("次のどれかを指定してください: {known}").into(),
            Problem::Unknown { known, .. } => format!("Use one of: {known}").into(),
            Problem::NotInstalled { name } if ja => {
                format!("`kikitori models pull {name}` を実行するか、ネットワークの無い端末では `kikitori models import` でファイルから入れてください").into()
            }
            Problem::NotInstalled { name } => {
                format!("Run `kikitori models pull {name}`, or `kikitori models import` where there is no network").into()
            }
            Problem::Unverified { sha256, .. } if ja => format!(
                "`kikitori models list` のモデルを使ってください。出どころを自分で確かめたファイルなら `--allow-unverified-model` を付けます（SHA-256: {sha256}）"
            )
            .into(),
            Problem::Unverified { sha256, .. } => format!(
                "Use a model of `kikitori models list`; with `--allow-unverified-model` this one is used (SHA-256 {sha256})"
            )
            .into(),
            Problem::AllSources { failures, .. } => {
                let tool = failures.iter().find(|f| f.error.kind() == ErrorKind::ToolMissing);
                let tool = tool.and_then(|f| f.error.hint(lang));
                match (tool, ja) {
                    (Some(tool), true) => format!("{tool}。別の端末で入手したファイルは `kikitori models import` で入れられます").into(),
                    (Some(tool), false) => format!("{tool}; or fetch the file elsewhere and run `kikitori models import`").into(),
                    (None, true) => "ネットワークの接続を確かめてもう一度実行するか、別の端末で入手したファイルを `kikitori models import` で入れてください".into(),
                    (None, false) => "Check the network and run it again, or fetch the file elsewhere and run `kikitori models import`".into(),
                }
            }
            _ => match (self.kind(), ja) {
                (ErrorKind::NotFound, true) => "パスを確かめるか、`kikitori models list` の名前を指定してください".into(),
                (ErrorKind::NotFound, false) => "Check the path, or use a name of `kikitori models list`".into(),
                (ErrorKind::Corrupt, true) => "`kikitori models pull` で取り直すか、正しいファイルを `kikitori models import` で入れてください".into(),
                (ErrorKind::Corrupt, false) => "Fetch it again with `kikitori models pull`, or import the right file".into(),
                (ErrorKind::Unsupported, true) => "whisper.cpp の ggml ファイル、または CTranslate2・Hugging Face (safetensors) の Whisper のフォルダーを指定してください".into(),
                (ErrorKind::Unsupported, false) => "Give a ggml file of whisper.cpp, or a CTranslate2 or Hugging Face (safetensors) Whisper directory".into(),
                (ErrorKind::Conflict, true) => "別の名前を `--name` で指定するか、もう一方の処理が終わるまで待ってください".into(),
                (ErrorKind::Conflict, false) => "Give another `--name`, or wait until the other process has finished".into(),
                (ErrorKind::Unreachable, true) => "ネットワークの接続と代理サーバー（プロキシ）の設定を確かめてください".into(),
                (ErrorKind::Unreachable, false) => "Check the network and its proxy settings".into(),
                (ErrorKind::ToolMissing, true) => "pip を入れてください（Debian・Ubuntu では `apt-get install python3-pip`）".into(),
                (ErrorKind::ToolMissing, false) => "Install pip (on Debian and Ubuntu `apt-get install python3-pip`)".into(),
                (ErrorKind::DiskFull, true) => "不要なファイルを消すか、`KIKITORI_MODELS` で空きのある場所を指定してください".into(),
                (ErrorKind::DiskFull, false) => "Make room, or point `KIKITORI_MODELS` to a disk with room".into(),
                (ErrorKind::Io, true) => "パスと書き込みの許可を確かめてください".into(),
                (ErrorKind::Io, false) => "Check the path and its permissions".into(),
                (ErrorKind::Manifest, true) => "models.toml を直してください".into(),
                (ErrorKind::Manifest, false) => "Correct models.toml".into(),
                _ => return None,
            },
        })
    }
}
