//! A directory, the program in it, and what it printed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// Arguments of different types as one array.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { [$(std::ffi::OsString::from($arg)),*] };
}
pub(crate) use args;

/// Root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A sample file.
pub(crate) fn sample(name: &str) -> PathBuf {
    root().join("samples").join(name)
}

/// The default model, and its file.
pub(crate) const MODEL: &str = "base-dictation-q8_0";
pub(crate) const MODEL_FILE: &str = "ggml-base-dictation-q8_0.bin";

/// The directory of the real model; fails loudly where it is missing.
pub(crate) fn models() -> PathBuf {
    let dir = std::env::var_os("KIKITORI_MODELS").map_or_else(|| root().join("target/models"), PathBuf::from);
    assert!(
        dir.join(MODEL_FILE).is_file(),
        "the model is missing in {}: run `make models`, or `make test`",
        dir.display()
    );
    dir
}

/// An empty directory in which the program runs, with a home and a configuration of its own.
pub(crate) struct Dir(TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a file in the temporary directory");
        path
    }

    /// The program with the real model.
    pub(crate) fn kikitori<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        Ran(self.command(args).output().expect("the program starts"))
    }

    /// The program, to be started by the test.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kikitori"));
        command
            .args(args)
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TZ", "Asia/Tokyo")
            .env("KIKITORI_MODELS", models())
            .stdin(Stdio::null());
        command
    }
}

/// What the engine heard in the samples, and how their records scored. Listening takes minutes: once for all tests.
pub(crate) struct HeardSamples {
    dir: Dir,
    pub(crate) scores: serde_json::Value,
}

impl HeardSamples {
    /// Each sample with speech: its name, and its transcript.
    pub(crate) fn transcripts(&self) -> Vec<(String, PathBuf)> {
        let kept = fs::read_dir(self.dir.path("kept")).expect("the kept transcripts");
        let named = kept.map(|entry| {
            let path = entry.expect("an entry").path();
            let heard: serde_json::Value =
                serde_json::from_slice(&fs::read(&path).expect("a transcript")).expect("JSON");
            let file = heard["source"]["files"][0]["name"].as_str().expect("the recording's name");
            (file.trim_end_matches(".opus").to_owned(), path)
        });
        let spoken: Vec<_> = named.filter(|(stem, _)| stem != "silence").collect();
        assert!(spoken.len() >= 9, "{spoken:?}");
        spoken
    }
}

pub(crate) fn heard_samples() -> &'static HeardSamples {
    static HEARD: OnceLock<HeardSamples> = OnceLock::new();
    HEARD.get_or_init(|| {
        let dir = Dir::new();
        let samples = root().join("samples");
        let scores = dir.kikitori(args!["eval", samples, "--audio", "--json", "-", "--cache", "kept"]).json();
        HeardSamples { dir, scores }
    })
}

/// What a run of the program left.
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("standard output is UTF-8")
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("standard error is UTF-8")
    }

    /// The output as JSON, after checking that the run succeeded.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).expect("standard output is JSON")
    }

    /// Standard output of a run that succeeded.
    pub(crate) fn ok(&self) -> String {
        assert_eq!(self.code(), 0, "standard error: {}", self.err());
        self.out()
    }

    /// Standard error of a run that failed with `code`, printed nothing, and gave a message.
    pub(crate) fn failed(&self, code: i32) -> String {
        assert_eq!(self.code(), code, "standard error: {}", self.err());
        assert_eq!(self.out(), "", "a failed run prints no result");
        assert!(!self.err().trim().is_empty(), "a failed run says why");
        self.err()
    }
}

/// Where a record's JSON breaks its schema.
pub(crate) fn schema_errors(record: &serde_json::Value) -> Vec<String> {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let text = fs::read_to_string(root().join("crates/export/schema/record.schema.json"));
        let schema = serde_json::from_str(&text.expect("the schema")).expect("JSON");
        jsonschema::validator_for(&schema).expect("a schema")
    });
    schema.iter_errors(record).map(|e| e.to_string()).collect()
}

/// The field of a record's JSON.
pub(crate) fn field<'j>(record: &'j serde_json::Value, id: &str) -> &'j serde_json::Value {
    record["fields"]
        .as_array()
        .and_then(|fields| fields.iter().find(|f| f["id"] == id))
        .unwrap_or_else(|| panic!("no field {id}"))
}
