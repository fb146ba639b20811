//! A recording while it is made: raw sound that is only appended to, and its notes.
//!
//! ```text
//! inflight/<id>.pcm     16-bit samples, 16 kHz, mono, little endian
//! inflight/<id>.jsonl   header, then a line for each gap and mark; locked by the process that records
//! ```
//!
//! A torn last sample or line is left out when they are read, so a file that was cut anywhere is a recording.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Action;
use crate::finish::Ended;
use crate::notes::{Header, INFLIGHT_SCHEMA, Note, SoundFormat};
use crate::recorder::RecorderConfig;
use crate::{Error, Result, clock};

/// Ending of the sound of an unfinished recording.
pub(crate) const SOUND: &str = "pcm";
/// Ending of its notes.
pub(crate) const NOTES: &str = "jsonl";
/// Silence is written in pieces of at most this many samples.
const SILENCE: usize = 4_096;

/// The files of one recording that is being made.
pub(crate) struct Spool {
    pub(crate) sound_path: PathBuf,
    notes_path: PathBuf,
    sound: File,
    /// Holds the lock.
    notes: File,
    header: Header,
    happened: Vec<Note>,
    samples: u64,
    synced: u64,
    bytes: Vec<u8>,
}

impl Spool {
    /// Creates both files, and their directory where it is missing. The notes are on the disk when this returns.
    pub(crate) fn create(config: &RecorderConfig, device: &str) -> Result<Self> {
        let (dir, folder) = (config.inflight.as_path(), config.folder.as_path());
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |e| Error::io(Action::Begin, &path, e)
        };
        private_dir(dir).map_err(failed(dir))?;
        let started = clock::wall();
        let (pid, stem) = (std::process::id(), started.strftime("%Y%m%d-%H%M%S").to_string());
        // Within a second one process may begin several.
        let mut ids =
            std::iter::once(format!("{stem}-{pid}")).chain((2..).map(|n| format!("{stem}-{pid}-{n}")));
        let free = |id: &String| !dir.join(id).with_extension(NOTES).exists() && !taken(folder, id);
        let id = ids.find(free).unwrap_or(stem);
        let header = Header {
            schema: INFLIGHT_SCHEMA.to_owned(),
            id: id.clone(),
            started_at: started.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            device: device.to_owned(),
            keep: config.keep,
            format: config.format,
            folder: std::path::absolute(folder).map_err(failed(folder))?,
            pid,
            boot_id: clock::boot_id(),
        };
        // Locked before it has its name: another program never sees it unlocked.
        let hidden = dir.join(format!(".{id}.new"));
        let notes_path = dir.join(&id).with_extension(NOTES);
        let mut notes =
            private_file().create_new(true).append(true).open(&hidden).map_err(failed(&hidden))?;
        if let Err(error) = notes.try_lock() {
            tracing::warn!(%error, "the file system has no locks");
        }
        let sound_path = dir.join(&id).with_extension(SOUND);
        line(&mut notes, &header).map_err(failed(&hidden))?;
        fs::rename(&hidden, &notes_path).map_err(failed(&notes_path))?;
        let sound =
            private_file().create_new(true).append(true).open(&sound_path).map_err(failed(&sound_path))?;
        sync_dir(dir).map_err(failed(dir))?;
        let (happened, bytes) = (Vec::new(), Vec::new());
        Ok(Self { sound_path, notes_path, sound, notes, header, happened, samples: 0, synced: 0, bytes })
    }

    /// Samples written.
    pub(crate) fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples that a power failure leaves.
    pub(crate) fn synced(&self) -> u64 {
        self.synced
    }

    /// Appends samples.
    pub(crate) fn append(&mut self, samples: &[i16]) -> Result<()> {
        self.bytes.clear();
        self.bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        self.sound.write_all(&self.bytes).map_err(|e| self.failed(e))?;
        self.samples += samples.len() as u64;
        Ok(())
    }

    /// Appends silence.
    pub(crate) fn append_silence(&mut self, mut samples: u64) -> Result<()> {
        let zeros = [0; SILENCE];
        while samples > 0 {
            let piece = samples.min(SILENCE as u64);
            self.append(&zeros[..piece as usize])?;
            samples -= piece;
        }
        Ok(())
    }

    /// Appends a note; it is on the disk when this returns.
    pub(crate) fn note(&mut self, note: Note) -> Result<()> {
        line(&mut self.notes, &note).map_err(|e| self.failed(e))?;
        self.happened.push(note);
        Ok(())
    }

    /// Brings the sound to the disk.
    pub(crate) fn sync(&mut self) -> Result<()> {
        if self.synced < self.samples {
            self.sound.sync_data().map_err(|e| self.failed(e))?;
            self.synced = self.samples;
        }
        Ok(())
    }

    /// Nothing more will be appended. The lock stays held.
    pub(crate) fn end(self) -> Ended {
        Ended {
            header: self.header,
            notes: self.happened,
            sound_path: self.sound_path,
            notes_path: self.notes_path,
            _lock: self.notes,
        }
    }

    /// Removes a recording into which nothing was recorded.
    pub(crate) fn abandon(self) {
        for path in [&self.sound_path, &self.notes_path] {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(%error, "an empty spool stays behind");
            }
        }
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::io(Action::Write, &self.sound_path, error).keeping(&self.sound_path)
    }
}

fn line(notes: &mut File, value: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    notes.write_all(&line)?;
    notes.sync_data()
}

/// Whether a finished recording has this name.
fn taken(folder: &Path, id: &str) -> bool {
    let endings = SoundFormat::ALL.map(SoundFormat::ending).into_iter().chain(["json"]);
    endings.into_iter().any(|ending| folder.join(format!("{id}.{ending}")).exists())
}

/// A file that only its owner can read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A directory that only its owner can enter; one that is there stays as it is.
pub(crate) fn private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Makes names in `dir` outlive a power failure. Only Unix opens directories.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
