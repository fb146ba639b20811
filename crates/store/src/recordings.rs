//! Where recordings are read from: directories of this machine, or an S3-compatible store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;

use crate::error::Cause;
use crate::{Error, Result};

/// Reads recordings.
///
/// A place is a path, or an address such as `s3://bucket/visits/` (feature `s3`), whose key, secret and region come from
/// `AWS_ACCESS_KEY_ID` and the other usual variables.
#[derive(Debug)]
pub struct Recordings {
    runtime: Runtime,
}

/// A recording as a file of this machine; a copy is removed when this is dropped.
#[derive(Debug)]
pub struct Fetched {
    path: PathBuf,
    _copy: Option<NamedTempFile>,
}

impl Fetched {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Recordings {
    /// Nothing is opened yet.
    pub fn new() -> Result<Self> {
        let built = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self { runtime: built.map_err(|source| Cause::Runtime { source })? })
    }

    /// Whether the place is an address and not a path.
    #[must_use]
    pub fn is_remote(place: &str) -> bool {
        place.contains("://")
    }

    /// The files under a directory and its directories whose name has one of these endings (lower case, without a dot), by
    /// name. Names that begin with a dot are left out.
    pub fn list(&self, place: &str, endings: &[&str]) -> Result<Vec<String>> {
        let wanted = |name: &str| {
            let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
            !name.starts_with('.') && ending.is_some_and(|ending| endings.contains(&ending.as_str()))
        };
        let mut found = if Self::is_remote(place) {
            let (store, prefix) = remote(place)?;
            let root = place.split('/').take(3).collect::<Vec<_>>().join("/");
            let names = self.names(place, &*store, Some(&prefix))?;
            let recordings = names.into_iter().filter(|name| name.filename().is_some_and(wanted));
            recordings.map(|name| format!("{root}/{}", name.as_ref())).collect()
        } else {
            let dir = Path::new(place).canonicalize().map_err(Error::io(place))?;
            let store = LocalFileSystem::new_with_prefix(&dir).map_err(|source| failed(place, source))?;
            let mut files = Vec::new();
            for name in self.names(place, &store, None)? {
                let hidden = name.parts().any(|part| part.as_ref().starts_with('.'));
                let file = store.path_to_filesystem(&name).map_err(|source| failed(place, source))?;
                if !hidden && file.file_name().is_some_and(|name| wanted(&name.to_string_lossy())) {
                    files.push(file.to_string_lossy().into_owned());
                }
            }
            files
        };
        found.sort();
        Ok(found)
    }

    /// The recording as a file of this machine: a path is used as it is, anything else is copied into `scratch`.
    pub fn fetch(&self, place: &str, scratch: &Path) -> Result<Fetched> {
        if !Self::is_remote(place) {
            return Ok(Fetched { path: place.into(), _copy: None });
        }
        let (store, name) = remote(place)?;
        let copy = NamedTempFile::new_in(scratch).map_err(Error::io(scratch))?;
        self.runtime.block_on(async {
            let found = store.get(&name).await.map_err(|source| failed(place, source))?;
            let mut bytes = found.into_stream();
            let mut file = tokio::fs::File::create(copy.path()).await.map_err(Error::io(copy.path()))?;
            while let Some(some) = bytes.try_next().await.map_err(|source| failed(place, source))? {
                file.write_all(&some).await.map_err(Error::io(copy.path()))?;
            }
            file.flush().await.map_err(Error::io(copy.path()))
        })?;
        Ok(Fetched { path: copy.path().to_owned(), _copy: Some(copy) })
    }

    fn names(
        &self,
        place: &str,
        store: &dyn ObjectStore,
        prefix: Option<&object_store::path::Path>,
    ) -> Result<Vec<object_store::path::Path>> {
        let listed = self.runtime.block_on(store.list(prefix).map_ok(|found| found.location).try_collect());
        listed.map_err(|source| failed(place, source))
    }
}

fn failed(place: &str, source: object_store::Error) -> Error {
    Cause::Recording { place: place.to_owned(), source }.into()
}

/// The store of an address, and the name in it.
#[cfg(feature = "s3")]
fn remote(place: &str) -> Result<(Arc<dyn ObjectStore>, object_store::path::Path)> {
    let wrong = || Error::from(Cause::Place { place: place.to_owned() });
    // The name is taken as it is: in an address 「訪問 #1.wav」 would end at its #.
    let (bucket, name) = place
        .strip_prefix("s3://")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        .ok_or_else(wrong)?;
    let address = url::Url::parse(&format!("s3://{bucket}")).map_err(|_| wrong())?;
    let name = object_store::path::Path::parse(name.trim_end_matches('/')).map_err(|_| wrong())?;
    let settings = std::env::vars().map(|(name, value)| (name.to_lowercase(), value));
    let settings = settings.filter(|(name, _)| name.starts_with("aws_"));
    let (store, _) =
        object_store::parse_url_opts(&address, settings).map_err(|source| failed(place, source))?;
    Ok((store.into(), name))
}

#[cfg(not(feature = "s3"))]
fn remote(place: &str) -> Result<(Arc<dyn ObjectStore>, object_store::path::Path)> {
    if place.starts_with("s3://") {
        return Err(Cause::NoObjectStore.into());
    }
    Err(Cause::Place { place: place.to_owned() }.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_directory_is_listed_by_name_with_every_odd_name() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("班 1")).unwrap();
        fs::create_dir_all(dir.path().join(".kikitori")).unwrap();
        let names =
            ["b.M4A", "訪問 #1%20?.wav", "班 1/a~1.opus", "notes.txt", ".hidden.wav", ".kikitori/x.wav"];
        for name in names {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        let recordings = Recordings::new().unwrap();
        let found = recordings.list(&dir.path().to_string_lossy(), &["m4a", "wav", "opus"]).unwrap();
        let root = dir.path().canonicalize().unwrap();
        let expected: Vec<String> = ["b.M4A", "班 1/a~1.opus", "訪問 #1%20?.wav"]
            .iter()
            .map(|name| root.join(name).to_string_lossy().into_owned())
            .collect();
        assert_eq!(found, expected);
        for place in found {
            assert!(recordings.fetch(&place, dir.path()).unwrap().path().is_file());
        }
    }

    #[test]
    fn a_place_that_is_not_there_is_an_error_and_so_is_an_unknown_scheme() {
        let recordings = Recordings::new().unwrap();
        assert_eq!(recordings.list("no/such/place", &["wav"]).unwrap_err().kind(), crate::ErrorKind::Address);
        let odd = recordings.fetch("ftp://host/a.wav", Path::new(".")).unwrap_err();
        assert_eq!(odd.kind(), crate::ErrorKind::Address);
    }
}
