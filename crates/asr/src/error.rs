//! What can go wrong, by what the caller does next.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use kernels::{Isa, UnknownIsa};
use record::{Explain, Lang};
use serde::{Deserialize, Serialize};

use crate::ggml;
use crate::isolated::wire::{Report, WireError};

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// An engine, model or decoding error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Cause);

/// What a caller does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No engine has this name: name another one.
    UnknownEngine,
    /// The model file is missing, foreign or damaged: fetch it again or name another one.
    Model,
    /// An option is outside its range: correct it; no window can be decoded with it.
    Options,
    /// The window breaks the contract of [`record::Window`]: the packer is wrong.
    Window,
    /// The caller cancelled: stop.
    Cancelled,
    /// This window could not be decoded: mark it and go on with the next, in the same session.
    Decode,
    /// There is not enough memory for a session: drop this one, run fewer of them or take a smaller model.
    Memory,
    /// The session is gone: drop it and open another.
    SessionLost,
    /// The program was built for a newer processor: use the build for older ones.
    Processor,
    /// The engine's process died or made no progress: decode the window again, in the same session or a new one, and give
    /// the input up after three times.
    Crashed,
}

/// The cases, with what a message needs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the program was compiled with instructions that this processor lacks: {missing}")]
    Processor { missing: String },
    #[error("unknown engine (known: {known}): {name}")]
    UnknownEngine { known: String, name: String },
    #[error(transparent)]
    Kernels(#[from] UnknownIsa),
    #[error("the engine cannot read the model file: {path}")]
    OpenModel { path: PathBuf, source: io::Error },
    #[error("the model file is not a usable Whisper model: {path}")]
    BadModel { path: PathBuf, source: ggml::ModelError },
    #[error("whisper.cpp refused the model file: {path}")]
    LoadModel { path: PathBuf },
    #[cfg(feature = "ct2")]
    #[error(transparent)]
    Ct2(#[from] crate::ct2::Fault),
    #[error("the replay fixture is not valid: {path}")]
    Fixture { path: PathBuf, source: serde_json::Error },
    #[error("a segment of the replay fixture ends before it starts: segment {index} of {path}")]
    FixtureTimes { path: PathBuf, index: usize },
    #[error("the model does not know the language: {language}")]
    Language { language: String },
    #[error("the option must be {allowed}: {name} = {value}")]
    Option { name: &'static str, allowed: Cow<'static, str>, value: String },
    #[error("a window is longer than 30 s: {samples} samples")]
    WindowTooLong { samples: usize },
    #[error("a window holds a sample that is not finite: sample {index}")]
    NotFinite { index: usize },
    #[error("decoding was cancelled")]
    Cancelled,
    #[error("whisper.cpp could not decode the window: code {code}")]
    Decode { code: i32 },
    #[error("there is not enough memory: {bytes} bytes")]
    Memory { bytes: u64 },
    #[error("whisper.cpp could not allocate a decoding state")]
    NewState,
    #[error("whisper.cpp could not allocate the decoder's cache and destroyed its state: code {code}")]
    StateLost { code: i32 },
    #[error("the decoding thread could not be started")]
    Spawn { source: io::Error },
    #[error("the decoding thread ended without an answer")]
    WorkerGone,
    #[error("the engine's process could not be started: {program}")]
    StartProcess { program: PathBuf, source: io::Error },
    #[error("the engine's process ended in the middle of its work: {how}")]
    ProcessDied { how: String },
    #[error("the engine's process made no progress for {seconds} s")]
    NoProgress { seconds: u64 },
    #[error("the program and the engine's process do not understand each other")]
    Wire(#[from] WireError),
    #[error("the expected words do not fit into a message to the engine's process: {bytes} bytes")]
    Oversized { bytes: usize },
    #[error("{}", .0.message)]
    Remote(Box<Report>),
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Cause::Processor { .. } => ErrorKind::Processor,
            Cause::UnknownEngine { .. } => ErrorKind::UnknownEngine,
            Cause::OpenModel { .. }
            | Cause::BadModel { .. }
            | Cause::LoadModel { .. }
            | Cause::Fixture { .. }
            | Cause::FixtureTimes { .. } => ErrorKind::Model,
            #[cfg(feature = "ct2")]
            Cause::Ct2(fault) => fault.kind(),
            Cause::Kernels(_) | Cause::Language { .. } | Cause::Option { .. } | Cause::Oversized { .. } => {
                ErrorKind::Options
            }
            Cause::WindowTooLong { .. } | Cause::NotFinite { .. } => ErrorKind::Window,
            Cause::Cancelled => ErrorKind::Cancelled,
            Cause::Decode { .. } => ErrorKind::Decode,
            Cause::Memory { .. } | Cause::NewState | Cause::StateLost { .. } | Cause::Spawn { .. } => {
                ErrorKind::Memory
            }
            // Another program, or another version of this one: no input is to blame.
            Cause::WorkerGone
            | Cause::StartProcess { .. }
            | Cause::Wire(WireError::Foreign | WireError::Version { .. }) => ErrorKind::SessionLost,
            Cause::ProcessDied { .. } | Cause::NoProgress { .. } | Cause::Wire(_) => ErrorKind::Crashed,
            Cause::Remote(report) => report.kind,
        }
    }
}

fn isa_names() -> String {
    Isa::available().iter().map(|isa| isa.name()).collect::<Vec<_>>().join(", ")
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let ja = lang == Lang::Ja;
        match &self.0 {
            Cause::Processor { missing } if ja => {
                format!("このプログラムは、このパソコンのCPUにない命令を使います: {missing}").into()
            }
            Cause::Processor { missing } => {
                format!("This program uses instructions that the processor of this machine lacks: {missing}")
                    .into()
            }
            Cause::UnknownEngine { known, name } if ja => {
                format!("この名前の音声認識エンジンはありません(使えるもの: {known}): {name}").into()
            }
            Cause::UnknownEngine { known, name } => {
                format!("No such speech engine (known: {known}): {name}").into()
            }
            Cause::Kernels(UnknownIsa(name)) if ja => {
                format!("このパソコンのCPUでは使えない命令です(使えるもの: {}): {name}", isa_names()).into()
            }
            Cause::Kernels(UnknownIsa(name)) => {
                format!("This processor has no such instructions (it has: {}): {name}", isa_names()).into()
            }
            Cause::OpenModel { path, .. } if ja => {
                format!("音声認識モデルのファイルを読めません: {}", path.display()).into()
            }
            Cause::OpenModel { path, .. } => {
                format!("The model file cannot be read: {}", path.display()).into()
            }
            Cause::BadModel { path, .. } | Cause::LoadModel { path } if ja => {
                format!("音声認識モデルのファイルが壊れているか、別の種類のファイルです: {}", path.display())
                    .into()
            }
            Cause::BadModel { path, .. } | Cause::LoadModel { path } => {
                format!("The model file is damaged or is something else: {}", path.display()).into()
            }
            #[cfg(feature = "ct2")]
            Cause::Ct2(fault) => fault.explain(lang),
            Cause::Fixture { path, .. } | Cause::FixtureTimes { path, .. } if ja => {
                format!("再生用データの内容が正しくありません: {}", path.display()).into()
            }
            Cause::Fixture { path, .. } | Cause::FixtureTimes { path, .. } => {
                format!("The replay fixture is not valid: {}", path.display()).into()
            }
            Cause::Language { language } if ja => {
                format!("このモデルでは使えない言語です: {language}").into()
            }
            Cause::Language { language } => {
                format!("The model does not know this language: {language}").into()
            }
            Cause::Option { name, allowed, value } if ja => {
                format!("設定の値が範囲外です({allowed}): {name} = {value}").into()
            }
            Cause::Option { name, allowed, value } => {
                format!("The setting must be {allowed}: {name} = {value}").into()
            }
            Cause::WindowTooLong { .. } | Cause::NotFinite { .. } if ja => {
                "音声の区切りが正しくないため認識できません".into()
            }
            Cause::WindowTooLong { .. } | Cause::NotFinite { .. } => {
                "The audio was cut in an invalid way".into()
            }
            Cause::Cancelled if ja => "中止しました".into(),
            Cause::Cancelled => "Cancelled".into(),
            Cause::Decode { code } if ja => {
                format!("この区間の音声を認識できませんでした: コード {code}").into()
            }
            Cause::Decode { code } => {
                format!("This stretch of speech could not be recognised: code {code}").into()
            }
            Cause::Memory { .. } | Cause::NewState | Cause::StateLost { .. } | Cause::Spawn { .. } if ja => {
                "音声認識に必要なメモリが足りません".into()
            }
            Cause::Memory { .. } | Cause::NewState | Cause::StateLost { .. } | Cause::Spawn { .. } => {
                "There is not enough memory for speech recognition".into()
            }
            Cause::WorkerGone if ja => "音声認識が途中で停止しました".into(),
            Cause::WorkerGone => "Speech recognition stopped unexpectedly".into(),
            Cause::StartProcess { program, .. } if ja => {
                format!("音声認識のプロセスを起動できません: {}", program.display()).into()
            }
            Cause::StartProcess { program, .. } => {
                format!("The process for speech recognition cannot be started: {}", program.display()).into()
            }
            Cause::ProcessDied { how } if ja => format!("音声認識のプロセスが途中で落ちました: {how}").into(),
            Cause::ProcessDied { how } => format!("The process for speech recognition crashed: {how}").into(),
            Cause::NoProgress { seconds } if ja => {
                format!("音声認識が進まないため打ち切りました: {seconds}秒").into()
            }
            Cause::NoProgress { seconds } => {
                format!("Speech recognition made no progress and was stopped: {seconds} s").into()
            }
            Cause::Wire(_) if ja => "音声認識のプロセスと通信できません".into(),
            Cause::Wire(_) => "The process for speech recognition cannot be understood".into(),
            Cause::Oversized { bytes } if ja => {
                format!("音声認識に渡す語や文が多すぎます: {bytes}バイト").into()
            }
            Cause::Oversized { bytes } => {
                format!("Too many words or sentences are expected: {bytes} bytes").into()
            }
            Cause::Remote(report) => report.explanation(lang).to_owned().into(),
        }
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        if let Cause::Remote(report) = &self.0 {
            return report.advice(lang).map(|hint| hint.to_owned().into());
        }
        let (ja, en) = match self.kind() {
            ErrorKind::UnknownEngine => {
                ("--engine に上の名前のどれかを指定してください", "name one of these with --engine")
            }
            ErrorKind::Processor => (
                "古いCPU用のプログラム(`make dist`)を使ってください",
                "use the program for older processors (`make dist`)",
            ),
            ErrorKind::Model => (
                "`kikitori models pull` で取り直すか、`kikitori models verify` で確かめてください",
                "run `kikitori models pull` to fetch it again, or `kikitori models verify` to check it",
            ),
            ErrorKind::Options => {
                ("設定の値を直してもう一度実行してください", "correct the setting and run again")
            }
            ErrorKind::Window | ErrorKind::SessionLost => (
                "`kikitori doctor` の結果を添えて開発元へ知らせてください",
                "report it with the output of `kikitori doctor`",
            ),
            ErrorKind::Crashed => (
                "もう一度実行してください。繰り返すときは `kikitori doctor` の結果を添えて開発元へ知らせてください",
                "run it again; if it happens again, report it with the output of `kikitori doctor`",
            ),
            ErrorKind::Decode => {
                ("この区間は録音を聞いて入力してください", "listen to this stretch and type it")
            }
            ErrorKind::Memory => (
                "ほかのプログラムを閉じるか、小さいモデルを選んでください",
                "close other programs or choose a smaller model",
            ),
            ErrorKind::Cancelled => return None,
        };
        Some(if lang == Lang::Ja { ja } else { en }.into())
    }
}
