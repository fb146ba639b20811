//! What went wrong, as a person reads it and as a script sees it.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use record::template::TemplateError;
use record::{Explain, Lang};

/// Exit code of an interrupted command.
pub(crate) const INTERRUPTED: u8 = 130;
const INTERNAL: u8 = 1;
const USAGE: u8 = 2;
const SOME_FAILED: u8 = 3;
const BAD_INPUT: u8 = 4;
const MODEL: u8 = 5;
const DEVICE: u8 = 6;
const STORAGE: u8 = 7;
const PERMISSION: u8 = 8;
const UNAVAILABLE: u8 = 9;

/// A command that failed.
pub(crate) struct Failure {
    code: u8,
    what: What,
}

enum What {
    Explained(Box<dyn Explain + Send>),
    Message { ja: String, en: String, hint: Option<(String, String)> },
    Internal(anyhow::Error),
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    /// A mistake in the arguments.
    pub(crate) fn usage(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::message(USAGE, ja, en)
    }

    /// An input that cannot be used.
    pub(crate) fn bad_input(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::message(BAD_INPUT, ja, en)
    }

    /// Some of several things failed, each already reported.
    pub(crate) fn some_failed(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::message(SOME_FAILED, ja, en)
    }

    /// The work was stopped by the user before anything was written.
    pub(crate) fn interrupted() -> Self {
        Self::message(
            INTERRUPTED,
            "中断しました。録音には手を加えていません。結果は何も書き込んでいません",
            "interrupted; the recording is untouched and no result was written",
        )
    }

    /// Another process of the same kind works in this directory.
    pub(crate) fn busy(dir: &Path) -> Self {
        Self::message(
            UNAVAILABLE,
            format!("別の kikitori batch がこのフォルダで動いています: {}", dir.display()),
            format!("another `kikitori batch` works in this directory: {}", dir.display()),
        )
        .with_hint("終わるのを待つか、別の --out を使ってください", "wait for it, or use another --out")
    }

    /// Several jobs were stopped by the user; what is finished of them is kept.
    pub(crate) fn interrupted_jobs(finished: usize, left: usize) -> Self {
        Self::message(
            INTERRUPTED,
            format!("中断しました。済んだジョブ{finished}件、残り{left}件。途中までの分も保存してあります"),
            format!(
                "interrupted: {finished} jobs finished, {left} left; what is finished of those is kept too"
            ),
        )
        .with_hint(
            "同じコマンドをもう一度実行すると続きから始まります",
            "run the same command again to go on",
        )
    }

    /// A worker that cannot do any job.
    pub(crate) fn unable(reason: &store::Reason) -> Self {
        let code = match reason.code.as_str() {
            "model" => MODEL,
            "storage" => STORAGE,
            "permission" => PERMISSION,
            "unavailable" => UNAVAILABLE,
            _ => INTERNAL,
        };
        Self::message(code, reason.ja.clone(), reason.en.clone())
    }

    /// Whether somebody stopped the work.
    pub(crate) fn is_interruption(&self) -> bool {
        self.code == INTERRUPTED
    }

    /// Why a job was not done: a code for scripts, and the message in both languages.
    pub(crate) fn reason(&self) -> store::Reason {
        let code = match self.code {
            USAGE => "usage",
            BAD_INPUT => "bad_input",
            MODEL => "model",
            STORAGE => "storage",
            PERMISSION => "permission",
            UNAVAILABLE => "unavailable",
            _ => "internal",
        };
        let said = |lang| self.said(lang).0.into_owned();
        store::Reason { code: code.to_owned(), ja: said(Lang::Ja), en: said(Lang::En) }
    }

    /// The work was stopped by the user after part of it was kept in `kept`.
    pub(crate) fn interrupted_keeping(kept: &Path) -> Self {
        Self::message(
            INTERRUPTED,
            format!("中断しました。そこまでの文字起こしを保存しました: {}", kept.display()),
            format!("interrupted; the transcript so far was kept: {}", kept.display()),
        )
        .with_hint(
            format!("続きを使うには: kikitori map {} --template ID", kept.display()),
            format!("to use it: kikitori map {} --template ID", kept.display()),
        )
    }

    /// The same failure, after what was heard before it was kept in `kept`.
    pub(crate) fn keeping(self, kept: &Path) -> Self {
        let (ja, en) = (self.said(Lang::Ja).0, self.said(Lang::En).0);
        Self::message(
            self.code,
            format!("{ja}。そこまでの文字起こしを保存しました: {}", kept.display()),
            format!("{en}; the transcript so far was kept: {}", kept.display()),
        )
        .with_hint(
            format!("それを使うには: kikitori map {} --template ID", kept.display()),
            format!("to use it: kikitori map {} --template ID", kept.display()),
        )
    }

    /// The same failure, after which what was heard before it has no place to be kept.
    pub(crate) fn keeping_nothing(self) -> Self {
        let (ja, en) = (self.said(Lang::Ja).0, self.said(Lang::En).0);
        Self::message(self.code, ja, en).with_hint(
            "-o で出力先を指定すると、途中までの文字起こしが残ります",
            "with -o FILE the transcript so far is kept",
        )
    }

    /// The dictation was stopped by the speaker; its sound is in `sound`.
    pub(crate) fn interrupted_saving(sound: &Path, template: &str) -> Self {
        let command = format!("kikitori record {} --template {template}", sound.display());
        Self::message(
            INTERRUPTED,
            format!("中断しました。録音は保存しました: {}", sound.display()),
            format!("interrupted; the recording was saved: {}", sound.display()),
        )
        .with_hint(format!("記録にするには: {command}"), format!("to make a record of it: {command}"))
    }

    /// A mistake of ours.
    pub(crate) fn internal(error: anyhow::Error) -> Self {
        Self { code: INTERNAL, what: What::Internal(error) }
    }

    /// Reading or writing a file failed.
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let (code, ja, en) = match error.kind() {
            Io::PermissionDenied | Io::ReadOnlyFilesystem => {
                (PERMISSION, "権限がありません", "no permission")
            }
            Io::StorageFull | Io::QuotaExceeded => {
                (STORAGE, "ディスクの空きがありません", "the disk is full")
            }
            Io::NotFound => (BAD_INPUT, "ファイルがありません", "no such file"),
            _ => (STORAGE, "読み書きできません", "cannot read or write"),
        };
        Self::message(code, format!("{ja}: {}", path.display()), format!("{en}: {}", path.display()))
    }

    /// The output exists and `--force` was not given.
    pub(crate) fn exists(path: &Path) -> Self {
        Self::message(
            STORAGE,
            format!("出力ファイルがすでにあります。そのまま残しました: {}", path.display()),
            format!("the output file exists and was kept: {}", path.display()),
        )
        .with_hint("上書きするときは --force を付けてください", "use --force to replace it")
    }

    pub(crate) fn with_hint(mut self, ja: impl Into<String>, en: impl Into<String>) -> Self {
        if let What::Message { hint, .. } = &mut self.what {
            *hint = Some((ja.into(), en.into()));
        }
        self
    }

    fn message(code: u8, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, what: What::Message { ja: ja.into(), en: en.into(), hint: None } }
    }

    fn explained(code: u8, error: impl Explain + Send + 'static) -> Self {
        Self { code, what: What::Explained(Box::new(error)) }
    }

    /// What happened, and what to do about it.
    pub(crate) fn said(&self, lang: Lang) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
        match (&self.what, lang) {
            (What::Explained(error), _) => (error.explain(lang), error.hint(lang)),
            (What::Message { ja, hint, .. }, Lang::Ja) => {
                (ja.into(), hint.as_ref().map(|h| h.0.as_str().into()))
            }
            (What::Message { en, hint, .. }, Lang::En) => {
                (en.into(), hint.as_ref().map(|h| h.1.as_str().into()))
            }
            (What::Internal(error), Lang::Ja) => (format!("内部の誤りです: {error:#}").into(), None),
            (What::Internal(error), Lang::En) => (format!("internal error: {error:#}").into(), None),
        }
    }

    /// Prints the message and, after a blank line, what to do.
    pub(crate) fn report(&self, lang: Lang) {
        let (message, hint) = self.said(lang);
        let (error, next) = match lang {
            Lang::Ja => ("エラー", "ヒント"),
            Lang::En => ("error", "hint"),
        };
        let mut out = std::io::stderr().lock();
        // Nothing can be done about a closed standard error.
        let _ = writeln!(out, "{error}: {message}");
        if let Some(hint) = hint {
            let _ = writeln!(out, "\n{next}: {hint}");
        }
    }
}

impl From<pipeline::Error> for Failure {
    fn from(error: pipeline::Error) -> Self {
        use pipeline::ErrorKind as Kind;
        let code = match error.kind() {
            Kind::BadInput | Kind::Crashed => BAD_INPUT,
            Kind::Permission => PERMISSION,
            Kind::Storage => STORAGE,
            Kind::Model => MODEL,
            Kind::Usage => USAGE,
            Kind::Cancelled => INTERRUPTED,
            _ => INTERNAL,
        };
        Self::explained(code, error)
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        use store::ErrorKind as Kind;
        let code = match error.kind() {
            Kind::Unavailable => UNAVAILABLE,
            Kind::NotFound | Kind::State | Kind::Address => USAGE,
            Kind::Recording => BAD_INPUT,
            Kind::DiskFull | Kind::Damaged | Kind::TooNew => STORAGE,
            Kind::Permission => PERMISSION,
            _ => INTERNAL,
        };
        Self::explained(code, error)
    }
}

impl From<models::Error> for Failure {
    fn from(error: models::Error) -> Self {
        use models::ErrorKind as Kind;
        let code = match error.kind() {
            Kind::Unreachable => UNAVAILABLE,
            Kind::DiskFull | Kind::Io | Kind::Conflict => STORAGE,
            Kind::Permission => PERMISSION,
            Kind::Cancelled => INTERRUPTED,
            Kind::Manifest => INTERNAL,
            _ => MODEL,
        };
        Self::explained(code, error)
    }
}

impl From<asr::Error> for Failure {
    fn from(error: asr::Error) -> Self {
        use asr::ErrorKind as Kind;
        let code = match error.kind() {
            Kind::Model => MODEL,
            Kind::UnknownEngine | Kind::Options => USAGE,
            Kind::Cancelled => INTERRUPTED,
            Kind::Memory => STORAGE,
            _ => INTERNAL,
        };
        Self::explained(code, error)
    }
}

impl From<export::Error> for Failure {
    fn from(error: export::Error) -> Self {
        use export::ErrorKind as Kind;
        let code = match error.kind() {
            Kind::UnknownFormat | Kind::Unsupported => USAGE,
            Kind::NotATranscript | Kind::InvalidTranscript | Kind::Audio => BAD_INPUT,
            Kind::DiskFull | Kind::Write => STORAGE,
            _ => INTERNAL,
        };
        Self::explained(code, error)
    }
}

impl From<text::Error> for Failure {
    fn from(error: text::Error) -> Self {
        use text::ErrorKind as Kind;
        let code = match error.kind() {
            Kind::UnknownPass | Kind::RepeatedPass => USAGE,
            Kind::Lexicon => BAD_INPUT,
            _ => INTERNAL,
        };
        Self::explained(code, error)
    }
}

impl From<extract::Error> for Failure {
    fn from(error: extract::Error) -> Self {
        let code = if error.kind() == extract::ErrorKind::Weights { MODEL } else { INTERNAL };
        Self::explained(code, error)
    }
}

impl From<audio::Error> for Failure {
    fn from(error: audio::Error) -> Self {
        use audio::ErrorKind as Kind;
        let code = if matches!(error.kind(), Kind::Device | Kind::NoDevice) { DEVICE } else { BAD_INPUT };
        Self::explained(code, error)
    }
}

impl From<recorder::Error> for Failure {
    fn from(error: recorder::Error) -> Self {
        use recorder::ErrorKind as Kind;
        let code = match error.kind() {
            Kind::Device => DEVICE,
            Kind::BadInput | Kind::NotFound => BAD_INPUT,
            Kind::Storage => STORAGE,
            Kind::Permission => PERMISSION,
            Kind::InUse => UNAVAILABLE,
            _ => INTERNAL,
        };
        Self::explained(code, error)
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        Self::explained(BAD_INPUT, error)
    }
}
