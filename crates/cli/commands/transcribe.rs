//! `kikitori transcribe`

mod live;

use std::path::PathBuf;

use asr::Control;
use export::{TranscriptFile, transcript_by_name};
use pipeline::RecordedAt;

use super::{Broken, Inputs, recorded_at, transcription};
use crate::args::{Global, OutputArgs, TranscribeArgs};
use crate::bias;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &TranscribeArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    let exporter = transcript_by_name(&args.format)?;
    output::check(&args.output)?;
    let inputs = Inputs::open(&args.files)?;
    let recorded_at = recorded_at(&args.recorded, args.files.first().map(AsRef::as_ref))?;
    let expected = bias::expected(&[])?;
    let heard = match (args.live, &inputs.inputs[..]) {
        (false, _) => transcription(&inputs, &args.engine, None, expected, global, control),
        (true, [input]) => live::transcription(input, &args.engine, expected, global, control),
        (true, _) => {
            return Err(Failure::usage("--live に使える録音は1つです", "--live takes one recording"));
        }
    };
    let heard = heard.map_err(|broken| keep_broken(broken, recorded_at.as_ref(), &args.output))?;
    if let Some(path) = &args.stats {
        heard.stats.write(path)?;
    }
    let done = heard.done;
    let cancelled = done.cancelled;
    let file = TranscriptFile::new(recorded_at.map(|at| at.to_string()), done.source, done.transcript);
    if cancelled {
        return Err(keep(&file, &args.output));
    }
    output::write(&args.output, |out| Ok(exporter.export(&file, out)?))
}

/// Keeps what was heard before an interruption beside the output, and says so.
pub(super) fn keep(file: &TranscriptFile, args: &OutputArgs) -> Failure {
    match kept(file, args) {
        Ok(Some(partial)) => Failure::interrupted_keeping(&partial),
        Ok(None) => Failure::interrupted(),
        Err(failure) => failure,
    }
}

/// The same before a failure.
pub(super) fn keep_broken(broken: Broken, recorded_at: Option<&RecordedAt>, args: &OutputArgs) -> Failure {
    let (failure, (source, transcript)) = (broken.failure, *broken.heard);
    let heard = !transcript.segments.is_empty();
    let file = TranscriptFile::new(recorded_at.map(ToString::to_string), source, transcript);
    match kept(&file, args) {
        Ok(Some(partial)) => failure.keeping(&partial),
        Ok(None) if heard => failure.keeping_nothing(),
        // What stopped the work matters more than that nothing could be kept.
        Ok(None) | Err(_) => failure,
    }
}

/// Writes what was heard beside the output; the file, if there is one.
fn kept(file: &TranscriptFile, args: &OutputArgs) -> Result<Option<PathBuf>, Failure> {
    let heard_nothing = file.transcript.segments.is_empty();
    let Some(path) = args.file().filter(|_| !heard_nothing) else { return Ok(None) };
    let partial = output::partial(path);
    let json = transcript_by_name("json")?;
    output::to_file(&partial, |out| Ok(json.export(file, out)?))?;
    Ok(Some(partial))
}
