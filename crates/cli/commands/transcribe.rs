//! `kikitori transcribe`

mod live;

use asr::Control;
use export::{TranscriptFile, transcript_by_name};

use super::{Inputs, recorded_at, transcription};
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
        (false, _) => transcription(&inputs, &args.engine, None, expected, global, control)?,
        (true, [input]) => live::transcription(input, &args.engine, expected, global, control)?,
        (true, _) => {
            return Err(Failure::usage("--live に使える録音は1つです", "--live takes one recording"));
        }
    };
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
    let heard_nothing = file.transcript.segments.is_empty();
    let Some(path) = args.file().filter(|_| !heard_nothing) else {
        return Failure::interrupted();
    };
    let partial = output::partial(path);
    let kept = transcript_by_name("json")
        .map_err(Failure::from)
        .and_then(|json| output::to_file(&partial, |out| Ok(json.export(file, out)?)));
    match kept {
        Ok(()) => Failure::interrupted_keeping(&partial),
        Err(failure) => failure,
    }
}
