//! What this crate's errors say to a person.

use std::{borrow::Cow, fmt::Display};

use record::{Explain, Lang};

use crate::error::{Error, ErrorKind, Problem, SourceFailure};

type Text = Cow<'static, str>;

fn say(lang: Lang, ja: impl Display, en: impl Display) -> Text {
    match lang {
        Lang::Ja => ja.to_string(),
        Lang::En => en.to_string(),
    }
    .into()
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Text {
        let (ja, en) = match &*self.0 {
            Problem::Unknown { what: "format", name, .. } => {
                return say(
                    lang,
                    format_args!("知らないファイル形式です: {name}"),
                    format_args!("There is no such format: {name}"),
                );
            }
            Problem::AllSources { name, failures } => return all_sources(lang, name, failures),
            Problem::Cancelled => return say(lang, "中止しました", "Stopped on request"),
            Problem::Unknown { .. } => {
                ("その名前の音声認識モデルは一覧にありません", "No model has this name")
            }
            Problem::NoSuchFile { .. } => ("モデルのファイルが見つかりません", "There is no model file here"),
            Problem::NotInstalled { .. } => {
                ("音声認識モデルがまだ入っていません", "The speech model is not installed")
            }
            Problem::Unverified { .. } => (
                "出どころを確認できないモデルなので使いません",
                "This model's origin cannot be verified, so it is not used",
            ),
            Problem::Digest { what, expected, .. } => {
                return say(
                    lang,
                    format_args!(
                        "ファイルが壊れているか、別のものにすり替わっています（正しい SHA-256: {expected}）: {what}"
                    ),
                    format_args!("The file is damaged or not the expected one (SHA-256 {expected}): {what}"),
                );
            }
            Problem::Size { .. } => (
                "ファイルが壊れているか、別のものにすり替わっています",
                "The file is damaged or is not the one that was expected",
            ),
            Problem::Format { reason, path } => {
                return say(
                    lang,
                    format_args!("音声認識モデルとして読めないファイルです: {}", path.display()),
                    format_args!("This cannot be read as a speech model ({reason}): {}", path.display()),
                );
            }
            Problem::Exists { .. } => ("同じ名前のモデルがすでにあります", "A model of this name exists"),
            Problem::Name { .. } => {
                ("取り込むモデルの名前に使えません", "An imported model cannot have this name")
            }
            Problem::Busy { .. } => (
                "別の聞き取りがモデルの置き場所に書き込み中です",
                "Another kikitori is writing to the model directory",
            ),
            Problem::Remote { reason, place, .. } => {
                return say(
                    lang,
                    format_args!("取得先から受け取れませんでした: {place}"),
                    format_args!("The source did not deliver ({reason}): {place}"),
                );
            }
            Problem::ToolMissing { .. } => {
                ("必要なプログラムが入っていません", "A program that is needed is not installed")
            }
            Problem::Io { .. } if self.kind() == ErrorKind::DiskFull => {
                ("ディスクの空きが足りません", "The disk is full")
            }
            Problem::Io { .. } if self.kind() == ErrorKind::Permission => {
                ("モデルの置き場所を使う権限がありません", "No permission for the models' place")
            }
            Problem::Io { .. } => {
                ("ファイルを読み書きできませんでした", "The file could not be read or written")
            }
            Problem::Manifest { .. } => ("モデル一覧に誤りがあります", "The model list is wrong"),
        };
        let subject = self.subject();
        say(lang, format_args!("{ja}: {subject}"), format_args!("{en}: {subject}"))
    }

    fn hint(&self, lang: Lang) -> Option<Text> {
        let text = match &*self.0 {
            Problem::Unknown { known, .. } => say(
                lang,
                format_args!("次のどれかを指定してください: {known}"),
                format_args!("Use one of: {known}"),
            ),
            Problem::NotInstalled { name } => say(
                lang,
                format_args!(
                    "`kikitori models pull {name}` を実行してください。ネットワークの無い端末では \
                     `kikitori models import` でファイルから入れられます"
                ),
                format_args!(
                    "Run `kikitori models pull {name}`, or `kikitori models import` where there is no network"
                ),
            ),
            Problem::Unverified { sha256, .. } => say(
                lang,
                format_args!(
                    "`kikitori models list` のモデルを使ってください。自分で出どころを確かめたファイルなら \
                     `--allow-unverified-model` を付けます（SHA-256: {sha256}）"
                ),
                format_args!(
                    "Use a model of `kikitori models list`; `--allow-unverified-model` uses this one \
                     (SHA-256 {sha256})"
                ),
            ),
            Problem::AllSources { failures, .. } => {
                let missing = failures.iter().find(|f| f.error.kind() == ErrorKind::ToolMissing);
                let first = missing.and_then(|f| f.error.hint(lang)).unwrap_or_else(|| {
                    say(lang, "ネットワークの接続を確かめてください", "Check the network")
                });
                say(
                    lang,
                    format_args!(
                        "{first}。別の端末で入手したファイルは `kikitori models import` で入れられます"
                    ),
                    format_args!("{first}; or fetch the file elsewhere and run `kikitori models import`"),
                )
            }
            _ => by_kind(self.kind(), lang)?,
        };
        Some(text)
    }
}

fn all_sources(lang: Lang, name: &str, failures: &[SourceFailure]) -> Text {
    let each = failures.iter().map(|f| format!("{} — {}", f.source, f.error.explain(lang)));
    let each = each.collect::<Vec<_>>().join(if lang == Lang::Ja { "、" } else { ", " });
    say(
        lang,
        format_args!("モデル {name} をどこからも取得できませんでした: {each}"),
        format_args!("Model {name} could not be fetched from any source: {each}"),
    )
}

fn by_kind(kind: ErrorKind, lang: Lang) -> Option<Text> {
    let (ja, en) = match kind {
        ErrorKind::NotFound => (
            "パスを確かめるか、`kikitori models list` の名前を指定してください",
            "Check the path, or use a name of `kikitori models list`",
        ),
        ErrorKind::Corrupt => (
            "`kikitori models pull` で取り直すか、正しいファイルを `kikitori models import` で入れてください",
            "Fetch it again with `kikitori models pull`, or import the right file",
        ),
        ErrorKind::Unsupported => (
            "whisper.cpp の ggml ファイルか、CTranslate2・Hugging Face (safetensors) の Whisper のフォルダーを\
             指定してください",
            "Give a ggml file of whisper.cpp, or a CTranslate2 or Hugging Face (safetensors) Whisper directory",
        ),
        ErrorKind::Conflict => (
            "別の名前を `--name` で指定するか、もう一方の処理が終わるまで待ってください",
            "Give another `--name`, or wait until the other process has finished",
        ),
        ErrorKind::Unreachable => (
            "ネットワークの接続とプロキシの設定を確かめてください",
            "Check the network and its proxy settings",
        ),
        ErrorKind::Permission => (
            "フォルダーの権限を確かめるか、環境変数 KIKITORI_MODELS で別の場所を指定してください",
            "Check the permissions, or name another place with KIKITORI_MODELS",
        ),
        ErrorKind::ToolMissing => (
            "pip を入れてください（Debian・Ubuntu では `apt-get install python3-pip`）",
            "Install pip (on Debian and Ubuntu `apt-get install python3-pip`)",
        ),
        ErrorKind::DiskFull => (
            "不要なファイルを消すか、`KIKITORI_MODELS` で空きのある場所を指定してください",
            "Make room, or point `KIKITORI_MODELS` to a disk with room",
        ),
        ErrorKind::Io => ("パスと書き込みの許可を確かめてください", "Check the path and its permissions"),
        ErrorKind::Manifest => ("models.toml を直してください", "Correct models.toml"),
        ErrorKind::NotInstalled | ErrorKind::Unverified | ErrorKind::Cancelled => return None,
    };
    Some(say(lang, ja, en))
}

impl Error {
    /// The offending value.
    fn subject(&self) -> String {
        match &*self.0 {
            Problem::Unknown { name, .. }
            | Problem::NotInstalled { name }
            | Problem::Name { name }
            | Problem::AllSources { name, .. } => name.clone(),
            Problem::NoSuchFile { path }
            | Problem::Unverified { path, .. }
            | Problem::Format { path, .. }
            | Problem::Exists { path }
            | Problem::Busy { path }
            | Problem::Io { path, .. } => path.display().to_string(),
            Problem::Digest { what, .. } | Problem::Size { what, .. } => what.clone(),
            Problem::Remote { place, .. } => place.clone(),
            Problem::ToolMissing { tool } => (*tool).to_owned(),
            Problem::Manifest { reason } => reason.clone(),
            Problem::Cancelled => String::new(),
        }
    }
}
