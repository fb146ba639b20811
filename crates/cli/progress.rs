//! Progress on standard error: a bar with an estimate on a terminal, lines or JSON where asked for.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use pipeline::Event;
use record::{Lang, Segment, Transcript};

use crate::args::{Global, ProgressArg};

/// How progress is shown: on a terminal, unless it is asked for or forbidden.
pub(crate) fn mode(global: &Global) -> ProgressArg {
    match global.progress {
        ProgressArg::Auto if std::io::stderr().is_terminal() && !global.quiet => ProgressArg::Auto,
        ProgressArg::Auto => ProgressArg::None,
        other => other,
    }
}

/// Shows how far a transcription is.
pub(crate) struct Progress {
    mode: ProgressArg,
    lang: Lang,
    quiet: bool,
    bar: Option<ProgressBar>,
    files: usize,
    declared_ms: Option<u64>,
    started: Instant,
}

impl Progress {
    pub(crate) fn new(global: &Global, files: usize) -> Self {
        let mode = mode(global);
        let (lang, quiet) = (global.lang(), global.quiet);
        Self { mode, lang, quiet, bar: None, files, declared_ms: None, started: Instant::now() }
    }

    /// Takes one event of the pipeline.
    pub(crate) fn on(&mut self, event: &Event<'_>) {
        match *event {
            Event::Opened { file, name, declared_ms } => {
                self.declared_ms = declared_ms;
                self.started = Instant::now();
                if self.mode == ProgressArg::Auto {
                    self.finish();
                    self.bar = Some(bar(declared_ms, &format!("{}/{} {name}", file + 1, self.files)));
                }
            }
            Event::Progress { file, until_ms, .. } => self.advance(file, until_ms),
            Event::Partial { name, decoded_ms, .. } => {
                let seconds = decoded_ms as f64 / 1000.0;
                self.note(
                    &format!("録音が途中で切れています。{seconds:.1}秒までを使いました: {name}"),
                    &format!("the recording breaks off; its first {seconds:.1} s were used: {name}"),
                );
            }
            Event::Sanitised { name, samples, .. } => self.note(
                &format!("数値でない音声サンプル{samples}個を無音にしました: {name}"),
                &format!("{samples} samples were no numbers and became silence: {name}"),
            ),
            _ => {}
        }
    }

    /// Says so where nobody spoke, or nothing that was heard is reliable.
    pub(crate) fn heard(&self, transcript: &Transcript) {
        if transcript.segments.is_empty() {
            self.note("話し声が見つかりませんでした", "no speech was found");
        } else if !transcript.segments.iter().any(Segment::is_mapped) {
            self.note(
                "話し声が見つかりませんでした(雑音らしい部分は記録に使っていません)",
                "no speech was found; what seems to be noise is kept out of the record",
            );
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn advance(&mut self, file: usize, until_ms: u64) {
        match self.mode {
            ProgressArg::Auto => {
                if let Some(bar) = &self.bar {
                    // Before the first window there is nothing to estimate from.
                    if bar.position() == 0 && bar.length().is_some() {
                        bar.set_style(style("{msg} {wide_bar} {percent}% {elapsed} / ETA {eta}"));
                    }
                    bar.set_position(until_ms);
                }
            }
            ProgressArg::Plain => {
                let (until, total) = (until_ms / 1000, self.declared_ms.map(|t| t / 1000));
                let total = total.map_or("?".to_owned(), |t| t.to_string());
                line(&format!("{}/{} {until}/{total} s", file + 1, self.files));
            }
            ProgressArg::Json => {
                let elapsed_ms = self.started.elapsed().as_millis() as u64;
                let line_of = serde_json::json!({
                    "file": file, "files": self.files, "until_ms": until_ms, "declared_ms": self.declared_ms,
                    "elapsed_ms": elapsed_ms, "eta_ms": self.eta(until_ms, elapsed_ms),
                });
                line(&line_of.to_string());
            }
            ProgressArg::None => {}
        }
    }

    /// Time left at the speed so far.
    fn eta(&self, until_ms: u64, elapsed_ms: u64) -> Option<u64> {
        let left = self.declared_ms?.saturating_sub(until_ms);
        (until_ms > 0).then(|| elapsed_ms * left / until_ms)
    }

    fn note(&self, ja: &str, en: &str) {
        if self.quiet {
            return;
        }
        let message = if self.lang == Lang::Ja { ja } else { en };
        match &self.bar {
            Some(bar) => bar.println(message),
            None => line(message),
        }
    }
}

fn bar(total_ms: Option<u64>, message: &str) -> ProgressBar {
    let bar = match total_ms {
        Some(total) => ProgressBar::new(total).with_style(style("{msg} {wide_bar} {percent}% {elapsed}")),
        None => ProgressBar::new_spinner(),
    };
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.with_message(message.to_owned())
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A line on standard error; a closed one is not an error.
pub(crate) fn line(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}

/// Shows the bytes of a model operation.
pub(crate) struct Bytes {
    bar: Option<ProgressBar>,
    lang: Lang,
    quiet: bool,
    stage: Option<models::Stage>,
}

impl Bytes {
    pub(crate) fn new(global: &Global) -> Self {
        let show = global.progress == ProgressArg::Auto && std::io::stderr().is_terminal() && !global.quiet;
        let bar = show.then(|| {
            ProgressBar::new(0)
                .with_style(style("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} ETA {eta}"))
        });
        Self { bar, lang: global.lang(), quiet: global.quiet, stage: None }
    }

    fn say(&self, message: &str) {
        match &self.bar {
            _ if self.quiet => {}
            Some(bar) => bar.println(message),
            None => line(message),
        }
    }
}

impl models::Progress for Bytes {
    fn report(&mut self, event: &models::Event<'_>) {
        use record::Explain;
        let ja = self.lang == Lang::Ja;
        match event {
            models::Event::Source { label } => {
                self.say(&if ja { format!("取得元: {label}") } else { format!("source: {label}") });
            }
            models::Event::SourceFailed { label, error } => {
                let why = error.explain(self.lang);
                self.say(&if ja {
                    format!("使えません: {label}: {why}")
                } else {
                    format!("failed: {label}: {why}")
                });
            }
            models::Event::Bytes { stage, done, total } => {
                if self.stage != Some(*stage) {
                    self.stage = Some(*stage);
                    let name = match (stage, ja) {
                        (models::Stage::Downloading, true) => "ダウンロード",
                        (models::Stage::Downloading, false) => "downloading",
                        (models::Stage::Converting, true) => "変換",
                        (models::Stage::Converting, false) => "converting",
                        (_, true) => "照合",
                        (_, false) => "verifying",
                    };
                    if let Some(bar) = &self.bar {
                        bar.set_message(name);
                    }
                }
                if let Some(bar) = &self.bar {
                    bar.set_length(total.unwrap_or(0));
                    bar.set_position(*done);
                }
            }
            _ => {}
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
