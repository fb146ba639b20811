//! The directory that models live in.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use tempfile::NamedTempFile;

use crate::{
    Result,
    digest::{file_sha256, open_regular, sha256},
    error::{Error, Problem},
    ggml::Ggml,
    hf,
    manifest::{Manifest, Model, is_name},
    progress::{Event, Meter, Progress},
    seal::Seal,
};

/// A directory of models and the list of models that may be in it.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    manifest: Manifest,
}

/// Whether a listed model is in the directory. Contents are not read; [`Store::verify`] does that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Not there.
    Missing,
    /// A download was interrupted; a pull continues it.
    Partial {
        /// Bytes that are there.
        bytes: u64,
    },
    /// A file of the right size is there.
    Installed,
    /// A file of another size is there.
    Damaged {
        /// Its size.
        bytes: u64,
    },
}

/// A model of the directory or of the manifest.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Name on the command line.
    pub name: String,
    /// Where its file is or would be.
    pub path: PathBuf,
    /// Whether it is there.
    pub state: State,
    /// Its row of the manifest; `None` for a file that the user imported.
    pub model: Option<Model>,
}

/// A file that was checked just before and may be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedModel {
    /// The file.
    pub path: PathBuf,
    /// Name in the manifest, else the file's stem.
    pub name: String,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
    /// Whether the digest is in the manifest; otherwise the caller allowed it and only the structure was checked.
    pub listed: bool,
}

impl VerifiedModel {
    pub(crate) fn new(path: PathBuf, name: String, sha256: String, listed: bool) -> Self {
        Self { path, name, sha256, listed }
    }
}

impl Store {
    /// A store in `dir` with the built-in manifest. The directory is created when something is written.
    pub fn new(dir: impl Into<PathBuf>) -> Result<Self> {
        Ok(Self::with_manifest(dir, Manifest::embedded()?))
    }

    /// A store with another list of models.
    pub fn with_manifest(dir: impl Into<PathBuf>, manifest: Manifest) -> Self {
        Self { dir: dir.into(), manifest }
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The list of models.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every listed model in the manifest's order, then imported files that are in no list, by name.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for model in self.manifest.models() {
            let path = self.dir.join(&model.file);
            let state = match size(&path) {
                Some(bytes) if bytes == model.size => State::Installed,
                Some(bytes) => State::Damaged { bytes },
                None => match size(&part_of(&path)) {
                    Some(bytes) if bytes > 0 => State::Partial { bytes },
                    _ => State::Missing,
                },
            };
            entries.push(Entry { name: model.name.clone(), path, state, model: Some(model.clone()) });
        }
        let mut imported = Vec::new();
        match fs::read_dir(&self.dir) {
            Ok(files) => {
                for file in files {
                    let path = file.map_err(Error::io("read", &self.dir))?.path();
                    let listed = entries.iter().any(|e| e.path == path);
                    if let (false, Some(name)) = (listed, imported_name(&path)) {
                        imported.push(Entry { name, path, state: State::Installed, model: None });
                    }
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io("read", &self.dir)(e)),
        }
        imported.sort_by(|a, b| a.name.cmp(&b.name));
        entries.extend(imported);
        Ok(entries)
    }

    /// The file of an installed model: a listed name, or the name of an imported file.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        let model = self.manifest.by_name(name);
        let file = match &model {
            Ok(model) => model.file.clone(),
            Err(_) => imported_file(name),
        };
        let path = self.dir.join(file);
        match (is_name(name) && is_file(&path)?, model) {
            (true, _) => Ok(path),
            (false, Ok(_)) => Err(Problem::NotInstalled { name: name.to_owned() }.into()),
            (false, Err(unknown)) => Err(unknown),
        }
    }

    /// Reads an installed, listed model from end to end and compares its digest.
    pub fn verify(
        &self,
        name: &str,
        cancel: &AtomicBool,
        progress: &mut dyn Progress,
    ) -> Result<VerifiedModel> {
        let path = self.path(name)?;
        let sha256 = file_sha256(&path, &mut Meter::new(progress, cancel))?;
        let verified = self.admit(name, path, sha256, false)?;
        Seal::note(&verified.path, &verified.sha256);
        Ok(verified)
    }

    /// The file to load for a model's name or a path, after checking it; or a Hugging Face directory, or a `.safetensors` file
    /// in one, whose weights are hashed and whose structure is the engine's to check.
    ///
    /// The whole file is hashed each time: 0.06 s for 82 MB with SHA extensions, about 0.4 s without. Files from
    /// 128 MiB in the store are hashed once; after that, their size, times and inode are compared with a note
    /// beside the file. The note guards against accidents; who can write to the directory can forge it.
    ///
    /// A file whose digest is in no list is refused, or, with `allow_unverified`, its structure is checked so that
    /// whisper.cpp's parser does not meet sizes that it would trust.
    pub fn resolve(&self, name_or_path: &str, allow_unverified: bool) -> Result<VerifiedModel> {
        let by_name = self.path(name_or_path);
        let path = match by_name {
            Ok(path) => path,
            Err(e) if self.manifest.by_name(name_or_path).is_ok() => return Err(e),
            Err(unknown) => {
                let path = PathBuf::from(name_or_path);
                let has_separator = path.components().count() > 1;
                if !path.exists() && !has_separator {
                    return Err(unknown);
                }
                path
            }
        };
        if let Some(files) = hf::weights(&path)? {
            return admit_weights(path, &files, allow_unverified);
        }
        if let Some(sha256) = Seal::check(&path)? {
            return self.admit(name_or_path, path, sha256, allow_unverified);
        }
        let idle = AtomicBool::new(false);
        let sha256 = file_sha256(&path, &mut Meter::new(&mut |_: &Event<'_>| {}, &idle))?;
        let verified = self.admit(name_or_path, path, sha256, allow_unverified)?;
        if verified.listed && verified.path.starts_with(&self.dir) {
            Seal::note(&verified.path, &verified.sha256);
        }
        Ok(verified)
    }

    /// Decides on a file by its digest.
    pub(crate) fn admit(
        &self,
        name: &str,
        path: PathBuf,
        sha256: String,
        allow_unverified: bool,
    ) -> Result<VerifiedModel> {
        if let Ok(model) = self.manifest.by_name(name)
            && path == self.dir.join(&model.file)
        {
            crate::digest::expect(&model.file, &sha256, &model.sha256)?;
        }
        if let Some(model) = self.manifest.by_sha256(&sha256) {
            return Ok(VerifiedModel { path, name: model.name.clone(), sha256, listed: true });
        }
        if !allow_unverified {
            return Err(Problem::Unverified { path, sha256 }.into());
        }
        Ggml::open(&path)?;
        let name = imported_name(&path).unwrap_or_else(|| {
            path.file_stem().map_or_else(|| name.to_owned(), |s| s.to_string_lossy().into_owned())
        });
        Ok(VerifiedModel { path, name, sha256, listed: false })
    }

    /// Takes the right to write to the directory, which it creates.
    pub(crate) fn lock(&self) -> Result<Lock> {
        fs::create_dir_all(&self.dir).map_err(Error::io("create", &self.dir))?;
        let path = self.dir.join(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(Problem::Busy { path: self.dir.clone() }.into()),
            Err(fs::TryLockError::Error(e)) => Err(Error::io("lock", path)(e)),
        }
    }

    /// A file in the directory that disappears unless it is installed.
    pub(crate) fn temporary(&self, _lock: &Lock) -> Result<NamedTempFile> {
        tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(&self.dir)
            .map_err(Error::io("write", &self.dir))
    }

    /// Removes what a killed process left. The lock tells that nobody is using it.
    pub(crate) fn sweep(&self, _lock: &Lock) {
        let Ok(files) = fs::read_dir(&self.dir) else { return };
        for path in files.flatten().map(|f| f.path()) {
            if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(TEMPORARY)) {
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                if let Err(e) = removed {
                    tracing::debug!(error = %e, "a left-over file stays");
                }
            }
        }
    }

    /// Makes a finished temporary file the model `file`, at once or not at all.
    pub(crate) fn install(&self, temporary: NamedTempFile, file: &str, _lock: &Lock) -> Result<PathBuf> {
        let path = self.dir.join(file);
        make_readable(temporary.as_file()).map_err(Error::io("write", &path))?;
        temporary.as_file().sync_all().map_err(Error::io("write", &path))?;
        temporary.persist(&path).map_err(|e| Error::io("write", &path)(e.error))?;
        // What another source began to download is not needed any more.
        let _ = fs::remove_file(part_of(&path));
        self.sync()?;
        Ok(path)
    }

    /// Makes a finished `.part` file the model `file`, at once or not at all.
    pub(crate) fn install_part(&self, file: &str, _lock: &Lock) -> Result<PathBuf> {
        let path = self.dir.join(file);
        fs::rename(part_of(&path), &path).map_err(Error::io("write", &path))?;
        self.sync()?;
        Ok(path)
    }

    /// Makes renames in the directory durable.
    fn sync(&self) -> Result<()> {
        #[cfg(unix)]
        File::open(&self.dir).and_then(|d| d.sync_all()).map_err(Error::io("write", &self.dir))?;
        Ok(())
    }

    /// Copies `input` into a temporary file.
    pub(crate) fn copy_in(
        &self,
        input: &Path,
        lock: &Lock,
        mut each: impl FnMut(u64, u64) -> Result<()>,
    ) -> Result<(NamedTempFile, String)> {
        let (mut source, meta) = open_regular(input)?;
        let mut out = crate::digest::DigestWriter::new(self.temporary(lock)?);
        let mut buffer = vec![0; 1 << 20];
        loop {
            each(out.written(), meta.len())?;
            let n = std::io::Read::read(&mut source, &mut buffer).map_err(Error::io("read", input))?;
            if n == 0 {
                return Ok(out.finish());
            }
            out.write_all(&buffer[..n]).map_err(Error::io("write", &self.dir))?;
        }
    }
}

/// The right to write to a store's directory, until it is dropped.
pub(crate) struct Lock {
    _file: File,
}

pub(crate) const TEMPORARY: &str = ".tmp-";

/// Whether a file is there; a place that may not be looked at is an error.
pub(crate) fn is_file(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(meta) => Ok(meta.is_file()),
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Err(Error::io("read", path)(e)),
        Err(_) => Ok(false),
    }
}

/// Where an interrupted download of `path` is kept.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// File name of an imported model.
pub(crate) fn imported_file(name: &str) -> String {
    format!("{name}.bin")
}

/// Name of the imported model at `path`.
fn imported_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".bin")?;
    is_name(name).then(|| name.to_owned())
}

fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|m| m.len())
}

/// Temporary files are private; models are for every user of the machine.
fn make_readable(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Decides on Hugging Face's files by their digest: that of the one file, or of the digests of all.
fn admit_weights(path: PathBuf, files: &[PathBuf], allow_unverified: bool) -> Result<VerifiedModel> {
    let idle = AtomicBool::new(false);
    let digest = |file: &PathBuf| file_sha256(file, &mut Meter::new(&mut |_: &Event<'_>| {}, &idle));
    let digests = files.iter().map(digest).collect::<Result<Vec<_>>>()?;
    let sha256 = if let [one] = &digests[..] { one.clone() } else { sha256(digests.concat().as_bytes()) };
    if !allow_unverified {
        return Err(Problem::Unverified { path, sha256 }.into());
    }
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let name = name.unwrap_or_default().to_string_lossy().into_owned();
    Ok(VerifiedModel { path, name, sha256, listed: false })
}
