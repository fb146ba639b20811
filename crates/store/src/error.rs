//! What can go wrong with the queue and with reading recordings for it.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use record::{Explain, Lang};
use sqlx::migrate::MigrateError;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller must do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The database does not answer, or another program holds it: try again later.
    Unavailable,
    /// Another worker has the job, or it was called off: stop working on it.
    LeaseLost,
    /// No such job: correct the number.
    NotFound,
    /// The job is in a state that does not allow this: look at it.
    State,
    /// The database belongs to a newer program: update this one.
    TooNew,
    /// The address of the database or of a recording means nothing here: correct it.
    Address,
    /// The disk is full: make room.
    DiskFull,
    /// The database may not be read or written: have its permissions changed, or use another place.
    Permission,
    /// The database is damaged: restore it from a backup.
    Damaged,
    /// The recording cannot be read: look at the place.
    Recording,
    /// A mistake of ours.
    Internal,
}

/// An error of this crate. Its texts hold no words of a transcript.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(pub(crate) Box<Cause>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the lease on job {job} is lost")]
    LeaseLost { job: i64 },
    #[error("no job {job}")]
    NotFound { job: i64 },
    #[error("job {job} is {state}")]
    State { job: i64, state: &'static str },
    #[error("the database has schema {found}, newer than this program's {known}")]
    TooNew { found: i64, known: i64 },
    #[error("SQLite {found} is older than {needed}")]
    Library { found: String, needed: &'static str },
    #[error("not an address of a database: {scheme}")]
    Scheme { scheme: String },
    #[error("not a place of recordings: {place}")]
    Place { place: String },
    #[error("recordings in object stores were not compiled in")]
    #[cfg_attr(feature = "s3", allow(dead_code, reason = "with the feature there is one"))]
    NoObjectStore,
    #[error("database on a network file system ({kind}): {}", path.display())]
    Network { path: PathBuf, kind: String },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("recording {place}: {source}")]
    Recording { place: String, source: object_store::Error },
    #[error("database: {}", without_values(source))]
    Database { source: sqlx::Error },
    #[error("migration: {source}")]
    Migration { source: MigrateError },
    #[error("the database holds what this program did not write: {what}")]
    Foreign { what: &'static str },
    #[error("the threads of the database connection do not start: {source}")]
    Runtime { source: io::Error },
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self(Box::new(cause))
    }
}

impl From<sqlx::Error> for Error {
    fn from(source: sqlx::Error) -> Self {
        Cause::Database { source }.into()
    }
}

/// The message of a database error without its details, in which a server may quote the values of a row.
fn without_values(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Cause::Io { path, source }.into()
    }

    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Cause::LeaseLost { .. } => ErrorKind::LeaseLost,
            Cause::NotFound { .. } => ErrorKind::NotFound,
            Cause::State { .. } => ErrorKind::State,
            Cause::TooNew { .. } => ErrorKind::TooNew,
            Cause::Scheme { .. } | Cause::Place { .. } | Cause::NoObjectStore | Cause::Network { .. } => {
                ErrorKind::Address
            }
            Cause::Io { source, .. } => of_io(source.kind()),
            Cause::Recording { .. } => ErrorKind::Recording,
            Cause::Database { source }
            | Cause::Migration {
                source: MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _),
            } => of_database(source),
            Cause::Foreign { .. } | Cause::Migration { .. } => ErrorKind::Damaged,
            Cause::Runtime { .. } | Cause::Library { .. } => ErrorKind::Internal,
        }
    }
}

fn of_io(kind: io::ErrorKind) -> ErrorKind {
    use io::ErrorKind as Io;
    match kind {
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Permission,
        Io::StorageFull | Io::QuotaExceeded => ErrorKind::DiskFull,
        Io::NotFound | Io::NotADirectory | Io::IsADirectory => ErrorKind::Address,
        _ => ErrorKind::Unavailable,
    }
}

fn of_database(error: &sqlx::Error) -> ErrorKind {
    match error {
        sqlx::Error::Database(error) => of_code(error.code().as_deref().unwrap_or_default()),
        sqlx::Error::Io(error) => match of_io(error.kind()) {
            // The server's socket is not there: it is not running.
            ErrorKind::Address => ErrorKind::Unavailable,
            kind => kind,
        },
        sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => ErrorKind::Unavailable,
        sqlx::Error::Configuration(_) => ErrorKind::Address,
        sqlx::Error::AnyDriverError(source) => match source.downcast_ref::<sqlx::Error>() {
            Some(source) => of_database(source),
            None => ErrorKind::Internal,
        },
        _ => ErrorKind::Internal,
    }
}

/// SQLite's result codes are numbers, PostgreSQL's have five characters.
fn of_code(code: &str) -> ErrorKind {
    if code.len() < 5 {
        // The lowest byte is the primary code (sqlite.org/rescode.html).
        return match code.parse::<u32>().unwrap_or_default() & 0xff {
            5 | 6 | 10 => ErrorKind::Unavailable,
            3 | 8 | 14 | 23 => ErrorKind::Permission,
            11 | 26 => ErrorKind::Damaged,
            13 => ErrorKind::DiskFull,
            _ => ErrorKind::Internal,
        };
    }
    match (&code[..2], code) {
        (_, "53100") => ErrorKind::DiskFull,
        (_, "3D000") => ErrorKind::Address,
        (_, "42501" | "25006") | ("28", _) => ErrorKind::Permission,
        // Connection, transaction given up, resources, operator's intervention, system.
        ("08" | "40" | "53" | "57" | "58", _) | (_, "55P03") => ErrorKind::Unavailable,
        ("XX", _) => ErrorKind::Damaged,
        _ => ErrorKind::Internal,
    }
}

impl Explain for Error {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let ja = lang == Lang::Ja;
        match &*self.0 {
            Cause::LeaseLost { job } if ja => format!("このジョブは別の処理が引き継ぎました: {job}"),
            Cause::LeaseLost { job } => format!("another worker has taken this job over: {job}"),
            Cause::NotFound { job } if ja => format!("この番号のジョブはありません: {job}"),
            Cause::NotFound { job } => format!("no such job: {job}"),
            Cause::State { job, state } if ja => {
                format!("このジョブは今の状態ではそうできません({state}): {job}")
            }
            Cause::State { job, state } => {
                format!("the job is in a state that does not allow this ({state}): {job}")
            }
            Cause::TooNew { found, known } if ja => {
                format!("データベースはもっと新しい版の kikitori のものです(この版は{known}まで): {found}")
            }
            Cause::TooNew { found, known } => {
                format!("the database belongs to a newer kikitori (this one knows up to {known}): {found}")
            }
            Cause::Scheme { scheme } if ja => {
                format!("データベースの場所として読めません(sqlite: か postgres: で始めます): {scheme}")
            }
            Cause::Scheme { scheme } => {
                format!("not an address of a database (begin with sqlite: or postgres:): {scheme}")
            }
            Cause::Place { place } if ja => format!("録音の場所として読めません: {place}"),
            Cause::Place { place } => format!("not a place of recordings: {place}"),
            Cause::NoObjectStore if ja => "この版は S3 の録音を読めません".to_owned(),
            Cause::NoObjectStore => "this build cannot read recordings from S3".to_owned(),
            Cause::Network { path, kind } if ja => {
                format!("ネットワーク上のフォルダ({kind})にはジョブの記録を置けません: {}", path.display())
            }
            Cause::Network { path, kind } => {
                format!("jobs cannot be kept on a network file system ({kind}): {}", path.display())
            }
            Cause::Io { path, source } => {
                format!("{}: {} ({source})", said(of_io(source.kind()), ja), path.display())
            }
            Cause::Recording { place, .. } if ja => format!("録音を読めません: {place}"),
            Cause::Recording { place, .. } => format!("cannot read the recording: {place}"),
            Cause::Library { found, needed } if ja => {
                format!("SQLite が古すぎます({needed} 以上が必要): {found}")
            }
            Cause::Library { found, needed } => {
                format!("SQLite is too old ({needed} or later is needed): {found}")
            }
            Cause::Database { .. }
            | Cause::Migration { .. }
            | Cause::Foreign { .. }
            | Cause::Runtime { .. } => {
                format!("{} ({self})", said(self.kind(), ja))
            }
        }
        .into()
    }

    fn hint(&self, lang: Lang) -> Option<Cow<'static, str>> {
        let (ja, en) = match (&*self.0, self.kind()) {
            (Cause::NoObjectStore, _) => {
                ("`--features s3` を付けて作り直してください", "build it with `--features s3`")
            }
            (Cause::Network { .. }, _) => (
                "この機械のディスクを使うか、--database で PostgreSQL を指定してください",
                "use a disk of this machine, or PostgreSQL with --database",
            ),
            (_, ErrorKind::Unavailable) => (
                "データベースが動いているか、ほかのプログラムが使っていないか確かめて、もう一度実行してください。済んだ分は残っています",
                "check that the database runs and that no other program holds it, and run the command again; nothing that was finished is lost",
            ),
            (_, ErrorKind::NotFound | ErrorKind::State) => (
                "`kikitori jobs list` で番号と状態がわかります",
                "`kikitori jobs list` shows numbers and states",
            ),
            (_, ErrorKind::TooNew) => {
                ("この機械の kikitori を新しくしてください", "update kikitori on this machine")
            }
            (_, ErrorKind::DiskFull) => (
                "空きを作ってから、同じコマンドをもう一度実行してください。済んだ分は残っています",
                "make room and run the same command again; nothing that was finished is lost",
            ),
            (_, ErrorKind::Permission) => (
                "フォルダとデータベースに書き込めるようにするか、別の場所を指定してください",
                "make the directory and the database writable, or name another place",
            ),
            (_, ErrorKind::Damaged) => (
                "バックアップから戻してください(docs/administration.md)",
                "restore it from a backup (docs/administration.md)",
            ),
            _ => return None,
        };
        Some(if lang == Lang::Ja { ja.into() } else { en.into() })
    }
}

fn said(kind: ErrorKind, ja: bool) -> &'static str {
    let (in_japanese, in_english) = match kind {
        ErrorKind::Unavailable => {
            ("ジョブのデータベースが応答しません", "the database of jobs does not answer")
        }
        ErrorKind::DiskFull => ("ディスクの空きがありません", "the disk is full"),
        ErrorKind::Permission => (
            "ジョブのデータベースを読み書きする権限がありません",
            "no permission to use the database of jobs",
        ),
        ErrorKind::Damaged => ("ジョブのデータベースが壊れています", "the database of jobs is damaged"),
        ErrorKind::Address => ("ジョブのデータベースがありません", "there is no such database of jobs"),
        _ => ("内部の誤りです", "internal error"),
    };
    if ja { in_japanese } else { in_english }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_say_what_to_do() {
        let kinds = [
            ("5", ErrorKind::Unavailable),
            ("517", ErrorKind::Unavailable),
            ("1544", ErrorKind::Permission),
            ("14", ErrorKind::Permission),
            ("13", ErrorKind::DiskFull),
            ("26", ErrorKind::Damaged),
            ("57P01", ErrorKind::Unavailable),
            ("53100", ErrorKind::DiskFull),
            ("28P01", ErrorKind::Permission),
            ("42P01", ErrorKind::Internal),
        ];
        for (code, kind) in kinds {
            assert_eq!(of_code(code), kind, "{code}");
        }
    }

    #[test]
    fn every_error_is_explained_in_both_languages_and_ends_without_a_stop() {
        let errors: [Error; 4] = [
            Cause::LeaseLost { job: 7 }.into(),
            Cause::TooNew { found: 9, known: 1 }.into(),
            sqlx::Error::PoolTimedOut.into(),
            Cause::NoObjectStore.into(),
        ];
        for error in errors {
            for lang in [Lang::Ja, Lang::En] {
                let said = error.explain(lang);
                assert!(!said.is_empty() && !said.ends_with(['.', '。']), "{said}");
            }
            assert_ne!(error.explain(Lang::Ja), error.explain(Lang::En));
        }
    }
}
