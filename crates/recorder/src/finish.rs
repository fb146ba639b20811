//! From the spool to a recording, step by step, so that a crash between two steps leaves exactly one usable copy.
//!
//! | after the step | usable | what a later start does |
//! |---|---|---|
//! | [`SoundWritten`](Step::SoundWritten) | spool | writes the same part file again |
//! | [`Described`](Step::Described) | spool | the same |
//! | [`Renamed`](Step::Renamed), [`Synced`](Step::Synced) | both, with the same samples | removes the spool, lists it nowhere |
//! | [`SpoolRemoved`](Step::SpoolRemoved), [`NotesRemoved`](Step::NotesRemoved) | recording | removes the notes |

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use audio::wav::WavWriter;
use record::samples_to_ms;
use sha2::{Digest, Sha256};

use crate::error::Action;
use crate::notes::{Header, Note, RECORDING_SCHEMA, RecordingInfo};
use crate::spool::{private_dir, private_file, sync_dir};
use crate::{Error, Result};

/// Samples that are copied at a time.
const PIECE: usize = 1 << 15;
/// Length of the header that [`WavWriter`] writes.
const WAV_HEADER: usize = 44;

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// All samples are in the part file, on the disk.
    SoundWritten,
    /// The recording's information is on the disk.
    Described,
    /// The part file has become the recording.
    Renamed,
    /// The recording's name outlives a power failure.
    Synced,
    /// The spool's sound is removed.
    SpoolRemoved,
    /// The spool's notes are removed.
    NotesRemoved,
}

impl Step {
    /// All steps in their order.
    pub const ALL: [Self; 6] = [
        Self::SoundWritten,
        Self::Described,
        Self::Renamed,
        Self::Synced,
        Self::SpoolRemoved,
        Self::NotesRemoved,
    ];
}

/// A finished recording on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The sound: WAV, 16 kHz, mono, 16 bit.
    pub sound: PathBuf,
    /// The file with `info`.
    pub info_path: PathBuf,
    /// What is known about it.
    pub info: RecordingInfo,
}

/// A spool that nobody appends to any more and whose lock is held.
pub(crate) struct Ended {
    pub(crate) header: Header,
    pub(crate) notes: Vec<Note>,
    pub(crate) sound_path: PathBuf,
    pub(crate) notes_path: PathBuf,
    /// Holds the lock until everything is done.
    pub(crate) _lock: File,
}

impl Ended {
    /// Whole samples in the spool.
    pub(crate) fn samples(&self) -> u64 {
        fs::metadata(&self.sound_path).map_or(0, |m| m.len() / 2)
    }

    /// Makes the recording and removes the spool.
    pub(crate) fn finish(self, recovered: bool, on_step: &mut dyn FnMut(Step)) -> Result<Recording> {
        let failed =
            |e: io::Error| Error::io(Action::Finish, &self.header.folder, e).keeping(&self.sound_path);
        let folder = &self.header.folder;
        private_dir(folder).map_err(failed)?;
        let (sound, info_path) = self.names().map_err(failed)?;

        let part = self.part();
        let copied = self.copy(&part).and_then(|()| fingerprint(&part));
        let sha256 = copied.map_err(|e| {
            // A full disk: the part is of no use and takes the space that is missing.
            let _ = fs::remove_file(&part);
            failed(e)
        })?;
        on_step(Step::SoundWritten);

        let info = self.info(sha256, recovered);
        replace(&info_path, &info).map_err(failed)?;
        on_step(Step::Described);
        fs::rename(&part, &sound).map_err(failed)?;
        on_step(Step::Renamed);
        sync_dir(folder).map_err(failed)?;
        on_step(Step::Synced);
        self.remove(on_step)?;
        Ok(Recording { sound, info_path, info })
    }

    /// Removes the spool, the sound first, and what an interrupted finish left of it.
    pub(crate) fn remove(&self, on_step: &mut dyn FnMut(Step)) -> Result<()> {
        let gone = |path: &Path| match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io(Action::Remove, path, e)),
            _ => Ok(()),
        };
        gone(&self.part())?;
        gone(&self.sound_path)?;
        on_step(Step::SpoolRemoved);
        gone(&self.notes_path)?;
        on_step(Step::NotesRemoved);
        Ok(())
    }

    /// Whether the recording is finished already and only the spool was not yet removed.
    pub(crate) fn is_saved(&self) -> bool {
        let (id, folder) = (&self.header.id, &self.header.folder);
        let named = (1..).map(|n| sound_of(folder, id, n)).take_while(|sound| sound.exists());
        named.into_iter().any(|sound| same_samples(&self.sound_path, &sound).unwrap_or(false))
    }

    fn part(&self) -> PathBuf {
        self.header.folder.join(format!(".{}.wav.part", self.header.id))
    }

    /// The first names under which there is no other recording.
    fn names(&self) -> io::Result<(PathBuf, PathBuf)> {
        let (id, folder) = (&self.header.id, &self.header.folder);
        for n in 1..1_000 {
            let sound = sound_of(folder, id, n);
            if !sound.try_exists()? {
                let info = sound.with_extension("json");
                return Ok((sound, info));
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn copy(&self, part: &Path) -> io::Result<()> {
        let file = private_file().write(true).create(true).truncate(true).open(part)?;
        let on_disk = file.try_clone()?;
        let mut writer = WavWriter::new(BufWriter::new(file)).map_err(io::Error::other)?;
        let mut sound = BufReader::new(File::open(&self.sound_path)?);
        let (mut left, mut bytes, mut samples) = (self.samples(), vec![0; 2 * PIECE], Vec::new());
        while left > 0 {
            let piece = &mut bytes[..2 * (PIECE as u64).min(left) as usize];
            sound.read_exact(piece)?;
            samples.clear();
            samples.extend(piece.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])));
            writer.write_s16(&samples).map_err(of_audio)?;
            left -= samples.len() as u64;
        }
        writer.finish().map_err(of_audio)?;
        on_disk.sync_all()
    }

    fn info(&self, sha256: String, recovered: bool) -> RecordingInfo {
        let (mut gaps, mut marks) = (Vec::new(), Vec::new());
        for note in &self.notes {
            match note {
                Note::Gap(gap) => gaps.push(*gap),
                Note::Mark(mark) => marks.push(*mark),
            }
        }
        RecordingInfo {
            schema: RECORDING_SCHEMA.to_owned(),
            id: self.header.id.clone(),
            started_at: self.header.started_at.clone(),
            device: self.header.device.clone(),
            duration_ms: samples_to_ms(self.samples()),
            sha256,
            keep: self.header.keep,
            recovered,
            gaps,
            marks,
        }
    }
}

fn sound_of(folder: &Path, id: &str, n: usize) -> PathBuf {
    folder.join(if n == 1 { format!("{id}.wav") } else { format!("{id}-{n}.wav") })
}

/// The system's error behind one of `audio`, so that a full disk is told as such.
fn of_audio(error: audio::Error) -> io::Error {
    error.io_kind().map_or_else(|| io::Error::other(error), io::Error::from)
}

/// SHA-256 of a file in lower-case hex.
fn fingerprint(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut bytes)? {
            0 => break,
            n => hash.update(&bytes[..n]),
        }
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        hex.push_str(&format!("{byte:02x}"));
    }
    Ok(hex)
}

/// Whether a recording holds exactly the samples of a spool.
fn same_samples(spool: &Path, recording: &Path) -> io::Result<bool> {
    let (mut raw, mut wav) = (File::open(spool)?, File::open(recording)?);
    let whole = raw.metadata()?.len() / 2 * 2;
    if wav.metadata()?.len() != whole + WAV_HEADER as u64 {
        return Ok(false);
    }
    wav.read_exact(&mut [0; WAV_HEADER])?;
    let (mut a, mut b, mut left) = (vec![0; 1 << 16], vec![0; 1 << 16], whole);
    while left > 0 {
        let piece = left.min(1 << 16) as usize;
        raw.read_exact(&mut a[..piece])?;
        wav.read_exact(&mut b[..piece])?;
        if a[..piece] != b[..piece] {
            return Ok(false);
        }
        left -= piece as u64;
    }
    Ok(true)
}

/// Writes a document so that it is there whole or not at all.
pub(crate) fn replace(path: &Path, value: &impl serde::Serialize) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    let mut file = private_file().write(true).create(true).truncate(true).open(&part)?;
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&part, path)
}
