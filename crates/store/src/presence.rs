//! Which workers of this machine live: each holds a lock on a file, which the system lets go when the process ends.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// The lock files beside a database.
#[derive(Debug)]
pub(crate) struct Presence {
    dir: PathBuf,
    held: Mutex<BTreeMap<String, File>>,
}

impl Presence {
    /// Beside the database `jobs.sqlite`: the directory `jobs.sqlite-workers`.
    pub(crate) fn beside(database: &Path) -> Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push("-workers");
        let dir = PathBuf::from(name);
        fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
        Ok(Self { dir, held: Mutex::default() })
    }

    /// Shows that this worker lives, as long as this process does.
    pub(crate) fn show(&self, worker: &str) -> Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.contains_key(worker) {
            let path = self.dir.join(worker);
            let file = File::create(&path).map_err(Error::io(&path))?;
            file.lock().map_err(Error::io(&path))?;
            held.insert(worker.to_owned(), file);
        }
        Ok(())
    }

    /// Workers that showed themselves and are no more.
    pub(crate) fn dead(&self) -> Result<Vec<String>> {
        let mut dead = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(Error::io(&self.dir))? {
            let path = entry.map_err(Error::io(&self.dir))?.path();
            let Ok(file) = File::open(&path) else { continue };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match file.try_lock() {
                Ok(()) => dead.push(name),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(Error::io(&path)(error)),
            }
        }
        Ok(dead)
    }

    /// A dead worker's file is of no more use.
    pub(crate) fn forget(&self, worker: &str) -> Result<()> {
        let path = self.dir.join(worker);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&path)(error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner);
        for worker in held.keys() {
            // One that stays is found dead by the next program.
            let _ = fs::remove_file(self.dir.join(worker));
        }
    }
}
