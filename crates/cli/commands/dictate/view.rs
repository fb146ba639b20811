//! What the speaker sees, in one place for all screens.

use record::{Lang, Record, State};
use recorder::{Alarm, Keep, Phase, SoundFormat, Status};

/// The engine is said to be behind in steps of this length.
const BEHIND_MS: u64 = 15_000;

/// What the speaker sees.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) lang: Lang,
    /// The forms so far, in the order in which they were asked for.
    pub(super) forms: Vec<Form>,
    /// The form that stands first on the screen.
    pub(super) first: usize,
    pub(super) device: String,
    pub(super) keep: Keep,
    pub(super) format: SoundFormat,
    pub(super) status: Status,
    /// The recording is saved; the engine has not yet heard all of it.
    pub(super) saved: bool,
    /// Lines of final text, the last ones at the end.
    pub(super) lines: Vec<String>,
    /// Words of the open window that stay, and those that may change.
    pub(super) stable: String,
    pub(super) tentative: String,
    /// Milliseconds of sound that the engine has not yet heard.
    pub(super) behind_ms: u64,
    /// The engine has failed: words come later, from the recording.
    pub(super) engine_failed: bool,
}

/// A form so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) title: String,
    /// Label and value of each field of which something was said.
    pub(super) filled: Vec<(String, String)>,
    /// Labels of required fields of which nothing was said.
    pub(super) missing: Vec<String>,
}

impl Form {
    /// A form of which nothing is known yet.
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    pub(super) fn of(title: &str, record: &Record) -> Self {
        let said = record.fields.iter().filter(|field| field.state != State::NotMentioned);
        Self {
            title: title.to_owned(),
            filled: said.map(|field| (field.label.clone(), field.display.clone())).collect(),
            missing: record.gaps.iter().map(|gap| gap.label.clone()).collect(),
        }
    }
}

/// One of two, by language.
pub(super) fn say<'t>(lang: Lang, ja: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Ja => ja,
        Lang::En => en,
    }
}

impl View {
    /// The titles of all forms.
    pub(super) fn titles(&self) -> String {
        self.forms.iter().map(|form| form.title.as_str()).collect::<Vec<_>>().join("、")
    }

    /// What is going on, in a word.
    pub(super) fn phase(&self) -> &'static str {
        let (ja, en) = match self.status.phase {
            _ if self.saved => {
                ("録音は保存しました。残りを文字にしています", "saved; the last words are being written")
            }
            Phase::Recording => ("録音中", "recording"),
            Phase::Paused => ("一時停止中", "paused"),
            Phase::Waiting => ("音を待っています", "waiting for sound"),
            Phase::Finishing => ("保存しています", "saving"),
            _ => ("準備中", "getting ready"),
        };
        say(self.lang, ja, en)
    }

    /// What must be told at once.
    pub(super) fn alarm(&self) -> Option<&'static str> {
        let (ja, en) = match self.status.alarm? {
            Alarm::NoSamples => {
                ("音が届いていません。マイクを確認してください", "no sound arrives: check the microphone")
            }
            Alarm::AllZero => (
                "無音です。マイクのスイッチを確認してください",
                "nothing but silence: is the microphone switched on?",
            ),
            Alarm::Lost => (
                "マイクが外れました。それまでの録音は残っています。つなぎ直すと続けます",
                "the microphone is gone; what was recorded is kept. Connect it to go on",
            ),
            Alarm::Switched => (
                "別のマイクに切り替わったため止めました。元のマイクに戻すと続けます",
                "the system switched to another microphone, which is not recorded. Switch back to go on",
            ),
            _ => (
                "音声の機能に問題が起きました。開き直しています",
                "the sound system failed; it is being opened again",
            ),
        };
        Some(say(self.lang, ja, en))
    }

    /// What becomes of the sound.
    pub(super) fn kept(&self) -> String {
        let (format, lang) = (self.format.name(), self.lang);
        match (self.keep, lang) {
            (Keep::Always, Lang::Ja) => format!("音声: 残します ({format})"),
            (Keep::Always, Lang::En) => format!("sound: kept ({format})"),
            (Keep::UntilApproval, Lang::Ja) => format!("音声: 承認まで残します ({format})"),
            (Keep::UntilApproval, Lang::En) => format!("sound: kept until the record is approved ({format})"),
            (Keep::Never, _) => {
                let en = "sound: removed once the record is written";
                say(lang, "音声: 記録を書いたら消します", en).to_owned()
            }
        }
    }

    /// What of the recording is not perfect, in a word each.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.status.gaps > 0 {
            remarks.push(match self.lang {
                Lang::Ja => format!("欠落 {}か所", self.status.gaps),
                Lang::En => format!("gaps: {}", self.status.gaps),
            });
        }
        if self.status.marks > 0 {
            remarks.push(match self.lang {
                Lang::Ja => format!("マーク {}", self.status.marks),
                Lang::En => format!("marks: {}", self.status.marks),
            });
        }
        if self.engine_failed {
            let en = "the engine failed: the words come later, from the recording";
            remarks.push(say(self.lang, "文字起こしは後で録音から行います", en).to_owned());
        } else if self.behind_ms >= BEHIND_MS {
            let seconds = self.behind_ms / BEHIND_MS * BEHIND_MS / 1_000;
            remarks.push(match self.lang {
                Lang::Ja => format!("文字起こしは{seconds}秒以上遅れ(録音は無事です)"),
                Lang::En => format!("words are {seconds} s or more behind; the recording is not"),
            });
        }
        remarks
    }
}

/// `1:02:03`, or `2:03` within the first hour.
pub(super) fn clock(ms: u64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
