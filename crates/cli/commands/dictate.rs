//! `kikitori dictate`: a form that fills up while somebody speaks, and a recording that outlives whatever happens.

mod keys;
mod listener;
mod plain;
mod screen;
mod session;
mod spoken;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use asr::{Control, Engine};
use audio::capture::{CaptureSource, FileSource, Microphone};
use export::{AudioSource, RecordOptions, TranscriptFile, record_by_name, transcript_by_name};
use pipeline::{Input, RecordedAt, Tier, TranscribeOptions, Transcription};
use record::{Source, SourceFile, Transcript};
use recorder::{GapCause, Keep, Recorder, RecorderConfig, Recording, SoundFormat, interrupted, restore};

use super::{configured, engine, map_options, parse_recorded_at, tagger};
use crate::args::{AudioFormatArg, DictateArgs, EngineArgs, Global, KeepArg};
use crate::failure::Failure;
use crate::progress::{Progress, line};
use crate::sheets::Sheets;
use crate::{output, places};
use session::{Session, Spoken};
use spoken::Stretch;
use view::say;

/// With less room than this a dictation is not begun: an hour of sound, and its copy while it is saved.
const ENOUGH_DISK: u64 = 256 << 20;

pub(crate) fn run(args: &DictateArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    if !(args.speed > 0.0 && args.speed <= 100.0) {
        return Err(Failure::usage(
            "--speed は 0 より大きく 100 以下です",
            "--speed is above 0 and at most 100",
        ));
    }
    let now = jiff::ZonedDateTime::now();
    let at = now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let recorded_at = parse_recorded_at(args.recorded_at.as_ref().unwrap_or(&at))?;
    // With several forms, the files are named as recordings are.
    let named = PathBuf::from(now.strftime("%Y%m%d-%H%M%S").to_string());
    let sheets = Sheets::new(&args.form, record_by_name(&args.format)?, &args.output, Some(&named))?;
    let folder = places::recordings(args.place.recordings.as_deref())?;
    let format = match args.audio_format {
        AudioFormatArg::Wav => SoundFormat::Wav,
        AudioFormatArg::Flac => SoundFormat::Flac,
    };
    let inflight = places::inflight(&folder);
    let config = RecorderConfig { inflight, folder, keep: keep(args.keep_audio), format };
    bring_back(&config, &args.form.template[0], global)?;
    check_room(&config.folder)?;

    let source: Arc<dyn CaptureSource> = match &args.from_file {
        Some(file) => Arc::new(FileSource::new(file, args.speed)),
        None => Arc::new(Microphone::find(args.device.as_deref())?),
    };
    // Native code that crashes must not take the recording with it.
    let isolated = EngineArgs { isolate: true, ..args.engine.clone() };
    let engine = engine(&isolated)?;
    let live = TranscribeOptions::live(Tier::by_name(&args.engine.tier)?);
    let options = configured(live, &args.engine, sheets.prompt(), sheets.expected()?);
    let tagger = tagger(args.form.no_model_pass)?;
    let map = map_options(&args.form, Some(recorded_at.clone()), tagger.as_ref())?;

    let (listener, heard) = listener::queue();
    let device = source.name().to_owned();
    let recorder = Recorder::start(source, &config, Some(listener))?;
    let session = Session {
        engine: &*engine,
        options: &options,
        templates: sheets.templates(),
        map: &map,
        device,
        keep: config.keep,
        format,
        global,
        control,
    };
    let (end, spoken) = session.run(recorder, heard)?;
    let recording = end.recording?;
    let content = |spoken: Spoken| Spoken {
        transcript: without_commands(spoken.transcript, &recording, &end.pauses),
        ..spoken
    };
    if end.quit {
        let spoken = spoken.ok().map(content).filter(|spoken| !spoken.transcript.segments.is_empty());
        if let Some(spoken) = spoken {
            keep_transcript(&recording, &spoken, &*engine, &recorded_at)?;
        }
        return Err(Failure::interrupted_saving(&recording.sound, &args.form.template.join(",")));
    }
    let sound = recording.sound.display();
    note(global, &format!("録音を保存しました: {sound}"), &format!("the recording was saved: {sound}"));
    let in_vain = || saved(&recording, &args.form.template[0], global);
    let heard = complete(spoken, &recording, &*engine, &options, global, control);
    let spoken = content(heard.inspect_err(|_| in_vain())?);
    let source = keep_transcript(&recording, &spoken, &*engine, &recorded_at).inspect_err(|_| in_vain())?;
    let plays = config.keep != Keep::Never;
    // Where the other format was written instead, the name tells.
    let written =
        SoundFormat::ALL.into_iter().find(|f| recording.sound.extension() == Some(f.ending().as_ref()));
    let mime = written.unwrap_or(format).mime().to_owned();
    let sound = AudioSource { mime, path: recording.sound.clone() };
    let page = RecordOptions { lang: global.lang(), audio: plays.then_some(sound).into_iter().collect() };
    sheets.write(&spoken.transcript, &source, &map, &page).inspect_err(|_| in_vain())?;
    conclude(&recording, config.keep, global)
}

fn keep(arg: KeepArg) -> Keep {
    match arg {
        KeepArg::Always => Keep::Always,
        KeepArg::UntilApproval => Keep::UntilApproval,
        KeepArg::Never => Keep::Never,
    }
}

fn note(global: &Global, ja: &str, en: &str) {
    if !global.quiet {
        line(say(global.lang(), ja, en));
    }
}

/// Makes recordings of what a crash left, and says so. One that cannot be saved now stays as it is.
fn bring_back(config: &RecorderConfig, template: &str, global: &Global) -> Result<(), Failure> {
    for one in interrupted(&config.inflight)? {
        match restore(&config.inflight, &one.id) {
            Ok(recording) => {
                let (sound, at) = (recording.sound.display(), &one.started_at);
                note(
                    global,
                    &format!(
                        "前回中断された録音({at})を復元しました: {sound}\n  記録にするには: kikitori record {sound} --template {template}"
                    ),
                    &format!(
                        "a recording that was interrupted ({at}) was restored: {sound}\n  to make a record of it: kikitori record {sound} --template {template}"
                    ),
                );
            }
            Err(error) => {
                tracing::warn!(%error, "an interrupted recording stays as it is");
                let id = &one.id;
                note(
                    global,
                    &format!("前回中断された録音が残っています(kikitori recover で復元できます): {id}"),
                    &format!("an interrupted recording is kept (`kikitori recover` restores it): {id}"),
                );
            }
        }
    }
    Ok(())
}

/// Says before anybody speaks that the disk is nearly full.
fn check_room(folder: &Path) -> Result<(), Failure> {
    let there = folder.ancestors().find(|dir| dir.exists());
    let free = there.and_then(|dir| fs4::available_space(dir).ok());
    if free.is_some_and(|free| free < ENOUGH_DISK) {
        return Err(Failure::io(folder, &std::io::ErrorKind::StorageFull.into())
            .with_hint("1時間の口述には256 MBの空きが要ります", "an hour of dictation needs 256 MB"));
    }
    Ok(())
}

/// The whole transcript: what was heard while it was spoken, or, where the engine failed or could not follow, what it hears
/// in the recording.
fn complete(
    spoken: Result<Spoken, pipeline::Error>,
    recording: &Recording,
    engine: &dyn Engine,
    options: &TranscribeOptions,
    global: &Global,
    control: &Control,
) -> Result<Spoken, Failure> {
    match spoken {
        Ok(spoken) if spoken.is_whole => return Ok(spoken),
        Ok(_) => {}
        Err(error) => {
            use record::Explain;
            let why = error.explain(global.lang());
            note(
                global,
                &format!("文字起こしに失敗したため、録音からやり直します: {why}"),
                &format!("the engine failed; it listens to the recording once more: {why}"),
            );
        }
    }
    let inputs = [Input::new(&recording.sound)];
    let options = TranscribeOptions {
        decode: options.decode.clone(),
        ..TranscribeOptions::for_job(options.tier.clone(), &inputs, engine.preferred_batch() > 1)
    };
    let mut progress = Progress::new(global, 1);
    let done = pipeline::transcribe(&inputs, engine, &options, control, &mut |event| progress.on(&event));
    progress.finish();
    let Transcription { transcript, cancelled, .. } = done?;
    if cancelled { Err(Failure::interrupted()) } else { Ok(Spoken { transcript, is_whole: true }) }
}

/// The transcript without commands, and without what was said during pauses.
fn without_commands(transcript: Transcript, recording: &Recording, pauses: &[Stretch]) -> Transcript {
    let silent = recording.info.gaps.iter().filter(|gap| gap.cause == GapCause::Pause);
    let silent = silent.map(|gap| gap.at_ms..gap.at_ms + gap.length_ms);
    let pauses: Vec<Stretch> = silent.chain(pauses.iter().cloned()).collect();
    Transcript { segments: spoken::content(&transcript.segments, &pauses), ..transcript }
}

/// Writes the transcript beside the recording.
fn keep_transcript(
    recording: &Recording,
    spoken: &Spoken,
    engine: &dyn Engine,
    recorded_at: &RecordedAt,
) -> Result<Source, Failure> {
    let file = SourceFile {
        name: recording.sound.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: recording.info.sha256.clone(),
        duration_ms: recording.info.duration_ms,
        partial: false,
    };
    let source = Source { files: vec![file], engine: Some(engine.info().clone()) };
    let path = transcript_path(recording);
    let file = TranscriptFile::new(Some(recorded_at.to_string()), source.clone(), spoken.transcript.clone());
    output::to_file(&path, |out| Ok(transcript_by_name("json")?.export(&file, out)?))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
            .map_err(|e| Failure::io(&path, &e))?;
    }
    Ok(source)
}

fn transcript_path(recording: &Recording) -> PathBuf {
    recording.sound.with_extension("transcript.json")
}

/// Says what can be done with the recording when there is no record.
fn saved(recording: &Recording, template: &str, global: &Global) {
    let sound = recording.sound.display();
    note(
        global,
        &format!("録音から記録にするには: kikitori record {sound} --template {template}"),
        &format!("to make a record of the recording: kikitori record {sound} --template {template}"),
    );
}

/// Says where the transcript is, and does with the sound what was said at the start.
fn conclude(recording: &Recording, keep: Keep, global: &Global) -> Result<(), Failure> {
    let id = &recording.info.id;
    let transcript = transcript_path(recording);
    let transcript = transcript.display();
    note(global, &format!("文字起こし: {transcript}"), &format!("transcript: {transcript}"));
    match keep {
        Keep::Always => {}
        Keep::UntilApproval => note(
            global,
            &format!("承認したら(音声を消します): kikitori recover approve {id}"),
            &format!("once the record is approved, this removes the sound: kikitori recover approve {id}"),
        ),
        Keep::Never => {
            recording.remove()?;
            note(global, "録音は消しました", "the recording was removed");
        }
    }
    Ok(())
}
