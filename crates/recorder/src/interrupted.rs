//! Recordings that a crash left unfinished, and finished ones that wait for approval: listed, restored, discarded with a
//! reason, and never removed by themselves.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use record::samples_to_ms;
use serde::Serialize;

use crate::error::{Action, Cause};
use crate::finish::{Ended, Recording, Step};
use crate::notes::{Header, INFLIGHT_SCHEMA, Keep, RecordingInfo, SoundFormat, parse};
use crate::spool::{NOTES, SOUND, private_file};
use crate::{Error, Result, clock};

/// Where discarded recordings are noted, in the folder of the recordings.
const DISCARDED: &str = "discarded.jsonl";
/// The reason that is noted where the record was approved.
const APPROVED: &str = "承認済み (approved)";

/// A recording that was not finished, and whose program is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interrupted {
    /// Its name.
    pub id: String,
    /// When it began, RFC 3339 with offset.
    pub started_at: String,
    /// The microphone.
    pub device: String,
    /// Length of the sound that is kept, in milliseconds.
    pub duration_ms: u64,
    /// The raw sound.
    pub sound: PathBuf,
}

/// A line of the list of discarded recordings.
#[derive(Serialize)]
struct Discarded<'a> {
    id: &'a str,
    started_at: &'a str,
    duration_ms: u64,
    at: String,
    reason: &'a str,
}

/// The unfinished recordings in `dir`, the oldest first. Those that are still being made are left out, and so are spools
/// whose recording is finished: what a crash left of them is cleared away.
///
/// # Errors
/// [`ErrorKind`](crate::ErrorKind) `Storage` or `Permission` when the directory cannot be read. A missing one is empty.
pub fn interrupted(dir: &Path) -> Result<Vec<Interrupted>> {
    let mut found = Vec::new();
    for id in ids(dir)? {
        let Ok(ended) = open(dir, &id) else { continue };
        if ended.samples() == 0 || ended.is_saved() {
            // Nothing is lost: there is no sound, or the recording has it.
            if let Err(error) = ended.remove(&mut |_| {}) {
                tracing::warn!(%error, "a spool stays behind");
            }
            continue;
        }
        let Header { id, started_at, device, .. } = ended.header.clone();
        let duration_ms = samples_to_ms(ended.samples());
        found.push(Interrupted { id, started_at, device, duration_ms, sound: ended.sound_path.clone() });
    }
    Ok(found)
}

/// Makes a recording of an unfinished one.
///
/// # Errors
/// [`NotFound`](crate::ErrorKind::NotFound), [`InUse`](crate::ErrorKind::InUse) while another program records it, `Storage`
/// or `Permission` when it cannot be written; the sound is where it was.
pub fn restore(dir: &Path, id: &str) -> Result<Recording> {
    restore_stepwise(dir, id, &mut |_| {})
}

/// [`restore`] that tells each step.
///
/// # Errors
/// As [`restore`].
pub fn restore_stepwise(dir: &Path, id: &str, on_step: &mut dyn FnMut(Step)) -> Result<Recording> {
    let ended = open(dir, id)?;
    if ended.samples() == 0 {
        return Err(Box::new(Cause::NotFound { id: id.to_owned() }).into());
    }
    ended.finish(true, on_step)
}

/// The finished recordings in `folder` that are kept until their record is approved, the oldest first.
///
/// # Errors
/// `Storage` or `Permission` when the folder cannot be read. A missing one is empty.
pub fn awaiting_approval(folder: &Path) -> Result<Vec<Recording>> {
    let mut found: Vec<Recording> = names(folder, "json")?
        .into_iter()
        .filter_map(|stem| finished(folder, &stem))
        .filter(|recording| recording.info.keep == Keep::UntilApproval)
        .collect();
    found.sort_by(|a, b| a.info.started_at.cmp(&b.info.started_at));
    Ok(found)
}

/// Removes the sound of a recording, unfinished or finished. Who may ask later why it is gone finds the reason in
/// `discarded.jsonl`, which is written first.
///
/// # Errors
/// As [`restore`].
pub fn discard(dir: &Path, folder: &Path, id: &str, reason: &str) -> Result<()> {
    match open(dir, id) {
        Ok(ended) => {
            let Header { id, started_at, .. } = &ended.header;
            note_discarded(folder, id, started_at, samples_to_ms(ended.samples()), reason)?;
            return ended.remove(&mut |_| {});
        }
        Err(error) if error.kind() != crate::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    let recording =
        finished(folder, id).ok_or_else(|| Error::from(Box::new(Cause::NotFound { id: id.to_owned() })))?;
    let info = &recording.info;
    note_discarded(folder, id, &info.started_at, info.duration_ms, reason)?;
    recording.remove()
}

/// The record of a recording is approved: removes the sound where it was kept until then, and notes that in
/// `discarded.jsonl` first. Whether there was something to remove: a recording that is kept always stays.
///
/// # Errors
/// [`NotFound`](crate::ErrorKind::NotFound) where there is no finished recording of this name, `Storage` or `Permission`.
pub fn approve(folder: &Path, id: &str) -> Result<bool> {
    let recording =
        finished(folder, id).ok_or_else(|| Error::from(Box::new(Cause::NotFound { id: id.to_owned() })))?;
    let info = &recording.info;
    if info.keep == Keep::Always {
        return Ok(false);
    }
    note_discarded(folder, id, &info.started_at, info.duration_ms, APPROVED)?;
    recording.remove()?;
    Ok(true)
}

impl Recording {
    /// Removes the sound and its information.
    ///
    /// # Errors
    /// `Storage` or `Permission`.
    pub fn remove(&self) -> Result<()> {
        for path in [&self.sound, &self.info_path] {
            fs::remove_file(path).map_err(|e| Error::io(Action::Remove, path, e))?;
        }
        Ok(())
    }
}

fn finished(folder: &Path, stem: &str) -> Option<Recording> {
    if !is_name(stem) {
        return None;
    }
    let info_path = folder.join(format!("{stem}.json"));
    let info: RecordingInfo = serde_json::from_slice(&fs::read(&info_path).ok()?).ok()?;
    let sounds = SoundFormat::ALL.map(|format| info_path.with_extension(format.ending()));
    let sound = sounds.into_iter().find(|sound| sound.is_file())?;
    Some(Recording { sound, info_path, info })
}

fn note_discarded(folder: &Path, id: &str, started_at: &str, duration_ms: u64, reason: &str) -> Result<()> {
    let path = folder.join(DISCARDED);
    let failed = |e| Error::io(Action::Remove, &path, e);
    crate::spool::private_dir(folder).map_err(failed)?;
    let at = clock::wall().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let line = Discarded { id, started_at, duration_ms, at, reason };
    let mut line = serde_json::to_vec(&line).map_err(|e| failed(e.into()))?;
    line.push(b'\n');
    let mut file = private_file().create(true).append(true).open(&path).map_err(failed)?;
    file.write_all(&line).and_then(|()| file.sync_all()).map_err(failed)
}

fn ids(dir: &Path) -> Result<Vec<String>> {
    let mut ids = names(dir, NOTES)?;
    ids.extend(names(dir, SOUND)?);
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Stems of the visible files with this ending.
fn names(dir: &Path, ending: &str) -> Result<Vec<String>> {
    let failed = |e| Error::io(Action::Read, dir, e);
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.extension().is_some_and(|e| e == ending) && !stem.starts_with('.') {
            found.push(stem.into_owned());
        }
    }
    Ok(found)
}

/// Takes the lock of an unfinished recording whose program is gone.
fn open(dir: &Path, id: &str) -> Result<Ended> {
    let not_found = || Error::from(Box::new(Cause::NotFound { id: id.to_owned() }));
    let in_use = || Error::from(Box::new(Cause::InUse { id: id.to_owned() }));
    if !is_name(id) {
        return Err(not_found());
    }
    let notes_path = dir.join(format!("{id}.{NOTES}"));
    let sound_path = dir.join(format!("{id}.{SOUND}"));
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => not_found(),
        _ => Error::io(Action::Read, &notes_path, e),
    };
    // Whoever records has notes from the beginning: sound without them is nobody's.
    let has_notes = notes_path.exists();
    let mut lock = File::open(if has_notes { &notes_path } else { &sound_path }).map_err(failed)?;
    let locked = lock.try_lock();
    if matches!(locked, Err(TryLockError::WouldBlock)) {
        return Err(in_use());
    }
    let mut text = Vec::new();
    if has_notes {
        lock.read_to_end(&mut text).map_err(failed)?;
    }
    // Notes that are damaged must not hide the sound.
    let known = parse(&String::from_utf8_lossy(&text));
    let (header, notes) = known.unwrap_or_else(|| (unknown(dir, id, &sound_path), Vec::new()));
    // Without locks in the file system.
    if locked.is_err() && is_running(&header) {
        return Err(in_use());
    }
    Ok(Ended { header, notes, sound_path, notes_path, _lock: lock })
}

/// A name, not a way out of the directory.
fn is_name(id: &str) -> bool {
    !id.is_empty() && Path::new(id).file_name().is_some_and(|name| name == id)
}

/// What is known of a recording without readable notes: its sound and when that was last written.
fn unknown(dir: &Path, id: &str, sound: &Path) -> Header {
    let written = fs::metadata(sound).and_then(|m| m.modified()).ok();
    let written = written.and_then(|time| jiff::Timestamp::try_from(time).ok()).unwrap_or_default();
    Header {
        schema: INFLIGHT_SCHEMA.to_owned(),
        id: id.to_owned(),
        started_at: written.to_string(),
        device: String::new(),
        keep: Keep::default(),
        format: SoundFormat::default(),
        folder: dir.parent().unwrap_or(dir).to_owned(),
        pid: 0,
        boot_id: String::new(),
    }
}

/// Whether the process that recorded is there, as far as can be told without a lock.
fn is_running(header: &Header) -> bool {
    let boot_id = clock::boot_id();
    let this_start = boot_id.is_empty() || boot_id == header.boot_id;
    this_start && (!cfg!(target_os = "linux") || Path::new("/proc").join(header.pid.to_string()).exists())
}
