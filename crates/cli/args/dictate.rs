//! The command line of `dictate` and `recover`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::{EngineArgs, FormArgs, OutputArgs};

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  kikitori dictate --template visit                       speak; the record is printed at the end
  kikitori dictate --template visit,progress -o records   one dictation, several forms
  kikitori dictate --template visit --device headset      another microphone (`kikitori devices` lists them)
  kikitori dictate --template visit --keep-audio never    no sound is left once the record is written

Keys (without a terminal: a line of standard input): p pause or go on, m mark, c correction, f finish, q stop without a
record; on a terminal Tab brings the next form to the top. Spoken, alone, with two seconds of silence before and after:
一時停止, 再開, マーク, 訂正, 記録終了.")]
pub(crate) struct DictateArgs {
    #[command(flatten)]
    pub(crate) form: FormArgs,
    /// Microphone: a name of `devices`, or a part that only one has. Default: the system's.
    #[arg(long, value_name = "NAME", conflicts_with = "from_file")]
    pub(crate) device: Option<String>,
    /// Play a recording at the speed at which it was spoken instead of listening to a microphone.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
    /// How many times as fast `--from-file` plays.
    #[arg(long, value_name = "X", default_value_t = 1.0, hide = true)]
    pub(crate) speed: f64,
    /// How long the sound is kept: always, until the record is approved (`kikitori recover approve`), or only until the
    /// record is written.
    #[arg(long, value_enum, default_value = "until-approval", env = "KIKITORI_KEEP_AUDIO")]
    pub(crate) keep_audio: KeepArg,
    /// What the finished recording is written as: wav, which every program reads, or flac, the same sound in about half the
    /// room.
    #[arg(long, value_enum, default_value = "wav", env = "KIKITORI_AUDIO_FORMAT")]
    pub(crate) audio_format: AudioFormatArg,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// When the dictation is made (2025-06-03T16:10, with or without offset); relative dates count from it. Default: now.
    #[arg(long, value_name = "WHEN")]
    pub(crate) recorded_at: Option<String>,
    /// text, json or html.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// Where recordings are.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct PlaceArgs {
    /// Folder of the recordings. Default: `kikitori/recordings` among the user's data.
    #[arg(long, global = true, value_name = "DIR", env = "KIKITORI_RECORDINGS")]
    pub(crate) recordings: Option<PathBuf>,
}

/// How long the sound is kept.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KeepArg {
    Always,
    UntilApproval,
    Never,
}

/// What the finished recording is written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AudioFormatArg {
    Wav,
    Flac,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  kikitori recover                                            what was interrupted, and what waits for approval
  kikitori recover restore                                    make recordings of all that was interrupted
  kikitori recover approve 20260401-090000-812                the record is approved: its sound is removed
  kikitori recover discard 20260401-090000-812 --reason 試し録り

Nothing is removed by itself: what you leave alone is kept.")]
pub(crate) struct RecoverArgs {
    #[command(subcommand)]
    pub(crate) command: Option<RecoverCommand>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecoverCommand {
    /// List interrupted recordings and those that wait for approval.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make recordings of interrupted ones.
    Restore {
        /// Names of recordings; all interrupted ones where none is given.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// The records of these recordings are approved: remove the sound that was kept until then. Transcripts and records stay.
    Approve {
        /// Names of recordings that wait for approval.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Remove the sound of a recording, interrupted or finished, and note why.
    Discard {
        /// Name of the recording.
        name: String,
        /// Why; stands in `discarded.jsonl` beside the recordings.
        #[arg(long)]
        reason: String,
    },
}
