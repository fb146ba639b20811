//! A note beside a large file that its digest was computed.

use std::{
    fs::{self, Metadata},
    io::Write,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};

use crate::{Result, digest::is_sha256, error::Error};

/// What a file looked like when it was hashed.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seal {
    sha256: String,
    size: u64,
    /// Nanoseconds since 1970; the change time cannot be set by `touch`.
    modified: u64,
    changed: i64,
    inode: u64,
}

impl Seal {
    /// Smaller files are hashed each time: below half a second even without SHA extensions.
    pub(crate) const FROM: u64 = 128 << 20;

    fn path(model: &Path) -> Option<PathBuf> {
        let name = model.file_name()?.to_str()?;
        Some(model.with_file_name(format!(".{name}.seal")))
    }

    fn of(meta: &Metadata, sha256: &str) -> Self {
        let modified = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        #[cfg(unix)]
        let (changed, inode) = {
            use std::os::unix::fs::MetadataExt;
            (meta.ctime().wrapping_mul(1_000_000_000).wrapping_add(meta.ctime_nsec()), meta.ino())
        };
        #[cfg(not(unix))]
        let (changed, inode) = (0, 0);
        Self {
            sha256: sha256.to_owned(),
            size: meta.len(),
            modified: modified.map_or(0, |d| d.as_nanos() as u64),
            changed,
            inode,
        }
    }

    /// The noted digest of a large file that has not changed since.
    pub(crate) fn check(model: &Path) -> Result<Option<String>> {
        let Ok(meta) = fs::metadata(model) else { return Ok(None) };
        let Some(path) = Self::path(model) else { return Ok(None) };
        if !meta.is_file() || meta.len() < Self::FROM || !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let noted = serde_json::from_str::<Self>(&text).ok();
        let noted = noted.filter(|s| is_sha256(&s.sha256) && *s == Self::of(&meta, &s.sha256));
        Ok(noted.map(|s| s.sha256))
    }

    /// Notes the digest of a large file. Where that fails, in a directory that this user cannot write to, the file is
    /// hashed again next time.
    pub(crate) fn note(model: &Path, sha256: &str) {
        if let Err(e) = Self::write(model, sha256) {
            tracing::debug!(error = %e, "the digest is not noted");
        }
    }

    fn write(model: &Path, sha256: &str) -> Result<()> {
        let Ok(meta) = fs::metadata(model) else { return Ok(()) };
        let (Some(path), Some(dir)) = (Self::path(model), model.parent()) else { return Ok(()) };
        if meta.len() < Self::FROM {
            return Ok(());
        }
        let text = serde_json::to_string(&Self::of(&meta, sha256)).map_err(Error::manifest)?;
        let mut file = tempfile::Builder::new()
            .prefix(crate::store::TEMPORARY)
            .tempfile_in(dir)
            .map_err(Error::io("write", &path))?;
        file.write_all(text.as_bytes()).map_err(Error::io("write", &path))?;
        file.persist(&path).map_err(|e| Error::io("write", &path)(e.error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_until_the_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("m.bin");
        let file = fs::File::create(&model).unwrap();
        file.set_len(Seal::FROM).unwrap();
        assert!(Seal::check(&model).unwrap().is_none());
        let digest = "a".repeat(64);
        Seal::write(&model, &digest).unwrap();
        assert_eq!(Seal::check(&model).unwrap().as_deref(), Some(digest.as_str()));

        let before = fs::metadata(&model).unwrap().modified().unwrap();
        (&file).write_all(b"x").unwrap();
        file.set_modified(before).unwrap();
        assert!(Seal::check(&model).unwrap().is_none(), "the change time gives it away");
    }

    #[test]
    fn small_files_and_damaged_notes_have_no_seal() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("m.bin");
        let file = fs::File::create(&model).unwrap();
        file.set_len(10).unwrap();
        Seal::write(&model, &"a".repeat(64)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        file.set_len(Seal::FROM).unwrap();
        fs::write(dir.path().join(".m.bin.seal"), "{").unwrap();
        assert!(Seal::check(&model).unwrap().is_none());
    }
}
