//! Opening a queue: which database, its settings, its schema.

use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Executor, Row, SqlStr};
use tokio::runtime::Runtime;

use crate::error::Cause;
use crate::presence::Presence;
use crate::queue::JobQueue;
use crate::sql::{self, SqlQueue};
use crate::{Error, Result};

/// Versions 3.7.0 to 3.51.2 can damage a database in WAL mode that several connections use.
const OLDEST_SQLITE: &str = "3.51.3";
/// Connections of one process: its workers and their heartbeats.
const CONNECTIONS: u32 = 8;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// For each connection to SQLite. Another program that holds the database is waited for; deleted words are overwritten.
const PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";

/// File systems of other machines: SQLite's locks do not hold there.
const NETWORK_FILE_SYSTEMS: &[&str] =
    &["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "ceph", "glusterfs"];

/// The versions of the schema, in order; one that was released is never changed.
fn migrations(files: &[&'static str]) -> Migrator {
    let numbered = (1..).zip(files).map(|(version, text)| {
        Migration::new(version, "jobs".into(), MigrationType::Simple, SqlStr::from_static(text), false)
    });
    Migrator::with_migrations(numbered.collect())
}

/// Opens the queue at an address: `postgres://user@host/database`, or `sqlite:` and a file. Its schema is made, or brought
/// up to date.
///
/// A password stands in the address, or better in the file that `PGPASSFILE` names. This blocks and starts threads of its
/// own; it must not be called from asynchronous code.
pub fn open(address: &str) -> Result<Arc<dyn JobQueue>> {
    match address.split_once(':') {
        Some(("postgres" | "postgresql", _)) => open_postgres(address),
        Some(("sqlite", path)) => open_file(Path::new(path.strip_prefix("//").unwrap_or(path))),
        _ => {
            // What stands behind the scheme may be a password.
            let scheme = address.split_once(':').map_or(address, |(scheme, _)| scheme).to_owned();
            Err(Cause::Scheme { scheme }.into())
        }
    }
}

/// Opens the queue in an SQLite file, which is made where there is none.
pub fn open_file(path: &Path) -> Result<Arc<dyn JobQueue>> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = dir.canonicalize().map_err(Error::io(dir))?;
    if let Some(kind) = network_file_system(&dir) {
        return Err(Cause::Network { path: path.to_owned(), kind }.into());
    }
    let path = dir.join(path.file_name().unwrap_or_default());
    let address = format!("sqlite://{}?mode=rwc", encoded(&path.to_string_lossy()));
    let runtime = runtime()?;
    let pool = connect(&runtime, &address, Some(PRAGMAS))?;
    runtime.block_on(async {
        let row = sqlx::query("SELECT sqlite_version() AS version").fetch_one(&pool).await?;
        let found: String = row.try_get("version")?;
        if number(&found) < number(OLDEST_SQLITE) {
            return Err(Error::from(Cause::Library { found, needed: OLDEST_SQLITE }));
        }
        migrate(&pool, &[include_str!("../migrations/sqlite/0001_jobs.sql")]).await
    })?;
    let presence = Some(Presence::beside(&path)?);
    let queue = SqlQueue { runtime, pool, dialect: sql::SQLITE, presence };
    queue.end_leases_of_the_dead()?;
    Ok(Arc::new(queue))
}

fn open_postgres(address: &str) -> Result<Arc<dyn JobQueue>> {
    let runtime = runtime()?;
    let pool = connect(&runtime, address, None)?;
    runtime.block_on(migrate(&pool, &[include_str!("../migrations/postgres/0001_jobs.sql")]))?;
    Ok(Arc::new(SqlQueue { runtime, pool, dialect: sql::POSTGRES, presence: None }))
}

fn runtime() -> Result<Runtime> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("queue")
        .enable_all()
        .build();
    built.map_err(|source| Cause::Runtime { source }.into())
}

fn connect(runtime: &Runtime, address: &str, pragmas: Option<&'static str>) -> Result<AnyPool> {
    static DRIVERS: Once = Once::new();
    DRIVERS.call_once(sqlx::any::install_default_drivers);
    runtime.block_on(async {
        let options = address.parse::<AnyConnectOptions>()?.disable_statement_logging();
        // A pool tries again and again and then tells only that the time is over; this tells why.
        let mut first = AnyConnection::connect_with(&options).await?;
        if let Some(pragmas) = pragmas {
            first.execute(sqlx::raw_sql(pragmas)).await?;
        }
        first.close().await?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT_LIMIT)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if let Some(pragmas) = pragmas {
                        connection.execute(sqlx::raw_sql(pragmas)).await?;
                    }
                    Ok(())
                })
            })
            // Where the disk was full, SQLite has ended the transaction itself and the connection still counts it.
            .before_acquire(|connection, _| {
                let usable = !connection.is_in_transaction();
                Box::pin(async move { Ok(usable) })
            })
            .connect_with(options)
            .await;
        Ok(pool?)
    })
}

/// Brings the schema up to date. Two programs that do so at the same time get in each other's way once.
async fn migrate(pool: &AnyPool, files: &[&'static str]) -> Result<()> {
    let migrator = migrations(files);
    let mut again = 3;
    loop {
        match migrator.run(pool).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _)) => {
                return Err(Cause::TooNew { found, known: files.len() as i64 }.into());
            }
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if again > 0 => {
                again -= 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(source) => return Err(Cause::Migration { source }.into()),
        }
    }
}

/// A path as it stands in an address.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => out.push(byte.into()),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// A version as numbers that compare.
fn number(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

/// The kind of file system, where the directory is on another machine's disk. Only Linux tells.
fn network_file_system(dir: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    kind_of_mount(&mounts, dir).filter(|kind| NETWORK_FILE_SYSTEMS.contains(&kind.as_str()))
}

/// The kind of the innermost mount that holds the directory (proc(5), `/proc/self/mounts`).
fn kind_of_mount(mounts: &str, dir: &Path) -> Option<String> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        Some((fields.next()?.replace("\\040", " "), fields.next()?))
    });
    let around = mounts.filter(|(place, _)| dir.starts_with(place));
    around.max_by_key(|(place, _)| place.len()).map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(number("3.9.0") < number("3.51.3"));
        assert!(number("3.51.2") < number(OLDEST_SQLITE));
        assert!(number("3.52.0") > number(OLDEST_SQLITE));
    }

    #[test]
    fn a_path_keeps_its_characters() {
        assert_eq!(encoded("/a b/訪#?.sqlite"), "/a%20b/%E8%A8%AA%23%3F.sqlite");
    }

    #[test]
    fn the_innermost_mount_counts() {
        let mounts = "/dev/sda / ext4 rw 0 0\nserver:/x /mnt/my\\040share nfs4 rw 0 0\n";
        let kind = |dir| kind_of_mount(mounts, Path::new(dir)).unwrap();
        assert_eq!((kind("/mnt/my share/out"), kind("/mnt")), ("nfs4".to_owned(), "ext4".to_owned()));
    }

    #[test]
    fn an_address_of_something_else_is_refused_without_its_password() {
        let Err(error) = open("mysql://me:secret@host/db") else { panic!("it was opened") };
        assert_eq!(error.kind(), crate::ErrorKind::Address);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
