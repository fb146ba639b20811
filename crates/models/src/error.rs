//! What can go wrong with model files.

use std::{error::Error as StdError, fmt, io, path::PathBuf};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller must do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No such model name, format name or file: correct the argument.
    NotFound,
    /// A known model that is not in the model directory: pull or import it.
    NotInstalled,
    /// The file's digest is in no manifest: use a listed file, or insist on this one.
    Unverified,
    /// The file is not what its name or source promises: fetch it again.
    Corrupt,
    /// Not a speech model that this crate can read: give another file.
    Unsupported,
    /// The target exists, or another process is writing: choose another name or wait.
    Conflict,
    /// No source answered: connect to the network, or import a file.
    Unreachable,
    /// A program that is needed is not installed: install it.
    ToolMissing,
    /// The disk is full: make room.
    DiskFull,
    /// The file or directory may not be read or written: have its permissions changed, or use another place.
    Permission,
    /// Reading or writing failed: look at the path.
    Io,
    /// The caller asked to stop.
    Cancelled,
    /// The manifest itself is wrong: correct it.
    Manifest,
}

/// A source that did not deliver, with the reason.
#[derive(Debug)]
#[non_exhaustive]
pub struct SourceFailure {
    /// The source's kind and place, e.g. `hub (host.example)`.
    pub source: String,
    /// Why it failed.
    pub error: Error,
}

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(pub(crate) Box<Problem>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("unknown {what} `{name}`, known: {known}")]
    Unknown { what: &'static str, name: String, known: String },
    #[error("no model, file or folder at `{}`", path.display())]
    NoSuchFile { path: PathBuf },
    #[error("model `{name}` is not installed")]
    NotInstalled { name: String },
    #[error("digest {sha256} of `{}` is not in the manifest", path.display())]
    Unverified { path: PathBuf, sha256: String },
    #[error("{what} has digest {actual}, expected {expected}")]
    Digest { what: String, expected: String, actual: String },
    #[error("{what} has {actual} bytes, expected {expected}")]
    Size { what: String, expected: u64, actual: u64 },
    #[error("`{}` is not a usable model: {reason}", path.display())]
    Format { path: PathBuf, reason: String },
    #[error("`{}` exists", path.display())]
    Exists { path: PathBuf },
    #[error("`{name}` cannot be the name of an imported model")]
    Name { name: String },
    #[error("another process is writing to `{}`", path.display())]
    Busy { path: PathBuf },
    #[error("no source delivered model `{name}`: {}", list(failures))]
    AllSources { name: String, failures: Vec<SourceFailure> },
    #[error("{place}: {reason}")]
    Remote {
        place: String,
        reason: String,
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    #[error("{tool} is not installed")]
    ToolMissing { tool: &'static str },
    #[error("{action} `{}`: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cancelled")]
    Cancelled,
    #[error("model manifest: {reason}")]
    Manifest { reason: String },
}

fn list(failures: &[SourceFailure]) -> String {
    failures.iter().map(|f| format!("{}: {}", f.source, f.error)).collect::<Vec<_>>().join("; ")
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl Error {
    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Problem::Unknown { .. } | Problem::NoSuchFile { .. } => ErrorKind::NotFound,
            Problem::NotInstalled { .. } => ErrorKind::NotInstalled,
            Problem::Unverified { .. } => ErrorKind::Unverified,
            Problem::Digest { .. } | Problem::Size { .. } => ErrorKind::Corrupt,
            Problem::Format { .. } => ErrorKind::Unsupported,
            Problem::Exists { .. } | Problem::Name { .. } | Problem::Busy { .. } => ErrorKind::Conflict,
            Problem::AllSources { .. } | Problem::Remote { .. } => ErrorKind::Unreachable,
            Problem::ToolMissing { .. } => ErrorKind::ToolMissing,
            Problem::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => ErrorKind::DiskFull,
            Problem::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                ErrorKind::Permission
            }
            Problem::Io { .. } => ErrorKind::Io,
            Problem::Cancelled => ErrorKind::Cancelled,
            Problem::Manifest { .. } => ErrorKind::Manifest,
        }
    }

    /// The sources that were tried, in order, where a pull failed.
    #[must_use]
    pub fn failures(&self) -> &[SourceFailure] {
        match &*self.0 {
            Problem::AllSources { failures, .. } => failures,
            _ => &[],
        }
    }

    /// Whether a second try of the same request can succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(&*self.0, Problem::Remote { source: Some(_), .. })
    }

    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Problem::Io { action, path, source }.into()
    }

    pub(crate) fn format(path: impl Into<PathBuf>, reason: impl fmt::Display) -> Self {
        Problem::Format { path: path.into(), reason: reason.to_string() }.into()
    }

    pub(crate) fn manifest(reason: impl fmt::Display) -> Self {
        Problem::Manifest { reason: reason.to_string() }.into()
    }
}
