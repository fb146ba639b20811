//! Where the words come from: a script, a recording, or the transcript that an earlier run has kept.

use std::fs;
use std::path::{Path, PathBuf};

use asr::{Bias, Control, Engine};
use export::{TranscriptFile, read_transcript, transcript_by_name};
use pipeline::{Input, TranscribeOptions};
use record::template::Template;
use record::{Segment, Source, Transcript};
use sha2::{Digest, Sha256};

use super::expected::{self, Expected};
use super::grounding::{self, Sentence};
use crate::args::EngineArgs;
use crate::bias;
use crate::commands::transcribe_options;
use crate::failure::Failure;
use crate::output;

const RECORDINGS: &[&str] = &["opus", "wav", "flac", "mp3", "m4a", "ogg", "webm"];

/// One dictation with what must be made of it.
pub(crate) struct Case {
    /// File name without its endings.
    pub(crate) stem: String,
    /// Path without endings.
    base: PathBuf,
    pub(crate) expected: Expected,
    /// The words as they are spoken.
    pub(crate) script: String,
    /// When the sentences are spoken, where a table says so.
    pub(crate) sentences: Option<Vec<Sentence>>,
}

/// The dictations of a directory, by name.
pub(crate) fn cases(dir: &Path) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| Failure::io(dir, &e))? {
        let path = entry.map_err(|e| Failure::io(dir, &e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(expected::ENDING) {
            cases.push(case(dir, stem, &path)?);
        }
    }
    cases.sort_by(|a, b| a.stem.cmp(&b.stem));
    if cases.is_empty() {
        return Err(Failure::bad_input(
            format!("評価するものがありません: {}", dir.display()),
            format!("nothing to score: {}", dir.display()),
        ));
    }
    Ok(cases)
}

fn case(dir: &Path, stem: &str, expected: &Path) -> Result<Case, Failure> {
    let base = dir.join(stem);
    let path = with(&base, "txt");
    let script = fs::read_to_string(&path).map_err(|e| Failure::io(&path, &e))?.trim().to_owned();
    let table = with(&base, "times.tsv");
    let sentences = match fs::read_to_string(&table) {
        Ok(rows) => Some(grounding::sentences(&rows).ok_or_else(|| {
            Failure::bad_input(
                format!("文の時刻の表を読めません: {}", table.display()),
                format!("not a table of start, end and sentence: {}", table.display()),
            )
        })?),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(Failure::io(&table, &e)),
    };
    Ok(Case { stem: stem.to_owned(), expected: expected::read(expected)?, base, script, sentences })
}

/// Appends an ending; a stem may have dots of its own.
fn with(base: &Path, ending: &str) -> PathBuf {
    let mut name = base.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

impl Case {
    /// The recording, where there is one.
    pub(crate) fn recording(&self) -> Option<PathBuf> {
        RECORDINGS.iter().map(|ending| with(&self.base, ending)).find(|path| path.exists())
    }

    /// The script as a transcript without times, one segment. A script without words is that of a silent recording.
    pub(crate) fn scripted(&self) -> Result<(Transcript, Source), Failure> {
        if self.script.is_empty() {
            return Ok(Default::default());
        }
        let file = read_transcript(self.script.as_bytes(), &format!("{}.txt", self.stem))?;
        Ok((file.transcript, file.source))
    }

    /// The script with a segment for each sentence.
    pub(crate) fn by_sentence(&self) -> Option<Transcript> {
        let segments = self.sentences.as_ref()?.iter().map(|s| Segment {
            start_ms: s.start_ms,
            end_ms: s.end_ms,
            raw: s.text.clone(),
            text: s.text.clone(),
            ..Segment::default()
        });
        Some(Transcript { segments: segments.collect(), edits: Vec::new() })
    }
}

/// Listens to recordings.
pub(crate) struct Listener<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) args: &'a EngineArgs,
    pub(crate) control: &'a Control,
    /// Directory of transcripts by recording and settings.
    pub(crate) cache: Option<&'a Path>,
}

impl Listener<'_> {
    /// What the engine hears in a recording. Only whole transcripts are kept in the cache.
    pub(crate) fn listen(
        &self,
        path: &Path,
        template: &Template,
        biased: bool,
    ) -> Result<(Transcript, Source), Failure> {
        let inputs = [Input::new(path)];
        let expected =
            if biased { bias::expected(std::slice::from_ref(template))? } else { Bias::new(Vec::new()) };
        let options = transcribe_options(self.args, &inputs, template.prompt.as_deref(), expected)?;
        let kept = match self.cache {
            Some(dir) => {
                fs::create_dir_all(dir).map_err(|e| Failure::io(dir, &e))?;
                Some(dir.join(format!("{}.json", self.key(path, &options)?)))
            }
            None => None,
        };
        if let Some(kept) = kept.as_ref().filter(|kept| kept.exists()) {
            let bytes = fs::read(kept).map_err(|e| Failure::io(kept, &e))?;
            let file = read_transcript(&bytes, &kept.to_string_lossy())?;
            return Ok((file.transcript, file.source));
        }
        let done = pipeline::transcribe(&inputs, self.engine, &options, self.control, &mut |_| {})?;
        if done.cancelled {
            return Err(Failure::interrupted());
        }
        if let Some(kept) = &kept {
            let json = transcript_by_name("json")?;
            let file = TranscriptFile::new(None, done.source.clone(), done.transcript.clone());
            output::to_file(kept, |out| Ok(json.export(&file, out)?))?;
        }
        Ok((done.transcript, done.source))
    }

    /// SHA-256 over the recording, the engine and the settings that change what is heard.
    fn key(&self, path: &Path, options: &TranscribeOptions) -> Result<String, Failure> {
        let mut hash = Sha256::new();
        let bytes = fs::read(path).map_err(|e| Failure::io(path, &e))?;
        hash.update(Sha256::digest(&bytes));
        let info = self.engine.info();
        let decode = asr::DecodeOptions { threads: 1, ..options.decode.clone() };
        let settings = (
            env!("CARGO_PKG_VERSION"),
            &info.name,
            &info.model_sha256,
            decode,
            &options.pack,
            &options.vad,
            &options.tier,
        );
        hash.update(format!("{settings:?} {:?}", options.guard));
        Ok(hash.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
    }
}
