//! From the spool to a recording, step by step, so that a crash between two steps leaves exactly one usable copy.
//!
//! | after the step | usable | what a later start does |
//! |---|---|---|
//! | [`SoundWritten`](Step::SoundWritten) | spool | writes the same part file again |
//! | [`Described`](Step::Described) | spool | the same |
//! | [`Renamed`](Step::Renamed), [`Synced`](Step::Synced) | both, with the same samples | removes the spool, lists it nowhere |
//! | [`SpoolRemoved`](Step::SpoolRemoved), [`NotesRemoved`](Step::NotesRemoved) | recording | removes the notes |

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use record::samples_to_ms;

use crate::error::Action;
use crate::notes::{Header, Note, RECORDING_SCHEMA, RecordingInfo, SoundFormat};
use crate::sound::{copy, fingerprint, same_samples};
use crate::spool::{private_dir, private_file, sync_dir};
use crate::{Error, Result};

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// All samples are in the part file, on the disk, and come out of it again.
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
    /// The sound: 16 kHz, mono, 16 bit, in a [`SoundFormat`].
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
        // A recording that does not give the samples back is none. The plainer format is tried before it is an error.
        let mut formats = vec![SoundFormat::Wav];
        if self.header.format != SoundFormat::Wav {
            formats.insert(0, self.header.format);
        }
        let mut copied = Err(io::ErrorKind::InvalidData.into());
        for format in formats {
            copied = self.copied(format).map(|sha256| (format, sha256));
            match &copied {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    tracing::warn!(format = format.name(), "the samples do not come out of the file again");
                }
                _ => break,
            }
        }
        let (format, sha256) = copied.map_err(failed)?;
        let part = self.part(format);
        let (sound, info_path) = self.names(format).map_err(failed)?;
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
        for format in SoundFormat::ALL {
            gone(&self.part(format))?;
        }
        gone(&self.sound_path)?;
        on_step(Step::SpoolRemoved);
        gone(&self.notes_path)?;
        on_step(Step::NotesRemoved);
        Ok(())
    }

    /// Whether the recording is finished already and only the spool was not yet removed.
    pub(crate) fn is_saved(&self) -> bool {
        let (id, folder) = (&self.header.id, &self.header.folder);
        let named = (1..).map(|n| sounds_of(folder, id, n)).take_while(|sounds| !sounds.is_empty());
        named.flatten().any(|sound| same_samples(&self.sound_path, &sound).unwrap_or(false))
    }

    fn part(&self, format: SoundFormat) -> PathBuf {
        self.header.folder.join(format!(".{}.{}.part", self.header.id, format.ending()))
    }

    /// The first names under which there is no other recording.
    fn names(&self, format: SoundFormat) -> io::Result<(PathBuf, PathBuf)> {
        let (id, folder) = (&self.header.id, &self.header.folder);
        for n in 1..1_000 {
            if sounds_of(folder, id, n).is_empty() {
                let sound = sound_of(folder, id, n, format);
                let info = sound.with_extension("json");
                return Ok((sound, info));
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Writes the part file; its fingerprint once the samples of the spool came out of it again, else `InvalidData`.
    fn copied(&self, format: SoundFormat) -> io::Result<String> {
        let part = self.part(format);
        let copied = copy(&self.sound_path, self.samples(), &part, format).and_then(|()| {
            if same_samples(&self.sound_path, &part)? {
                fingerprint(&part)
            } else {
                Err(io::ErrorKind::InvalidData.into())
            }
        });
        copied.inspect_err(|_| {
            // A full disk: the part is of no use and takes the space that is missing.
            let _ = fs::remove_file(&part);
        })
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

fn sound_of(folder: &Path, id: &str, n: usize, format: SoundFormat) -> PathBuf {
    let ending = format.ending();
    folder.join(if n == 1 { format!("{id}.{ending}") } else { format!("{id}-{n}.{ending}") })
}

/// What there is under a name, in whatever format.
fn sounds_of(folder: &Path, id: &str, n: usize) -> Vec<PathBuf> {
    let sounds = SoundFormat::ALL.map(|format| sound_of(folder, id, n, format));
    sounds.into_iter().filter(|sound| sound.exists()).collect()
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
