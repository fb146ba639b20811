//! `kikitori record`

use asr::Control;
use export::{AudioSource, RecordOptions, TranscriptFile, record_by_name};
use pipeline::Input;

use super::{Inputs, map_options, recorded_at, tagger, transcribe, transcription};
use crate::args::{Global, RecordArgs};
use crate::failure::Failure;
use crate::sheets::Sheets;

pub(crate) fn run(args: &RecordArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    let first = args.files.first().map(AsRef::as_ref);
    let sheets = Sheets::new(&args.form, record_by_name(&args.format)?, &args.output, first)?;
    let inputs = Inputs::open(&args.files)?;
    let recorded_at = recorded_at(&args.recorded, first)?;
    let heard = transcription(&inputs, &args.engine, sheets.prompt(), sheets.expected()?, global, control);
    let done =
        heard.map_err(|broken| transcribe::keep_broken(broken, recorded_at.as_ref(), &sheets.kept()))?.done;
    if done.cancelled {
        let file = TranscriptFile::new(recorded_at.map(|at| at.to_string()), done.source, done.transcript);
        return Err(transcribe::keep(&file, &sheets.kept()));
    }
    let tagger = tagger(args.form.no_model_pass)?;
    let map = map_options(&args.form, recorded_at, tagger.as_ref())?;
    let audio = inputs.inputs.iter().map(playable).collect();
    let options = RecordOptions { lang: global.lang(), audio };
    sheets.write(&done.transcript, &done.source, &map, &options)
}

/// The recording as a page can play it. The media type is by name: the browser looks at the bytes.
pub(crate) fn playable(input: &Input) -> AudioSource {
    let extension = input.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let mime = match extension.as_str() {
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "m4a" | "mp4" | "aac" => "audio/mp4",
        "flac" => "audio/flac",
        "webm" | "mkv" => "audio/webm",
        _ => "audio/ogg",
    };
    AudioSource { mime: mime.to_owned(), path: input.path.clone() }
}
