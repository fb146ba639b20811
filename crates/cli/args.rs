//! The command line: names, help and defaults. Behaviour is in `commands`.

mod dictate;
mod jobs;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use record::Lang;

use crate::bias::BiasSetting;
use crate::failure::Failure;
use crate::gpu::GpuSetting;

pub(crate) use self::dictate::{AudioFormatArg, DictateArgs, KeepArg, RecoverArgs, RecoverCommand};
pub(crate) use self::jobs::{BatchArgs, JobsArgs, JobsCommand, WorkerArgs};

/// 聞き取り: turns a caseworker's speech into the fields of the office's form, on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "kikitori",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  kikitori models pull                                  fetch the default model, once
  kikitori record visit.m4a --template visit            fill a visit form and print it
  kikitori record a.m4a b.m4a --template intake -f html -o intake.html
  kikitori dictate --template visit -o visit.txt        speak, and watch the form fill up
  kikitori map notes.txt --template visit -f json       from text instead of speech
  kikitori record visit.m4a --template visit,progress,injury -o records
  kikitori batch recordings --template visit --out records
  kikitori transcribe visit.m4a -f srt -o visit.srt

Results go to standard output, everything else to standard error. Nothing is sent over the network; only `models pull`
uses it, and what is told to use a database or a store of recordings on another machine.

Exit codes: 0 ok, 1 internal, 2 usage, 3 some inputs failed, 4 bad input, 5 model missing or invalid, 6 audio device,
7 storage, 8 permission, 9 temporarily unavailable, 130 interrupted."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Global {
    /// Language of messages and of everything around the form's own words.
    #[arg(long, global = true, value_enum, default_value = "ja", env = "KIKITORI_LANG")]
    lang: LangArg,
    /// No progress and no notes on standard error; errors are still reported.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Diagnostics on standard error, never words of a transcript (`KIKITORI_LOG` chooses more exactly).
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// How progress is shown.
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub(crate) progress: ProgressArg,
}

impl Global {
    pub(crate) fn lang(&self) -> Lang {
        match self.lang {
            LangArg::Ja => Lang::Ja,
            LangArg::En => Lang::En,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LangArg {
    Ja,
    En,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressArg {
    /// A bar on a terminal, nothing elsewhere.
    Auto,
    /// One line for each window.
    Plain,
    /// One JSON object a line.
    Json,
    /// Nothing.
    None,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write down what a recording says.
    Transcribe(TranscribeArgs),
    /// Fill a form from recordings; several files in order make one record.
    Record(RecordArgs),
    /// Fill a form while you speak; the sound is kept whatever happens.
    Dictate(Box<DictateArgs>),
    /// List, restore and discard recordings that were interrupted or wait for approval.
    Recover(RecoverArgs),
    /// Fill forms from many recordings, each a job; what is interrupted goes on where it was.
    Batch(Box<BatchArgs>),
    /// Do the jobs of a database that several machines share.
    Worker(Box<WorkerArgs>),
    /// List, show, retry, cancel and purge jobs.
    Jobs(JobsArgs),
    /// Fill a form from a text or a transcript.
    Map(MapArgs),
    /// List, show and check forms.
    Templates(TemplatesArgs),
    /// Import, list, check and test the office's own terms.
    Lexicon(LexiconArgs),
    /// List, fetch, import and verify speech models.
    Models(ModelsArgs),
    /// Score records against expected ones (for developers).
    Eval(EvalArgs),
    /// List microphones.
    Devices(DevicesArgs),
    /// Check this installation and say what was compiled in.
    Doctor(DoctorArgs),
    /// Measure this machine with the installed models and say which options suit it.
    Bench(BenchArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them into a directory.
    Man(ManArgs),
    /// Decode for another process of this program, which talks over standard input and output.
    #[command(hide = true)]
    EngineWorker,
}

/// Which engine, which model, how many sessions.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct EngineArgs {
    /// Speech model: a name of `models list`, a ggml file, or for the native engine a Hugging Face directory; for the engine
    /// `ct2` a directory of its own.
    #[arg(long, value_name = "NAME|PATH", env = "KIKITORI_MODEL")]
    pub(crate) model: Option<String>,
    /// Load a model whose SHA-256 is in no list.
    #[arg(long)]
    pub(crate) allow_unverified_model: bool,
    /// Speech engine.
    #[arg(long, value_name = "NAME", default_value = asr::DEFAULT_ENGINE)]
    pub(crate) engine: String,
    /// Windows decoded at the same time. Default: one for each core, or one alone for a short recording.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) sessions: Option<u8>,
    /// Threads of each session. Default: one, or all cores for a short recording.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) threads: Option<u8>,
    /// How much work a window gets: fast, auto (careful only where the engine is unsure) or careful.
    #[arg(long, value_name = "NAME", default_value_t = pipeline::Tier::default().name.to_owned())]
    pub(crate) tier: String,
    /// Sequences of tokens that a beam search follows at once, instead of the tier's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=8))]
    pub(crate) beam_size: Option<u8>,
    /// Longest window in seconds, instead of the tier's.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u8).range(2..=30))]
    pub(crate) window: Option<u8>,
    /// Instructions that the native engine uses, instead of the best that `kikitori doctor` lists.
    #[arg(long, value_name = "NAME", env = "KIKITORI_KERNELS")]
    pub(crate) kernels: Option<String>,
    /// Words in the style that is expected; the engine imitates them. Never words of another case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    /// How strongly the words of the form and of the office, and with a form what is usually dictated, are raised while
    /// decoding: off, or any of sentences=,boost=,start=,cap=,back-off= (`kikitori eval --ablate bias` shows what it is
    /// worth).
    #[arg(long, value_name = "SETTINGS", default_value = "sentences=0.6,boost=2")]
    pub(crate) bias: BiasSetting,
    /// Spoken language (ISO 639-1).
    #[arg(long, value_name = "CODE", default_value = "ja")]
    pub(crate) language: String,
    /// Run the engine in processes of its own: a crash of native code then costs one window, which is decoded again.
    #[arg(long)]
    pub(crate) isolate: bool,
    /// GPU to use: auto (one that is there, where GPUs were compiled in), none, or its number in `kikitori doctor`.
    #[arg(long, value_name = "auto|none|N", default_value_t)]
    pub(crate) gpu: GpuSetting,
}

impl EngineArgs {
    /// The engine and the GPU; where there is one and no other engine is named, the engine that can use it.
    pub(crate) fn chosen(&self) -> Result<(&str, Option<u32>), Failure> {
        let named = if self.engine == asr::DEFAULT_ENGINE { asr::GPU_ENGINE } else { &self.engine };
        let gpu = self.gpu.choose(&asr::gpus(named)?)?;
        Ok((if gpu.is_some() { named } else { &self.engine }, gpu))
    }
}

/// Where the result goes.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct OutputArgs {
    /// File to write instead of standard output (`-`); an existing one is kept. With several forms a directory, in which each
    /// form gets its file `<stem>.<id>.<ext>`.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace an existing output file.
    #[arg(long)]
    pub(crate) force: bool,
}

impl OutputArgs {
    /// The file or directory to write to; none for standard output.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TranscribeArgs {
    /// Recordings in order; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// txt, json, srt or vtt.
    #[arg(short, long, value_name = "FORMAT", default_value = "txt")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) recorded: RecordedArgs,
    /// Listen at the speed of the recording and show the words as they come, as a dictation would.
    #[arg(long)]
    pub(crate) live: bool,
    /// Write what it took into a JSON file (replaced): seconds, processor time, memory, windows, tokens; no words.
    #[arg(long, value_name = "FILE")]
    pub(crate) stats: Option<PathBuf>,
}

/// When the recording was made.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct RecordedArgs {
    /// When the recording was made (2025-06-03T16:10, with or without offset); relative dates count from it. Default:
    /// the first file's own time.
    #[arg(long, value_name = "WHEN")]
    pub(crate) recorded_at: Option<String>,
}

/// Which form.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct FormArgs {
    /// Form to fill: an id of `templates list`; several joined by commas are filled from the same dictation.
    #[arg(short, long, value_name = "ID,…", value_delimiter = ',', required = true)]
    pub(crate) template: Vec<String>,
    /// Directory with the office's own forms.
    #[arg(long, value_name = "DIR", env = "KIKITORI_TEMPLATES")]
    pub(crate) templates: Option<PathBuf>,
    /// Fill the form by the rules alone, without the tagger's proposals.
    #[arg(long)]
    pub(crate) no_model_pass: bool,
    /// Text passes in their order, or changes to the usual row: `--passes=-lexicon,+plain_style`. A wrong name lists all.
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        allow_hyphen_values = true,
        env = "KIKITORI_PASSES"
    )]
    pub(crate) passes: Option<Vec<String>>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RecordArgs {
    /// Recordings in order; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) form: FormArgs,
    /// text, json or html.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) recorded: RecordedArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MapArgs {
    /// Plain text, or the JSON of `transcribe`; `-` is standard input.
    #[arg(value_name = "TRANSCRIPT")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) form: FormArgs,
    /// text, json or html.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) recorded: RecordedArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TemplatesArgs {
    #[command(subcommand)]
    pub(crate) command: TemplatesCommand,
    /// Directory with the office's own forms.
    #[arg(long, global = true, value_name = "DIR", env = "KIKITORI_TEMPLATES")]
    pub(crate) templates: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TemplatesCommand {
    /// List the forms.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a form's fields.
    Show {
        /// Id of the form.
        id: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a form with explanations to start from.
    New {
        /// Id of the new form: lower-case letters, digits, hyphens. The file must be called `<ID>.toml`.
        id: String,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Check form files and say where the mistakes are.
    Check {
        /// TOML files; the office's directory where none is given.
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LexiconArgs {
    #[command(subcommand)]
    pub(crate) command: LexiconCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LexiconCommand {
    /// Check the office's terms and take them into use in the place of those before.
    Import {
        /// A term, its reading in kana and its category a line, separated by tabs; UTF-8.
        file: PathBuf,
    },
    /// List the office's terms.
    List {
        /// Also the terms that come with the program.
        #[arg(long)]
        all: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say what terms would wrongly hit: other terms and ordinary words that sound alike.
    Check {
        /// File as for `import`; the imported terms where none is given.
        file: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what would be replaced in a text, and why.
    Test {
        /// The text; `-` is standard input.
        text: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Transcribe recordings of spoken terms and print what was written for them: term, written, how often.
    Measure(Box<MeasureArgs>),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MeasureArgs {
    /// Directory with recordings, each with a table of what is spoken: `x.wav` and `x.tsv` or `x.times.tsv` with start and
    /// end in milliseconds and the words.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Take these transcripts (`x.json` of `transcribe -f json`) instead of transcribing.
    #[arg(long, value_name = "DIR")]
    pub(crate) transcripts: Option<PathBuf>,
    /// Only recordings whose name starts so.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(crate) only: String,
    /// Print recall of the terms before and after repair instead of the table.
    #[arg(long)]
    pub(crate) recall: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    pub(crate) command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the known models and which are installed.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model; the only command that uses the network.
    Pull {
        /// Name of the model; the default one where none is given.
        name: Option<String>,
        /// Fetch it even when it is there.
        #[arg(long)]
        force: bool,
    },
    /// Take a ggml file, or a `CTranslate2` or Hugging Face directory, from this machine.
    Import {
        /// File or directory.
        path: PathBuf,
        /// Name of the imported model.
        #[arg(long)]
        name: Option<String>,
        /// Encoding of the weights: `f16` or `q8_0`.
        #[arg(long, value_name = "FORMAT")]
        quantize: Option<String>,
        /// Add what an adapter (safetensors) adds, as `models/adapter` trains them.
        #[arg(long, value_name = "FILE")]
        adapter: Option<PathBuf>,
        /// Take a model whose SHA-256 is in no list.
        #[arg(long)]
        allow_unverified_model: bool,
        /// Replace a model of the same name.
        #[arg(long)]
        force: bool,
    },
    /// Compare installed models with their SHA-256.
    Verify {
        /// Name of the model; all installed ones where none is given.
        name: Option<String>,
    },
    /// Print where a model is, or the directory of the models.
    Path {
        /// Name of the model.
        name: Option<String>,
    },
}

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct EvalArgs {
    #[command(subcommand)]
    pub(crate) command: Option<EvalCommand>,
    /// Directory with scripts (`x.txt`) or recordings (`x.opus` …) and expected records (`x.expected.json`).
    #[arg(value_name = "DIR", required = true)]
    pub(crate) dir: Option<PathBuf>,
    /// Score from the recordings instead of the scripts; dictations without a recording are left out.
    #[arg(long)]
    pub(crate) audio: bool,
    /// As JSON: into a file (replaced, beside the table), or to standard output with `-` or nothing.
    #[arg(long, value_name = "FILE|-", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// Also list every field that differs.
    #[arg(long)]
    pub(crate) details: bool,
    /// Score again with a text pass or another part off, each in a column of its own.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) ablate: Vec<String>,
    /// Draw the error breakdown into an SVG file (replaced).
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Keep transcripts of recordings here, by recording and settings, and use those that are there.
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// Score the rules alone, without the tagger's proposals.
    #[arg(long)]
    pub(crate) no_model_pass: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvalCommand {
    /// Compare two runs by their JSON: figures, and fields that got better or worse.
    Diff {
        /// JSON of the earlier run.
        before: PathBuf,
        /// JSON of the later run.
        after: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DevicesArgs {
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DoctorArgs {
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchArgs {
    /// Begin nothing more after so many minutes; 0 is a single measurement.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(..=60))]
    pub(crate) minutes: u8,
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// Shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ManArgs {
    /// Write one page for each command into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
